import { firstOf } from '../../core/first-of.ts';
import { CommandError } from '../../core/errors.ts';
import { EXIT } from '../../core/exit-codes.ts';
import type { RunSnapshot } from '../../core/run-snapshot.ts';
import { jobStatus, summarizeRun } from '../../core/run-state.ts';
import { failuresText, namesText, reasonText } from '../../terminal/rollout-text.ts';
import { sortTurns } from '../../rollout/decide.ts';
import type { Run } from '../../core/run.ts';
import { jobLabel } from '../../terminal/job-text.ts';
import { writeJson } from '../../terminal/json.ts';
import { formatTime } from '../../terminal/time-text.ts';
import type { Cli } from '../context.ts';
import { adviceFor, badJobs } from './bad-jobs.ts';
import { followCommand, watchRun, type Watched, type WatchOptions } from './watch-run.ts';
import { writeResults } from './write-results.ts';

export type ShowOptions = WatchOptions & {
  /** False to send only. */
  readonly follow: boolean;
};

/**
 * Follows a run that was just sent, and ends with the exit code its hosts deserve. Returns what was seen last; null
 * when nothing was.
 */
export async function showRun(cli: Cli, options: ShowOptions): Promise<RunSnapshot | null> {
  const { run, json, follow, celeroot } = options;
  if (!follow) {
    if (json) writeJson(cli.stdout, { run });
    else if (run.rollout !== undefined)
      cli.stdout.write(`run ${run.id} is stored; begin it with:  ${celeroot} runs resume ${run.id}\n`);
    else
      cli.stdout.write(
        `run ${run.id} is sent to ${countHosts(run.jobs.length)}; follow it with:  ${followCommand(celeroot, run)}\n`,
      );
    return null;
  }
  const watched = await watchRun(cli, options);
  if (watched === null) {
    cli.exitWith(EXIT.interrupted.code);
    return null;
  }
  const { snapshot } = watched;
  if (!json) {
    writeResults(cli, snapshot, { maxChanges: MAX_CHANGES, celeroot });
    explainEnd(cli, watched, celeroot);
  }
  concludeRun(cli, watched, celeroot);
  return snapshot;
}

/** In a dry run of a large upgrade `runs show` has the rest. */
const MAX_CHANGES = 8;

function countHosts(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`;
}

function explainEnd(cli: Cli, { snapshot, end, rollout, drove }: Watched, celeroot: string): void {
  const { run } = snapshot.state;
  const follow = followCommand(celeroot, run);
  if (rollout !== null && end !== 'ended' && (drove || end !== 'detached')) {
    explainRest(cli, { run, end, resume: `${celeroot} runs resume ${run.id}` });
    return;
  }
  if (end === 'detached') cli.stderr.write(`detached; the run goes on. Follow it with:  ${follow}\n`);
  if (end === 'only-offline') {
    const until = formatTime(run.expiresAt, snapshot.now);
    cli.stderr.write(`only offline hosts are left; they may begin until ${until}. Follow them with:  ${follow}\n`);
  }
}

type Rest = { readonly run: Run; readonly end: Watched['end']; readonly resume: string };

/** A roll-out that nobody drives gives no host its turn; a scheduler takes over the driving. */
function explainRest(cli: Cli, { run, end, resume }: Rest): void {
  if (end === 'detached') {
    cli.stderr.write(`detached; a scheduler goes on with it, and where none runs:  ${resume}\n`);
  } else if (end === 'paused') {
    cli.stderr.write(`run ${run.id} is paused. Go on with:  ${resume}\n`);
  } else if (end === 'only-offline') {
    cli.stderr.write(
      `only hosts are left that cannot be reached. When they are back, a scheduler goes on; or:  ${resume}\n`,
    );
  }
}

/** @throws CommandError ROLLOUT_STOPPED that says why, what is left, and what to type next. */
function concludeStop({ snapshot, rollout }: Watched, celeroot: string): void {
  if (rollout?.decision.kind !== 'stopped') return;
  const { run } = snapshot.state;
  const { view, decision } = rollout;
  const { held } = sortTurns(view);
  const left = held.length === 1 ? '1 host has not had its turn' : `${held.length} hosts have not had their turn`;
  throw new CommandError('ROLLOUT_STOPPED', `the roll-out stopped: ${reasonText(view, decision.reason)}`, {
    hint: [
      `${left}: ${namesText(held)}`,
      `what happened:             ${celeroot} runs show ${run.id}`,
      `go on, when it is mended:  ${celeroot} runs resume ${run.id}`,
      `do what failed again:      ${celeroot} runs retry ${run.id}`,
      `give up what is left:      ${celeroot} runs cancel ${run.id}`,
    ].join('\n'),
    details: { run: run.id, reason: decision.reason, left: held },
  });
}

/** @throws CommandError JOBS_FAILED naming the hosts of a roll-out that ended whose turn did not end well, and why. */
function concludeTurns({ snapshot, rollout }: Watched, celeroot: string): void {
  if (rollout === null) return;
  const { turns } = rollout.view;
  const bad = [...turns].flatMap(([host, turn]) => (turn.status === 'good' ? [] : [host]));
  if (bad.length === 0) return;
  const { run } = snapshot.state;
  throw new CommandError('JOBS_FAILED', failuresText(bad, turns), {
    hint: `see  ${celeroot} runs show ${run.id},  then  ${celeroot} runs retry ${run.id}`,
    details: { run: run.id, hosts: bad },
  });
}

/** @throws CommandError JOBS_FAILED naming the hosts that did not do their jobs. */
function concludeRun(cli: Cli, watched: Watched, celeroot: string): void {
  const { snapshot, end } = watched;
  const { state, now } = snapshot;
  if (end === 'stopped') concludeStop(watched, celeroot);
  if (end === 'ended') concludeTurns(watched, celeroot);
  const summary = summarizeRun(state, now);
  if (summary.bad > 0 && end !== 'detached') {
    const jobs = badJobs(snapshot);
    const bad = jobs.map((job) => `${jobLabel(job)} ${jobStatus(job, state.run, now)}`);
    throw new CommandError('JOBS_FAILED', firstOf(bad, MAX_NAMED), {
      hint: adviceFor(state.run, { jobs, celeroot }),
      details: { run: state.run.id, counts: summary.counts },
    });
  }
  if (end === 'detached') cli.exitWith(EXIT.interrupted.code);
  else if (end === 'only-offline' || end === 'paused') cli.exitWith(EXIT.pending.code);
}

const MAX_NAMED = 10;
