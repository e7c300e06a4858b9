import type { Clock } from '../core/clock.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { rolloutEntrySchema, type RolloutAct, type RolloutEntry } from '../core/rollout.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import type { StoredStep } from '../queue/rollout-broker.ts';
import type { RolloutHistory } from '../rollout/progress.ts';
import { grantCovers } from '../trust/authority.ts';
import { openAct } from '../trust/rollout-act.ts';
import { rolledHosts, tasksInTurns, type RolledRun } from './rolled-run.ts';
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
 * Reads what was done to a roll-out, a little more with each call. A pause counts if any operator has signed it, and a
 * resume if one has that may ask for all that is let go on by it. What drivers write down is not signed: who controls
 * Redis could give hosts their orders himself, in any order. Times are brought to this machine's clock.
 */
export async function historyReader(
  broker: Pick<ControllerBroker, 'rollouts' | 'serverTime'>,
  run: RolledRun,
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
        if (act === null || (act.act.kind === 'resume' && !mayAsk(step.act.key, run, witness))) continue;
        acts.push(act);
      }
      return { entries, acts };
    },
  };
}

/** Whether a key is for all that the hosts of a roll-out do in their turns. */
function mayAsk(key: string, run: RolledRun, { grants, hosts }: Witness): boolean {
  const grant = grants.find((each) => each.key === key);
  if (grant === undefined) return false;
  const asked = rolledHosts(run).map((name) => ({ name, roles: hosts.get(name)?.roles ?? [] }));
  return [...tasksInTurns(run)].every((task) => asked.every((host) => grantCovers(grant, { task, host })));
}
