import { RejectedError, UsageError } from '../core/errors.ts';
import { runIdSchema } from '../core/ids.ts';
import type { Run } from '../core/run.ts';
import type { ControllerBroker } from '../queue/broker.ts';

const SEARCHED = 1000;

/**
 * The run a word means: `latest`, an id, or the beginning of the id of exactly one of the newest thousand runs, in
 * either case of letters. `celeroot` is how this celeroot is called, with `--config` where it is needed.
 * @throws RejectedError UNKNOWN_RUN for none, or naming those it may mean; UsageError for no word at all, which would
 * be the beginning of every id.
 */
export async function findRun(broker: ControllerBroker, word: string, celeroot: string): Promise<Run> {
  const text = word.trim().toUpperCase();
  if (text === '') throw new UsageError('USAGE', 'the run is an empty word', { hint: `see  ${celeroot} runs ls` });
  const id = runIdSchema.safeParse(text);
  if (id.success) {
    const run = await broker.getRun(id.data);
    if (run !== null) return run;
    throw unknownRun(word, celeroot);
  }
  const isLatest = text === 'LATEST';
  const runs = await broker.listRuns(isLatest ? 1 : SEARCHED);
  const [first, ...others] = isLatest ? runs : runs.filter((run) => run.id.startsWith(text));
  if (first === undefined) throw isLatest ? noRuns(celeroot) : unknownRun(word, celeroot);
  if (others.length === 0) return first;
  const shown = [first, ...others].slice(0, MAX_NAMED).map((run) => run.id);
  throw new RejectedError('UNKNOWN_RUN', `${word} is the beginning of ${others.length + 1} runs`, {
    hint: `type more of one of them: ${shown.join(', ')}`,
    details: { runs: shown },
  });
}

const MAX_NAMED = 5;

function unknownRun(word: string, celeroot: string): RejectedError {
  return new RejectedError('UNKNOWN_RUN', `there is no run ${word}`, { hint: `see  ${celeroot} runs ls` });
}

function noRuns(celeroot: string): RejectedError {
  return new RejectedError('UNKNOWN_RUN', 'there are no runs yet', {
    hint: `for example:  ${celeroot} run system.ping --all`,
  });
}
