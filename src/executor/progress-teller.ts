import { parseStatusLine } from '../apt/parse-status-line.ts';
import type { ReportEvent, ReportSink } from '../core/report.ts';
import type { Phase } from '../core/step.ts';
import { cleanOutput } from './clean-output.ts';

type Progress = ReportEvent & { readonly kind: 'progress' };

const MIN_INTERVAL_MS = 1000;
const SILENCE_MS = 5 * 60_000;

/** Turns apt's status lines into progress at a pace a fleet can be followed at. */
export type ProgressTeller = {
  /** Takes a line; only the newest is kept until it is told. */
  readonly note: (line: string, phase: Phase) => void;
  /** Tells what is due: the newest progress of this phase, or once that nothing has been heard for too long. */
  readonly tick: (heard: boolean, phase: Phase) => Promise<void>;
};

/** `now` in milliseconds from any start; it never goes back. */
export function progressTeller(sink: ReportSink, now: () => number = () => performance.now()): ProgressTeller {
  let newest: Progress | null = null;
  let isTold = true;
  let toldAt = -Infinity;
  let heardAt = now();
  let saidSilent = false;
  const tell = async (progress: Progress): Promise<void> => {
    toldAt = now();
    await sink(progress);
  };
  return {
    note: (line, phase) => {
      const progress = progressOf(line, phase);
      if (progress === null) return;
      newest = progress;
      isTold = false;
    },
    tick: async (heard, phase) => {
      if (heard) [heardAt, saidSilent] = [now(), false];
      const silentMs = now() - heardAt;
      if (!saidSilent && silentMs >= SILENCE_MS) {
        saidSilent = true;
        await tell(silence(newest, phase));
      } else if (newest?.phase === phase && !isTold && now() - toldAt >= MIN_INTERVAL_MS) {
        isTold = true;
        await tell(newest);
      }
    },
  };
}

/** apt says nothing in these: what it said was of a phase that is over. */
const QUIET_PHASES: readonly Phase[] = ['planning', 'verifying'];

/** Errors and questions about configuration files are in the output; they are no progress. */
function progressOf(line: string, phase: Phase): Progress | null {
  const status = QUIET_PHASES.includes(phase) ? null : parseStatusLine(line);
  if (status === null || status.kind === 'error' || status.kind === 'conffile') return null;
  // apt counts the files again that it finds downloaded.
  if (status.kind === 'download' && phase === 'committing') return null;
  const { package: name, percent, text } = status;
  return {
    kind: 'progress',
    phase,
    percent,
    package: name === null ? null : cleanOutput(name),
    text: cleanOutput(text),
  };
}

/** Said as progress, so that whoever shows progress shows why there is none. */
function silence(last: Progress | null, phase: Phase): Progress {
  const doing = last?.phase === phase && last.text !== '' ? last.text : phase;
  const text = `${doing}: silent for ${SILENCE_MS / 60_000} min`;
  return { kind: 'progress', phase, percent: last?.percent ?? 0, package: null, text: text.slice(-500) };
}
