import { RejectedError, UsageError } from '../core/errors.ts';
import { runIdSchema } from '../core/ids.ts';
import type { Run } from '../core/run.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { readNewestRuns, readRuns } from './believe-runs.ts';
import type { Witness } from './witness.ts';

const SEARCHED = 1000;
/** Of so many the newest is found, in whatever order Redis lists them. */
const LATEST_AMONG = 20;
const MOST_MEANT = 50;

export type RunSearch = {
  readonly witness: Witness;
  /** How this celeroot is called, with `--config` where it is needed. */
  readonly celeroot: string;
};

/**
 * The run a word means: `latest`, an id, or the beginning of the id of exactly one of the newest thousand runs, in
 * either case of letters.
 * @throws RejectedError UNKNOWN_RUN for none, or naming those it may mean; RUN_FORGED for a record that no operator has
 * signed; UsageError for no word at all, which would be the beginning of every id.
 */
export async function findRun(broker: ControllerBroker, word: string, search: RunSearch): Promise<Run> {
  const { witness, celeroot } = search;
  const text = word.trim().toUpperCase();
  if (text === '') throw new UsageError('USAGE', 'the run is an empty word', { hint: `see  ${celeroot} runs ls` });
  if (text === 'LATEST') {
    const { runs, forged } = await readNewestRuns(broker, witness, LATEST_AMONG);
    return runs[0] ?? fail(forged > 0 ? forgedRun('the latest run', celeroot) : noRuns(celeroot));
  }
  const id = runIdSchema.safeParse(text);
  const ids = id.success ? [id.data] : (await broker.runIds(SEARCHED)).filter((each) => each.startsWith(text));
  const { runs, forged } = await readRuns(broker, witness, ids.slice(0, MOST_MEANT));
  const [first, ...others] = runs;
  if (first === undefined) throw forged > 0 ? forgedRun(`run ${word}`, celeroot) : unknownRun(word, celeroot);
  if (others.length === 0) return first;
  const shown = runs.slice(0, MAX_NAMED).map((run) => run.id);
  throw new RejectedError('UNKNOWN_RUN', `${word} is the beginning of ${runs.length} runs`, {
    hint: `type more of one of them: ${shown.join(', ')}`,
    details: { runs: shown },
  });
}

const MAX_NAMED = 5;

function fail(error: RejectedError): never {
  throw error;
}

function unknownRun(word: string, celeroot: string): RejectedError {
  return new RejectedError('UNKNOWN_RUN', `there is no run ${word}`, { hint: `see  ${celeroot} runs ls` });
}

function noRuns(celeroot: string): RejectedError {
  return new RejectedError('UNKNOWN_RUN', 'there are no runs yet', {
    hint: `for example:  ${celeroot} run system.ping --all`,
  });
}

function forgedRun(what: string, celeroot: string): RejectedError {
  return new RejectedError('RUN_FORGED', `the record of ${what} is not signed by a key of the trust file`, {
    hint:
      'either somebody else writes to Redis, or an operator made it whose key is not in your trust file: ' +
      `see  ${celeroot} keys ls`,
  });
}
