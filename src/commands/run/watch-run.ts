import type { FleetConfig } from '../../config/fleet-config.ts';
import type { HostHead } from '../../audit/journal-event.ts';
import { ConnectionError, messageOf } from '../../core/errors.ts';
import type { RunSnapshot } from '../../core/run-snapshot.ts';
import type { Run } from '../../core/run.ts';
import { isResting, type RolloutStatus } from '../../rollout/status.ts';
import { candidatesIn } from '../../fleet/candidates.ts';
import { drivenBy, type DrivenUpdate, type RolloutDriver } from '../../fleet/drive-rollout.ts';
import { watchWheel } from '../../fleet/rollout-status.ts';
import { isRolled } from '../../fleet/rolled-run.ts';
import { followRun, type FollowOptions } from '../../fleet/follow-run.ts';
import { journalOf, recordSeen } from '../../fleet/journal.ts';
import { collectHeads } from '../../fleet/seen-heads.ts';
import { witnessOf } from '../../fleet/witness.ts';
import type { ControllerBroker } from '../../queue/broker.ts';
import { writeWarning } from '../../terminal/error.ts';
import { jsonRunView } from '../../terminal/json-run-view.ts';
import { liveRunView } from '../../terminal/live-run-view.ts';
import { plainRunView } from '../../terminal/plain-run-view.ts';
import { rolloutText } from '../../terminal/rollout-text.ts';
import type { FollowEnd, RunView } from '../../terminal/run-view.ts';
import type { Cli } from '../context.ts';
import { warnOfForgeries } from './warn-of-forgeries.ts';

/** What was seen of a run last, and why nobody looks any longer. */
export type Watched = {
  readonly snapshot: RunSnapshot;
  readonly end: FollowEnd;
  /** How the roll-out stood then; null for a run that is none. */
  readonly rollout: RolloutStatus | null;
  /** Whether this program drove it. */
  readonly drove: boolean;
};

export type WatchOptions = {
  readonly broker: ControllerBroker;
  readonly fleet: FleetConfig;
  readonly run: Run;
  readonly json: boolean;
  /** `celeroot` as it has to be typed to mean the same configuration. */
  readonly celeroot: string;
  /** Follow to the end even when only offline hosts are left. */
  readonly wait: boolean;
  /** Who drives the roll-out that is watched, if it is this program. */
  readonly driver?: RolloutDriver | null;
};

/**
 * Shows a run until it ends, only offline hosts are left, or the reader leaves: by Ctrl-C (a second one ends the
 * program at once) or by closing the pipe. Redis dying meanwhile does not stop the run, and the error says so.
 */
export async function watchRun(cli: Cli, options: WatchOptions): Promise<Watched | null> {
  const { driver = null } = options;
  const leave = new AbortController();
  using _interrupt = onceOnInterrupt(cli, () => leave.abort());
  const signal = AbortSignal.any([leave.signal, cli.stdoutClosed]);
  await using view = makeView(cli, options);
  let last: DrivenUpdate | null = null;
  let updates = 0;
  const heads = collectHeads();
  try {
    for await (const update of updatesOf(cli, options, signal)) {
      last = update;
      updates += 1;
      heads.take(update.fresh);
      view.update(update.snapshot, update.fresh);
      if (update.rollout !== null) view.note(rolloutText(update.rollout), update.rollout.decision);
      if (isLeft(cli, update, options)) break;
    }
  } catch (error) {
    throw lostSight(error, options);
  }
  if (last === null) return null;
  const end = signal.aborted && endOf(last) !== 'ended' ? 'detached' : endOf(last);
  view.finish(last.snapshot, end);
  warnOfForgeries(cli, last.snapshot);
  // A run that had ended before was followed before.
  if (end === 'ended' && updates > 1) await keepHeads(cli, options, heads.all());
  return { snapshot: last.snapshot, end, rollout: last.rollout, drove: driver !== null };
}

