import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../core/errors.ts';
import { type FleetName, fleetNameSchema } from '../core/names.ts';
import { quoteWord } from '../core/quote-word.ts';
import type { MadeFleet } from '../fleet/make-fleet.ts';
import { writeJson } from '../terminal/json.ts';
import type { Cli } from './context.ts';
import { shownPath } from './edit-fleet.ts';
import { examples, sharedFlags } from './flags.ts';

export function initCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('init')
    .description('write a starting celeroot.yaml and the key that signs orders; overwrites nothing')
    .option('--fleet <name>', 'name of the fleet, part of every signed order; default: this machine’s name')
    .option('--broker <url>', 'redis://, rediss:// or unix:// address; default: celeroot’s own Redis on this machine')
    .addHelpText('after', examples('celeroot init', 'celeroot init --broker rediss://redis.example.org:6380'));
  return command.action(async ({ fleet, broker = null }) => {
    const { makeFleet } = await import('../fleet/make-fleet.ts');
    const { config, json } = sharedFlags(command);
    const file = resolve(cli.cwd, config ?? (cli.env['CELEROOT_CONFIG'] || 'celeroot.yaml'));
    if (broker !== null) await requireBroker(cli, broker, file);
    const made = await makeFleet({ file, fleet: fleetName(fleet), brokerUrl: broker, host: null }, cli);
    if (json) return writeJson(cli.stdout, made);
    tell(cli, made);
  });
}

/** @throws UsageError with what is wrong with the address, in which nothing of it is quoted: it may hold a password. */
async function requireBroker(cli: Cli, url: string, file: string): Promise<void> {
  const { readBroker } = await import('../config/read-broker.ts');
  const [finding] = readBroker({ url }, { folder: dirname(file), env: cli.env }).findings;
  if (finding === undefined) return;
  const key = finding.path.at(-1);
  throw new UsageError('USAGE', `--broker: ${key === 'url' ? '' : `${key} `}${finding.message}`, {
    hint: 'for example  celeroot init --broker rediss://redis.example.org:6380',
  });
}

function fleetName(typed: string | undefined): FleetName {
  const parsed = fleetNameSchema.safeParse(typed ?? hostname().toLowerCase());
  if (parsed.success) return parsed.data;
  if (typed === undefined) return fleetNameSchema.parse('main');
  const reason = parsed.error.issues[0]?.message ?? 'not allowed';
  throw new UsageError('USAGE', `--fleet: ${reason}, got ${JSON.stringify(typed)}`, {
    hint: 'see  celeroot init --help',
  });
}

function tell(cli: Cli, { file, rootKeyFile, keyFile, trustFile, root }: MadeFleet): void {
  const inPlace = dirname(file) === cli.cwd || dirname(file) === '/etc/celeroot';
  const celeroot = inPlace ? 'celeroot' : `celeroot --config ${quoteWord(shownPath(cli, file))}`;
  cli.stdout.write(
    [
      `wrote ${shownPath(cli, file)}`,
      `wrote ${shownPath(cli, keyFile)}: your private key, which signs orders`,
      `wrote ${shownPath(cli, trustFile)}: whom hosts obey, so far your key (celeroot keys ls)`,
      `wrote ${shownPath(cli, rootKeyFile)}: the private root key, which signs that. Keep a copy in a safe place.`,
      `Hosts will pin its public half, ${root}.`,
      '',
      'Next:',
      `  ${celeroot} config edit                                           look through the file`,
      `  ${celeroot} hosts add NAME --address ADDRESS --role server        add a host, and see how to join it`,
      '',
    ].join('\n'),
  );
}
