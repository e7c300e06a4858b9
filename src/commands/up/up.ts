import { Command, Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig } from '../../config/fleet-config.ts';
import { namedHost } from '../../config/named-host.ts';
import { formatNode } from '../../core/broker-settings.ts';
import { embeddedFolder } from '../../core/embedded-files.ts';
import { UsageError } from '../../core/errors.ts';
import type { HostName } from '../../core/names.ts';
import type { LocalWorker } from '../../fleet/local-worker.ts';
import { writeJsonLine } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { examples, sharedFlags } from '../flags.ts';
import { openBroker } from '../open-fleet.ts';
import { nextSteps } from './next-steps.ts';
import { findOrMakeFleet, recordOwnKey, thisHost } from './find-or-make-fleet.ts';
import { offerRedisServer } from './offer-redis-server.ts';
import { requireSameOrders } from './require-same-orders.ts';
import { startRedis } from './start-redis.ts';

export function upCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('up')
    .description('all in one: make this machine a fleet of one, with its own Redis and worker')
    .option('--host <name>', 'which host of the fleet this machine is; default: its own name')
    .option('-y, --yes', 'install Debian’s redis-server without asking when it is missing')
    .option('--only-start', 'start Redis and the worker, and do not look at packages')
    .addOption(
      new Option('--print-unit', 'print the systemd unit that does so at each boot, and do nothing else').conflicts([
        'yes',
        'onlyStart',
      ]),
    )
    .addHelpText('after', `\nStops with: celeroot down\n${examples('celeroot up', 'celeroot up --yes', AT_BOOT)}`);
  return command.action(async ({ host, yes, onlyStart, printUnit }) => {
    const asked = host ?? null;
    const { bootSteps, printBootUnit } = await import('./boot-unit.ts');
    if (printUnit === true) return await printBootUnit(cli, command, asked);
    if (process.getuid?.() !== 0) {
      throw new UsageError('NOT_ROOT', 'celeroot up starts a worker that updates package lists, and that needs root', {
        hint: 'sudo celeroot up',
      });
    }
    await offerRedisServer(cli, yes === true);
    const found = await findOrMakeFleet(cli, command);
    const name = thisHost(command, found, asked);
    const broker = await startRedis(cli, found);
    const fleet = await recordOwnKey(cli, found, name);
    await startLocal(cli, command, { fleet, host: name, broker });
    if (onlyStart === true) return;
    await firstRuns(cli, command, { fleet, host: name });
    if (sharedFlags(command).json) return;
    cli.stdout.write(
      `\n${nextSteps({ fleet, host: namedHost(fleet, name), celeroot: celerootFor(command) })}\n${bootSteps(command, asked)}`,
    );
  });
}

const AT_BOOT = 'celeroot up --print-unit > /etc/systemd/system/celeroot-up.service';

type Here = { readonly fleet: FleetConfig; readonly host: HostName };

/** Starts the worker beside the Redis that was started, or was there. */
async function startLocal(
  cli: Cli,
  command: CommandUnknownOpts,
  { fleet, host, broker }: Here & { readonly broker: boolean },
): Promise<void> {
  const { awaitLocalWorker, localWorkerLog, startLocalWorker } = await import('../../fleet/local-worker.ts');
  const { json } = sharedFlags(command);
  const worker: LocalWorker = { host, configFile: fleet.file, stateDir: cli.stateDir, self: cli.self };
  const started = await startLocalWorker(worker);
  if (!started) await requireSameOrders(cli, worker, celerootFor(command));
  await using connected = await openBroker(cli, fleet);
  await awaitLocalWorker(connected, worker, fleet);
  const listens = fleet.broker.listen === null ? null : formatNode(fleet.broker.listen.node);
  if (json) {
    const up = { config: fleet.file, host, started: { broker, worker: started }, listens };
    return writeJsonLine(cli.stdout, { up });
  }
  cli.stdout.write(`${broker ? 'started Redis' : 'Redis runs already'} (data in ${embeddedFolder(cli.stateDir)})\n`);
  if (listens !== null) cli.stdout.write(`Redis listens at ${listens}, with TLS\n`);
  cli.stdout.write(
    `${started ? `started the worker of ${host}` : `the worker of ${host} runs already`} (log in ${localWorkerLog(cli.stateDir)})\n\n`,
  );
}

const HOUR_MS = 3_600_000;

/** What a newcomer wants to see first, through the whole path; neither task changes an installed package. */
async function firstRuns(cli: Cli, command: CommandUnknownOpts, { fleet, host }: Here): Promise<void> {
  const { prepareRun } = await import('../../fleet/prepare-run.ts');
  const { readSender } = await import('../../fleet/read-sender.ts');
  const { sendRun } = await import('../run/start-run.ts');
  const sender = await readSender(fleet, cli);
  await using broker = await openBroker(cli, fleet);
  const target = { roles: [], hosts: [host], all: false, exclude: [] };
  for (const task of ['apt.update', 'apt.list-upgradable']) {
    const prepared = prepareRun(fleet, {
      task,
      args: {},
      to: { kind: 'hosts', target },
      dryRun: false,
      expiresInMs: HOUR_MS,
      deadlineMs: HOUR_MS,
    });
    await sendRun(cli, command, {
      fleet,
      broker,
      sender,
      prepared,
      flags: { detach: false, wait: false, secondSigner: false },
    });
  }
}