/** What is seen of a run, and of its roll-out, whoever drives it. */
async function* updatesOf(
  cli: Cli,
  { broker, run, fleet, driver = null }: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<DrivenUpdate, void, void> {
  const witness = await witnessOf(fleet, cli.clock.now());
  const watcher = driver ?? (isRolled(run) ? await watchWheel(broker, run, { witness, clock: cli.clock }) : null);
  let latest: RolloutStatus | null = null;
  const following = followRun(broker, run, {
    clock: cli.clock,
    signal,
    witness,
    candidatesOf: candidatesIn(fleet),
    ...(watcher !== null && driving(run, () => latest)),
  });
  for await (const update of drivenBy(watcher, following)) {
    latest = update.rollout;
    yield update;
  }
}

/** What a roll-out needs besides: to go on for what comes after a host's own job, and to look at it soon. */
function driving(run: Run, latest: () => RolloutStatus | null): Pick<FollowOptions, 'staysFor' | 'waitMs'> {
  return {
    staysFor: () => latest()?.decision.kind !== 'finished',
    ...(run.rollout?.steps !== undefined && { waitMs: STEPS_WAIT_MS }),
  };
}

/** What hosts report on the steps of a turn, which are runs of their own, ends no waiting. */
const STEPS_WAIT_MS = 200;

/** Whether there is nothing to see any more until a person does something, or a host is back. */
function isLeft(cli: Cli, { rollout, progress }: DrivenUpdate, { wait, run }: WatchOptions): boolean {
  if (rollout?.decision.kind === 'finished') return true;
  // A host that reboots is away too: who drives stays until it is back, or silent for too long.
  if (rollout !== null) return isResting(rollout) && !(wait && rollout.decision.kind === 'wait-offline');
  return progress === 'only-offline' && !wait && isSettled(cli, run);
}

/** What hosts have said of their own logs they cannot take back once it is in ours. */
async function keepHeads(cli: Cli, { fleet, run }: WatchOptions, heads: readonly HostHead[]): Promise<void> {
  try {
    await recordSeen(journalOf(fleet, cli.clock), run.id, heads);
  } catch (error) {
    writeWarning(cli.stderr, `the heads of the hosts’ audit logs were not kept: ${messageOf(error)}`);
  }
}

function endOf({ progress, rollout }: DrivenUpdate): FollowEnd {
  const kind = rollout?.decision.kind;
  if (kind === 'finished' || (progress === 'ended' && kind === undefined)) return 'ended';
  return kind === 'stopped' || kind === 'paused' ? kind : 'only-offline';
}

/** A worker that was just started may not have said so yet. */
function isSettled(cli: Cli, run: Run): boolean {
  return cli.clock.now() - run.createdAt > 1500;
}

function makeView(cli: Cli, { json, run }: WatchOptions): RunView {
  if (json) return jsonRunView(cli.stdout, run);
  return cli.stdout.isTTY ? liveRunView(cli.stdout) : plainRunView(cli.stdout);
}

function onceOnInterrupt(cli: Cli, listener: () => void): Disposable {
  const handling = cli.onSignal('SIGINT', () => {
    handling[Symbol.dispose]();
    listener();
  });
  return handling;
}

/** A roll-out whose driver is gone gives no host its turn. */
function lostSight(error: unknown, { run, celeroot, driver = null }: WatchOptions): unknown {
  if (!(error instanceof ConnectionError)) return error;
  const goesOn = driver === null ? 'which goes on' : 'which goes on where a scheduler runs';
  const next =
    driver === null ? `follow it again:  ${followCommand(celeroot, run)}` : `go on:  ${celeroot} runs resume ${run.id}`;
  return new ConnectionError(error.code, `lost sight of run ${run.id}, ${goesOn}: ${error.message}`, {
    hint: `${error.hint === undefined ? '' : `${error.hint}\n`}then ${next}`,
    cause: error,
  });
}

/** What to type to see a run on. */
export function followCommand(celeroot: string, run: Run): string {
  return `${celeroot} runs show ${run.id} --follow`;
}
