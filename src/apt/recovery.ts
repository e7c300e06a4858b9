import { enterPhase, type Work } from '../core/step.ts';
import { CONFIGURE_ARGV, fixBrokenArgv, reinstallArgv } from './argv.ts';
import { changeWhenUnlocked } from './change-when-unlocked.ts';
import { isBroken, needsReinstall } from './package-state.ts';
import type { Snapshot } from './snapshot.ts';
import { pendingUpdates, takeSnapshot } from './take-snapshot.ts';

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
export function* recover(job: string, now: Snapshot): Work<Snapshot> {
  if (!(yield* isDirty(now))) return now;
  yield* enterPhase('recovering');
  yield* changeWhenUnlocked('recovering', CONFIGURE_ARGV);

  let state = yield* unpackFlagged(job, yield* takeSnapshot());
  if (!needsMore(state)) return state;

  yield* changeWhenUnlocked('recovering', fixBrokenArgv(job));
  state = yield* unpackFlagged(job, yield* takeSnapshot());
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
function* unpackFlagged(job: string, now: Snapshot): Work<Snapshot> {
  const flagged = [...now.packages].filter(([, state]) => needsReinstall(state));
  if (flagged.length === 0) return now;
  for (const [key, { version }] of flagged) {
    const output = yield* changeWhenUnlocked('recovering', reinstallArgv(job, key, version));
    if (output.exitCode !== 0 && version !== null) {
      yield* changeWhenUnlocked('recovering', reinstallArgv(job, key, null));
    }
  }
  return yield* takeSnapshot();
}
