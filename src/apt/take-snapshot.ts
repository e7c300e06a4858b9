import { listNames, readText, remember, type Work } from '../core/step.ts';
import { isBroken } from './package-state.ts';
import { parseAutoMarks } from './parse-auto-marks.ts';
import { DPKG_QUERY_FORMAT, parseDpkgQuery } from './parse-dpkg-query.ts';
import { parseDpkgStatus } from './parse-dpkg-status.ts';
import { runChecked } from './run-checked.ts';
import { makeSnapshot, type Snapshot } from './snapshot.ts';

/** The packages as dpkg knows them now, with what an interrupted dpkg left in its journal. */
export function* takeSnapshot(): Work<Snapshot> {
  return parseTexts(yield* readTexts());
}

/** The packages now, and as they were when the job first got here: the same, unless it is taken up after a crash. */
export function* rememberSnapshot(): Work<{ readonly before: Snapshot; readonly now: Snapshot }> {
  const texts = yield* readTexts();
  const first: Texts = {
    packages: yield* remember('packages-before', texts.packages),
    autoMarks: yield* remember('auto-marks-before', texts.autoMarks),
  };
  return { before: parseTexts(first), now: parseTexts(texts) };
}

/**
 * The packages by dpkg's own files, without starting a program; null when that is not certain: dpkg's journal is not
 * empty or a package is not fully installed.
 */
export function* readCleanSnapshot(): Work<Snapshot | null> {
  if ((yield* pendingUpdates()).length > 0) return null;
  const states = parseDpkgStatus((yield* readText('/var/lib/dpkg/status')) ?? '');
  if (states.length === 0 || states.some(isBroken)) return null;
  const snapshot = makeSnapshot(states, parseAutoMarks((yield* readText(AUTO_MARKS)) ?? ''));
  // A dpkg that began while we read has left its first journal entry by now.
  return (yield* pendingUpdates()).length > 0 ? null : snapshot;
}

/** Entries of dpkg's journal: there are some while dpkg runs, and after it was killed. */
export function* pendingUpdates(): Work<readonly string[]> {
  const names = yield* listNames('/var/lib/dpkg/updates');
  return names.filter((name) => /^\d+$/.test(name));
}

const AUTO_MARKS = '/var/lib/apt/extended_states';

type Texts = { readonly packages: string; readonly autoMarks: string };

function* readTexts(): Work<Texts> {
  return {
    packages: yield* runChecked(['dpkg-query', '-W', '-f', DPKG_QUERY_FORMAT]),
    autoMarks: (yield* readText(AUTO_MARKS)) ?? '',
  };
}

function parseTexts({ packages, autoMarks }: Texts): Snapshot {
  return makeSnapshot(parseDpkgQuery(packages), parseAutoMarks(autoMarks));
}
