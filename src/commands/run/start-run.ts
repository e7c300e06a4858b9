import { resolve } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig } from '../../config/fleet-config.ts';
import { UsageError } from '../../core/errors.ts';
import type { RunSnapshot } from '../../core/run-snapshot.ts';
import { planRollout } from '../../fleet/plan-rollout.ts';
import { notJoinedText } from '../../fleet/leave-out-not-joined.ts';
import { prepareRun, type PreparedRun, type RunRequest } from '../../fleet/prepare-run.ts';
import { isRolled } from '../../fleet/rolled-run.ts';
import { quoteWord } from '../../core/quote-word.ts';
import { signRun, submitRun, type Sender, type SignedRun } from '../../fleet/dispatch-run.ts';
import { publishTrust } from '../../fleet/publish-trust.ts';
import { requireGranted } from '../../fleet/require-granted.ts';
import { requireOneMachine } from '../../fleet/require-one-machine.ts';
import { writeRunFile } from '../../fleet/run-file.ts';
import type { ControllerBroker } from '../../queue/broker.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson, writeJsonLine } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { celerootFor, shownPath } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { requireYes } from '../require-yes.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';
import { openSender } from '../open-sender.ts';
import type { SendFlags } from '../read-run-flags.ts';
import { driveFrom } from './drive-from.ts';
import { showBatches } from './show-batches.ts';
import { showRun } from './show-run.ts';

type StartOptions = { readonly request: RunRequest; readonly flags: SendFlags };

/** Checks, asks when it is many hosts, signs, sends and follows. */
export async function startRun(cli: Cli, command: CommandUnknownOpts, options: StartOptions): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const prepared = rollOut(cli, fleet, { prepared: prepareRun(fleet, options.request), flags: options.flags });
  warnOfNotJoined(cli, command, prepared);
  await confirmSize(cli, prepared, options.flags.yes);
  const sender = await openSender(cli, fleet);
  requireGranted(fleet, prepared, sender);
  await using broker = await openBroker(cli, fleet);
  await sendRun(cli, command, { fleet, broker, sender, prepared, flags: options.flags });
}

type Laid = { readonly prepared: PreparedRun; readonly flags: Pick<SendFlags, 'rollout' | 'detach' | 'secondSigner'> };

/** The run in the batches that its flags ask for. */
export function rollOut(cli: Cli, fleet: FleetConfig, { prepared, flags }: Laid): PreparedRun {
  const seed = Buffer.from(cli.randomBytes(8)).toString('hex');
  const planned = planRollout(fleet, prepared, { choice: flags.rollout, seed });
  if (planned.rollout === null || planned.dryRun) return planned;
  if (flags.secondSigner && planned.steps.length > 0) {
    throw new UsageError(
      'USAGE',
      'a roll-out whose hosts do several tasks in their turn cannot wait for a second signer',
      {
        hint: 'leave out --second-signer, or take  check,  before  and  after  out of the roll-out',
      },
    );
  }
  if (!flags.detach) return planned;
  throw new UsageError('USAGE', 'a roll-out has to be driven, which --detach leaves to nobody', {
    hint: 'leave it out; after Ctrl-C a scheduler goes on with it, or  celeroot runs resume',
  });
}

type SendOptions = {
  readonly fleet: FleetConfig;
  readonly broker: ControllerBroker;
  readonly sender: Sender;
  readonly prepared: PreparedRun;
  readonly flags: Pick<SendFlags, 'detach' | 'wait' | 'secondSigner'>;
};

/**
 * Signs, sends and follows: the part of `startRun` that retries and approved plans share. Where another operator has to
 * sign, it is written to a file instead. Returns what was seen of the run last; null when it was not followed.
 */
export async function sendRun(
  cli: Cli,
  command: CommandUnknownOpts,
  options: SendOptions,
): Promise<RunSnapshot | null> {
  const { fleet, broker, sender, prepared, flags } = options;
  const { json } = sharedFlags(command);
  if (prepared.dryRun) showBatches(cli, prepared, json);
  await requireOneMachine(broker, { fleet, prepared }, cli.clock);
  const signed = await signRun(prepared, sender);
  const celeroot = celerootFor(command);
  if (flags.secondSigner) {
    await handOver(cli, command, { broker, signed });
    return null;
  }
  await submitRun(broker, signed, celeroot);
  const { detach, wait } = flags;
  const { run } = signed;
  await using driver = isRolled(run) ? await driveFrom(cli, broker, { run, fleet }) : null;
  return await showRun(cli, { broker, fleet, run, json, follow: !detach, wait, celeroot, driver });
}

type HandOver = { readonly broker: ControllerBroker; readonly signed: SignedRun };

/** Writes a signed run for another operator; hosts can get the trust file that its orders want. */
async function handOver(cli: Cli, command: CommandUnknownOpts, { broker, signed }: HandOver): Promise<void> {
  const { run } = signed;
  await publishTrust(broker, signed.trust);
  const file = resolve(cli.cwd, `${run.id}.run.json`);
  await writeRunFile(file, signed);
  const next = `${celerootFor(command)} runs sign ${quoteWord(shownPath(cli, file))}`;
  if (sharedFlags(command).json) return writeJson(cli.stdout, { run, file, next });
  cli.stdout.write(
    `wrote ${file}: run ${run.id}, signed by you and not sent\nanother operator looks at it and sends it:  ${next}\n`,
  );
}

/** Names the hosts that a run leaves out; with --json in a line of its own as well. */
export function warnOfNotJoined(cli: Cli, command: CommandUnknownOpts, { notJoined }: PreparedRun): void {
  const [first] = notJoined;
  if (first === undefined) return;
  const show = `${celerootFor(command)} hosts show ${first}`;
  writeWarning(cli.stderr, `left out: ${notJoinedText(notJoined)}; what to type is shown by:  ${show}`);
  if (sharedFlags(command).json) writeJsonLine(cli.stdout, { type: 'not-joined', hosts: notJoined });
}

const ASK_ABOVE = 50;

/** A typing error in a target should not reach hundreds of hosts, and some tasks should reach none by a slip. */
export async function confirmSize(cli: Cli, prepared: PreparedRun, yes: boolean): Promise<void> {
  const count = prepared.assignments.length;
  const isGrave = prepared.task.needsYes === true && !prepared.dryRun;
  if (count <= ASK_ABOVE && !isGrave) return;
  const what = `${prepared.task.name}${prepared.dryRun ? ' (dry run)' : ''} on ${count === 1 ? '1 host' : `${count} hosts`} (${prepared.target})`;
  await requireYes(cli, what, { yes, question: `Do ${what}?`, otherwise: 'nothing was sent' });
}
