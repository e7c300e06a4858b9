import type { RunId } from '../core/ids.ts';
import type { RolloutAct } from '../core/rollout.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { sealAct } from '../trust/rollout-act.ts';
import type { Sender } from './dispatch-run.ts';

type Wish = { readonly run: RunId; readonly act: RolloutAct['act'] };

/**
 * Has a roll-out paused or resumed: whoever drives it sees that within a second or two.
 * @throws ConfigError JOURNAL_UNUSABLE; then nothing is changed.
 */
export async function actOn(
  broker: Pick<ControllerBroker, 'rollouts'>,
  { run, act }: Wish,
  { journal, key, by, fleet }: Sender,
): Promise<void> {
  const { at } = await journal.add(() => ({ kind: act.kind, run, key: key.id, by }));
  await broker.rollouts.addAct(run, sealAct({ fleet, run, at, by, act }, key));
}
