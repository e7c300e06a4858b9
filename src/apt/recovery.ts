import { enterPhase, run, type Argv, type Work } from '../core/step.ts';
import { CONFIGURE_ARGV, fixBrokenArgv, reinstallArgv, simulationOf } from './argv.ts';
import { changeWhenUnlocked } from './change-when-unlocked.ts';
import { isDenied } from './judge-plan.ts';
import { isBroken, needsReinstall } from './package-state.ts';
import { parseSimulation } from './parse-simulation.ts';
import { planChanges } from './plan-changes.ts';
import type { Snapshot } from './snapshot.ts';
import { pendingUpdates, takeSnapshot } from './take-snapshot.ts';

/** The part of a task's context that counts here. */
export type RecoveryContext = { readonly job: string; readonly deny: readonly string[] };

/**
 * Finishes what a killed apt or dpkg left half done, and returns the packages as they are then. Does nothing when
 * nothing was. A package that cannot be configured because its own script fails stays broken: that is for the
 * administrator, and no reason not to do the job.
 *
 * The order matters: apt refuses everything until dpkg has worked off its journal (1). What dpkg was stopped at while
 * it replaced the files carries the flag R; neither `--configure` nor `-f install` mends it and both may say that all
 * is well, only unpacking it again does (2). Then missing dependencies (3), after which a package that could not be
 * unpacked for want of them can be, and everything is configured once more (4).
 */
export function* recover(context: RecoveryContext, now: Snapshot): Work<Snapshot> {
  if (!(yield* isDirty(now))) return now;
  yield* enterPhase('recovering');
  yield* changeWhenUnlocked('recovering', CONFIGURE_ARGV);

  let state = yield* unpackFlagged(context, yield* takeSnapshot());
  if (!needsMore(state)) return state;

  yield* repair(fixBrokenArgv(context.job), context, state);
  state = yield* unpackFlagged(context, yield* takeSnapshot());
  if (!needsMore(state)) return state;

  yield* changeWhenUnlocked('recovering', CONFIGURE_ARGV);
  return yield* takeSnapshot();
}

function* isDirty(snapshot: Snapshot): Work<boolean> {
  return (yield* pendingUpdates()).length > 0 || [...snapshot.packages.values()].some(isBroken);
}

/** What is only half configured after an attempt has a failing script; running that again would change nothing. */
function needsMore(snapshot: Snapshot): boolean {
  return [...snapshot.packages.values()].some((state) => isBroken(state) && state.state.charAt(1) !== 'F');
}

/** The version dpkg was stopped at, or, when no repository has it any more, the one apt would choose. */
function* unpackFlagged(context: RecoveryContext, now: Snapshot): Work<Snapshot> {
  const flagged = [...now.packages].filter(([, state]) => needsReinstall(state));
  if (flagged.length === 0) return now;
  for (const [key, { version }] of flagged) {
    const isDone = yield* repair(reinstallArgv(context.job, key, version), context, now);
    if (!isDone && version !== null) yield* repair(reinstallArgv(context.job, key, null), context, now);
  }
  return yield* takeSnapshot();
}

/**
 * Whether apt did it. What would change a package that the host's owner denies is left undone: then the host stays as it
 * was found. To configure what was unpacked is no such change.
 */
function* repair(argv: Argv, { deny }: RecoveryContext, now: Snapshot): Work<boolean> {
  if (deny.length > 0 && (yield* wouldTouch(argv, deny, now))) return false;
  return (yield* changeWhenUnlocked('recovering', argv)).exitCode === 0;
}

/** Also true when apt cannot say. */
function* wouldTouch(argv: Argv, deny: readonly string[], now: Snapshot): Work<boolean> {
  const { exitCode, stdout } = yield* run(simulationOf(argv));
  return exitCode !== 0 || planChanges(parseSimulation(stdout), now).some((change) => isDenied(change.package, deny));
}
