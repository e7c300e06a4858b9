import { resolve } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { formatDuration } from '../../core/duration.ts';
import { cosignRun, requireUnsent } from '../../fleet/cosign-run.ts';
import { submitRun } from '../../fleet/dispatch-run.ts';
import { requireTask } from '../../fleet/prepare-run.ts';
import { requireGranted } from '../../fleet/require-granted.ts';
import { requireOneMachine } from '../../fleet/require-one-machine.ts';
import { isRolled } from '../../fleet/rolled-run.ts';
import { readRunFile, type WaitingRun } from '../../fleet/run-file.ts';
import { writeProperties } from '../../terminal/properties.ts';
import { formatMoment } from '../../terminal/time-text.ts';
import type { Grant } from '../../trust/trust-file.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';
import { openSender } from '../open-sender.ts';
import { requireYes } from '../require-yes.ts';
import { driveFrom } from '../run/drive-from.ts';
import { showRun } from '../run/show-run.ts';

export type SignFlags = {
  readonly file: string;
  readonly yes: boolean;
  readonly detach: boolean;
  readonly wait: boolean;
};

/** Shows what another operator has asked for; with a yes signs it too, sends it and follows it. */
export async function signWaitingRun(cli: Cli, command: CommandUnknownOpts, flags: SignFlags): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const sender = await openSender(cli, fleet);
  const { trust } = sender.trust;
  const file = resolve(cli.cwd, flags.file);
  const waiting = await readRunFile(file, { fleet: fleet.fleet, trust, now: cli.clock.now() });
  const prepared = preparedAgain(waiting);
  requireGranted(fleet, prepared, sender);
  requireGranted(fleet, prepared, { ...sender, key: { id: waiting.signedBy } });
  // To standard error, since with --json the other is for what comes of it.
  writeProperties(cli.stderr, describeRun(waiting, trust.grants));
  const what = `${waiting.run.task} on ${waiting.orders.length === 1 ? '1 host' : `${waiting.orders.length} hosts`}`;
  await requireYes(cli, what, {
    yes: flags.yes,
    question: `Sign and send ${what}?`,
    otherwise: 'nothing was signed or sent',
  });
  await using broker = await openBroker(cli, fleet);
  await requireUnsent(broker, waiting);
  await requireOneMachine(broker, { fleet, prepared }, cli.clock);
  const signed = await cosignRun(waiting, sender);
  const celeroot = celerootFor(command);
  await submitRun(broker, signed, celeroot);
  const { json } = sharedFlags(command);
  const { detach, wait } = flags;
  const { run } = signed;
  await using driver = isRolled(run) && !detach ? await driveFrom(cli, broker, { run, fleet }) : null;
  await showRun(cli, { broker, fleet, run, json, follow: !detach, wait, celeroot, driver });
}

/** As much of it as its first signer's prepared run as the checks before it is sent want to know. */
function preparedAgain({ run, orders }: WaitingRun): Parameters<typeof requireGranted>[1] {
  const candidates = new Map(
    run.jobs.map(({ id, to, candidates: all = [] }) => [id, to.kind === 'host' ? [to.host] : all]),
  );
  return {
    task: requireTask(run.task),
    assignments: orders.map(({ job }) => ({ candidates: candidates.get(job) ?? [] })),
  };
}

function describeRun(
  { run, orders, signedBy }: WaitingRun,
  grants: readonly Grant[],
): readonly (readonly [string, string])[] {
  const name = grants.find(({ key }) => key === signedBy)?.name ?? '';
  const hosts = orders.map(({ to }) => (to.kind === 'host' ? to.host : `any host of the queue ${to.queue}`));
  const plans = run.jobs.filter(({ plan }) => plan !== undefined).length;
  const follows = run.follows === null ? '' : `; see  celeroot runs show ${run.follows.run}`;
  const kept = [...new Set(orders.flatMap(({ order }) => order.exclude))];
  return [
    ['run', run.id],
    ['task', `${run.task}${run.dryRun ? ' (dry run)' : ''}`],
    ['arguments', JSON.stringify(run.args)],
    ['target', run.target],
    ['hosts', `${hosts.length}: ${hosts.join(', ')}`],
    ...(plans === 0 ? [] : [['plans', `exactly those approved, for ${plans} of them${follows}`] as const]),
    ...(kept.length === 0 ? [] : [['left out', kept.join(', ')] as const]),
    ['signed', `by ${run.by}, with the key of ${name}, at ${formatMoment(run.createdAt)}`],
    ['expires', formatMoment(run.expiresAt)],
    ['deadline', formatDuration(run.deadlineMs)],
  ];
}
