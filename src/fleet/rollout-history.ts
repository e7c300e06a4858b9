import type { Clock } from '../core/clock.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { rolloutEntrySchema, type RolloutAct, type RolloutEntry } from '../core/rollout.ts';
import type { Run } from '../core/run.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import type { StoredStep } from '../queue/rollout-broker.ts';
import type { RolloutHistory } from '../rollout/progress.ts';
import { openAct } from '../trust/rollout-act.ts';
import type { Witness } from './witness.ts';

/** What drivers have written down, in order; times are those of Redis. */
export function entriesIn(steps: readonly StoredStep[]): readonly RolloutEntry[] {
  return steps.flatMap((step) => {
    const entry = step.kind === 'entry' ? parseJsonAs(rolloutEntrySchema, step.text) : null;
    return entry === null ? [] : [{ ...entry, at: step.at }];
  });
}

export type HistoryReader = { readonly read: () => Promise<RolloutHistory> };

/**
 * Reads what was done to a roll-out, a little more with each call. Acts count if an operator has signed them; what
 * drivers write down is not signed: who controls Redis could give hosts their orders himself, in any order. Times are
 * brought to this machine's clock.
 */
export async function historyReader(
  broker: Pick<ControllerBroker, 'rollouts' | 'serverTime'>,
  run: Run,
  { witness, clock }: { readonly witness: Witness; readonly clock: Clock },
): Promise<HistoryReader> {
  const before = clock.now();
  const aheadMs = (await broker.serverTime()) - Math.round((before + clock.now()) / 2);
  const entries: RolloutEntry[] = [];
  const acts: RolloutAct[] = [];
  let last: string | null = null;
  return {
    read: async () => {
      const steps = await broker.rollouts.history(run.id, last);
      last = steps.at(-1)?.id ?? last;
      for (const entry of entriesIn(steps)) entries.push({ ...entry, at: entry.at - aheadMs });
      for (const step of steps) {
        if (step.kind === 'entry') continue;
        const act = await openAct(step.act, { fleet: witness.fleet, run: run.id, grants: witness.grants });
        if (act !== null) acts.push(act);
      }
      return { entries, acts };
    },
  };
}
