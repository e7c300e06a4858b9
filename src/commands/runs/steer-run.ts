import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig } from '../../config/fleet-config.ts';
import { RejectedError } from '../../core/errors.ts';
import { candidatesIn } from '../../fleet/candidates.ts';
import type { Sender } from '../../fleet/dispatch-run.ts';
import { findRun } from '../../fleet/find-run.ts';
import { readSnapshot } from '../../fleet/follow-run.ts';
import { requireTask } from '../../fleet/prepare-run.ts';
import { requireGranted } from '../../fleet/require-granted.ts';
import { isRolled, rolledHosts, tasksInTurns, type RolledRun } from '../../fleet/rolled-run.ts';
import { readRolloutStatus } from '../../fleet/rollout-status.ts';
import { actOn } from '../../fleet/steer-rollout.ts';
import { witnessOf } from '../../fleet/witness.ts';
import type { ControllerBroker } from '../../queue/broker.ts';
import { resumeAfterStop } from '../../rollout/resume.ts';
import type { RolloutStatus } from '../../rollout/status.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';
import { openSender } from '../open-sender.ts';
import { driveFrom } from '../run/drive-from.ts';
import { showRun } from '../run/show-run.ts';

/** Pauses a roll-out: no host has its turn any more until it is resumed. What has begun is finished. */
export async function pauseRun(cli: Cli, command: CommandUnknownOpts, word: string): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const sender = await openSender(cli, fleet);
  await using broker = await openBroker(cli, fleet);
  const { run, status } = await findRollout(cli, command, { fleet, broker, word });
  const isOver = status.decision.kind === 'finished';
  if (!isOver) await actOn(broker, { run: run.id, act: { kind: 'pause' } }, sender);
  const resume = `${celerootFor(command)} runs resume ${run.id}`;
  if (sharedFlags(command).json) writeJson(cli.stdout, { run: run.id, paused: !isOver });
  else if (isOver) cli.stdout.write(`run ${run.id} has already ended\n`);
  else cli.stdout.write(`run ${run.id} is paused: what has begun is finished. Go on with:  ${resume}\n`);
}

/** Goes on with a roll-out that stopped, was paused, or that nobody drives any more; and follows it. */
export async function resumeRun(
  cli: Cli,
  command: CommandUnknownOpts,
  { word, wait }: { readonly word: string; readonly wait: boolean },
): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  await using broker = await openBroker(cli, fleet);
  const { run, status } = await findRollout(cli, command, { fleet, broker, word });
  const { decision, view } = status;
  const afterStop = resumeAfterStop(view);
  if (decision.kind !== 'finished' && (afterStop !== null || view.paused !== null)) {
    const sender = await openSender(cli, fleet);
    requireMayAsk(fleet, run, sender);
    await actOn(broker, { run: run.id, act: { kind: 'resume', afterStop } }, sender);
  }
  await using driver = await driveFrom(cli, broker, { run, fleet });
  if (driver === null) writeWarning(cli.stderr, 'another celeroot drives this roll-out; it is only followed here');
  const celeroot = celerootFor(command);
  await showRun(cli, { broker, fleet, run, json: sharedFlags(command).json, follow: true, wait, celeroot, driver });
}

/**
 * To let hosts go on is to ask for all that they do in their turns.
 * @throws RejectedError NOT_GRANTED.
 */
function requireMayAsk(fleet: FleetConfig, run: RolledRun, sender: Sender): void {
  const assignments = rolledHosts(run).map((host) => ({ candidates: [host] }));
  for (const task of tasksInTurns(run)) {
    requireGranted(fleet, { task: requireTask(task), assignments }, sender);
  }
}

type Search = { readonly fleet: FleetConfig; readonly broker: ControllerBroker; readonly word: string };

/** @throws RejectedError NOT_ROLLED_OUT for a run whose hosts all had their orders at once. */
async function findRollout(
  cli: Cli,
  command: CommandUnknownOpts,
  { fleet, broker, word }: Search,
): Promise<{ readonly run: RolledRun; readonly status: RolloutStatus }> {
  const celeroot = celerootFor(command);
  const witness = await witnessOf(fleet, cli.clock.now());
  const run = await findRun(broker, word, { witness, celeroot });
  if (!isRolled(run)) {
    throw new RejectedError('NOT_ROLLED_OUT', `all hosts of run ${run.id} had their orders at once`, {
      hint: `take back what has not begun with  ${celeroot} runs cancel ${run.id}`,
    });
  }
  const snapshot = await readSnapshot(broker, run, { clock: cli.clock, witness, candidatesOf: candidatesIn(fleet) });
  return { run, status: await readRolloutStatus(broker, { run, snapshot }, { witness, clock: cli.clock }) };
}
