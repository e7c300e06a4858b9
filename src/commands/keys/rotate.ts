import { resolve } from 'node:path';
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../../core/errors.ts';
import type { Target } from '../../core/host-selector.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { collect, examples, sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import type { NamedKey } from './rotate-key.ts';

export function rotateCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('rotate')
    .description('replace a key by a new one that may do the same, and revoke the old one; or the keys of hosts')
    .argument('[name]', 'name of a key of the trust file')
    .option('--key <file>', 'where its private half is (default: signing_key; of a scheduler’s key scheduler_key)')
    .option('--root', 'replace the root key; hosts follow by themselves')
    .option('--host <name|glob>', 'replace the keys of these hosts, by which they are believed (repeatable)', collect)
    .option('--role <role>', 'of all hosts of the role (repeatable)', collect)
    .option('--all', 'of all hosts of the fleet')
    .option('--exclude <name|glob|@role>', 'leave these hosts out (repeatable)', collect)
    .addHelpText(
      'after',
      `\nHosts have to be on. One that goes off meanwhile is believed by either key until the same command is given again.\nWhere a host’s key may be in other hands:  celeroot hosts join HOST --new-secrets\n${examples(
        'celeroot keys rotate operator',
        'celeroot keys rotate builds --key release.key',
        'celeroot keys rotate --root',
        'celeroot keys rotate --host web1',
        'celeroot keys rotate --all --exclude @db',
      )}`,
    );
  return command.action(async (name, { root = false, key: file, ...hosts }) => {
    const target = targetOf(hosts);
    const chosen = [root, name !== undefined, target !== null].filter(Boolean);
    if (chosen.length !== 1) {
      throw new UsageError('USAGE', 'give the name of a key, or --root, or which hosts', {
        hint: 'see  celeroot keys rotate --help',
      });
    }
    if (file !== undefined && name === undefined) {
      throw new UsageError('USAGE', '--key is where the private half of a named key is', {
        hint: 'for example  celeroot keys rotate builds --key release.key',
      });
    }
    const named = name === undefined ? null : { name, file: file === undefined ? null : resolve(cli.cwd, file) };
    if (target === null) return await rotateOwnKey(cli, command, named);
    const { rotateHosts } = await import('./rotate-hosts.ts');
    await rotateHosts(cli, command, target);
  });
}

type HostFlags = { readonly [Flag in 'host' | 'role' | 'exclude']?: readonly string[] } & { readonly all?: boolean };

/** Null when no hosts are meant. */
function targetOf({ host: hosts = [], role: roles = [], exclude = [], all = false }: HostFlags): Target | null {
  const isNone = hosts.length + roles.length + exclude.length === 0 && !all;
  return isNone ? null : { hosts, roles, exclude, all };
}

/** The key of that name, or with null the root key. */
async function rotateOwnKey(cli: Cli, command: CommandUnknownOpts, named: NamedKey | null): Promise<void> {
  const { rotateNamedKey, rotateRootKey } = await import('./rotate-key.ts');
  const { spreadText, tellHosts } = await import('./tell-hosts.ts');
  const fleet = await loadFleetConfig(cli, command);
  const rotated = named === null ? await rotateRootKey(fleet, cli) : await rotateNamedKey(fleet, named, cli.clock);
  const isTold = await tellHosts(cli, fleet, rotated.signed);
  const { key, file, old, signed } = rotated;
  if (sharedFlags(command).json) {
    return writeJson(cli.stdout, { key, file, old, version: signed.trust.version, isTold });
  }
  cli.stdout.write(`wrote ${file}: the new private key; the old one is ${old}, good for nothing once hosts know\n`);
  cli.stdout.write(`its public half is ${key}\n${spreadText(signed, isTold)}`);
}
