import { resolve } from 'node:path';
import { Command, Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../../core/errors.ts';
import { parseDuration } from '../../core/duration.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import { KEY_KINDS, type KeyKind } from '../../trust/trust-file.ts';
import type { Cli } from '../context.ts';
import { collect, examples, sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';

export function addCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('add')
    .description('let hosts obey another key')
    .argument('<name>', 'whose key it is: lower-case letters, digits, dots, hyphens, underscores')
    .option('--public <key>', 'the public key they sent you (ed25519:…)')
    .option('--out <file>', 'make a pair and write the private key here, mode 0600')
    .addOption(
      new Option('--kind <kind>', 'operators sign orders, schedulers fire standing ones, release keys sign packages')
        .choices(KEY_KINDS)
        .default('operator'),
    )
    .option('--task <task>', 'what it may ask for (repeatable; default: everything)', collect)
    .option('--host <host>', 'on which hosts: names, globs, @role (repeatable; default: all)', collect)
    .option('--for <duration>', 'how long it is good, e.g. 90d; default: until it is revoked')
    .addHelpText(
      'after',
      examples(
        'celeroot keys add ada --out ada.key',
        'celeroot keys add clock --kind scheduler --out clock.key',
        'celeroot keys add builds --kind release --out release.key',
        "celeroot keys add night-shift --public ed25519:… --task 'apt.*' --host @webserver --for 90d",
      ),
    );
  return command.action(async (name, { public: publicKey, out, kind, task, host, for: period }) => {
    const { addKey } = await import('./add-key.ts');
    const { unmatchedWords } = await import('../../fleet/unmatched-words.ts');
    const { spreadText, tellHosts } = await import('./tell-hosts.ts');
    const fleet = await loadFleetConfig(cli, command);
    if (kind === 'release' && (task ?? host) !== undefined) {
      throw new UsageError('USAGE', 'a release key asks hosts for nothing', { hint: 'leave out --task and --host' });
    }
    const validForMs = period === undefined ? null : requireDuration(period);
    const file = out === undefined ? null : resolve(cli.cwd, out);
    const granted = { tasks: task ?? ['*'], hosts: host ?? ['*'] };
    for (const line of unmatchedWords(fleet, granted)) writeWarning(cli.stderr, line);
    const added = await addKey(fleet, {
      name,
      kind,
      source: { publicKey: publicKey ?? null, file },
      ...granted,
      validForMs,
      clock: cli.clock,
    });
    const isTold = await tellHosts(cli, fleet, added.signed);
    if (sharedFlags(command).json) {
      return writeJson(cli.stdout, { name, kind, key: added.key, file, version: added.signed.trust.version, isTold });
    }
    if (file !== null) cli.stdout.write(`wrote ${file}: the private key of ${name}; give it to nobody else\n`);
    cli.stdout.write(`${EFFECTS[kind](added.key, name)}\n${spreadText(added.signed, isTold)}`);
  });
}

const EFFECTS: Readonly<Record<KeyKind, (key: string, name: string) => string>> = {
  operator: (key, name) => `hosts will obey ${key}, as ${name}`,
  scheduler: (key, name) => `hosts will take slots of standing orders from ${key}, as ${name}`,
  release: (key, name) =>
    `hosts join sends only packages in a release signed by ${key}, as ${name}, or another such key`,
};

function requireDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms !== null && ms > 0) return ms;
  throw new UsageError('USAGE', `--for: expected a duration such as 90d, got ${JSON.stringify(text)}`, {
    hint: 'see  celeroot keys add --help',
  });
}
