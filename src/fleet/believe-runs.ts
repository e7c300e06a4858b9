import type { RunId } from '../core/ids.ts';
import type { Run } from '../core/run.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { openRun } from '../trust/run-record.ts';
import type { Witness } from './witness.ts';

/** Runs that somebody made who may, and how many records there were that nobody did. */
export type BelievedRuns = { readonly runs: readonly Run[]; readonly forged: number };

type Records = Pick<ControllerBroker, 'runIds' | 'runRecords'>;

/** The newest runs, newest first by what their records say: what Redis lists them by is not signed. */
export async function readNewestRuns(broker: Records, witness: Witness, limit: number): Promise<BelievedRuns> {
  return await readRuns(broker, witness, await broker.runIds(limit));
}

/** Those of the ids that there are. */
export async function readRuns(broker: Records, witness: Witness, ids: readonly RunId[]): Promise<BelievedRuns> {
  const { fleet, grants } = witness;
  const stored = await broker.runRecords(ids);
  const opened = await Promise.all(
    stored.map(async ({ id, record }) => (record === null ? null : await openRun(record, { fleet, id, grants }))),
  );
  const runs = opened.filter((run) => run !== null).toSorted((a, b) => b.createdAt - a.createdAt);
  return { runs, forged: stored.length - runs.length };
}
