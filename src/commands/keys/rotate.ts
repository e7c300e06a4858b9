import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../../core/errors.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { examples, sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';

export function rotateCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('rotate')
    .description('replace a key by a new one that may do the same, and revoke the old one')
    .argument('[name]', 'name of the key whose private half is the fleet’s signing key')
    .option('--root', 'replace the root key; hosts follow by themselves')
    .addHelpText('after', examples('celeroot keys rotate operator', 'celeroot keys rotate --root'));
  return command.action(async (name, { root = false }) => {
    if (root === (name !== undefined)) {
      throw new UsageError('USAGE', 'give the name of a key, or --root', { hint: 'see  celeroot keys rotate --help' });
    }
    const { rotateOperatorKey, rotateRootKey } = await import('./rotate-key.ts');
    const { spreadText, tellHosts } = await import('./tell-hosts.ts');
    const fleet = await loadFleetConfig(cli, command);
    const rotated =
      name === undefined ? await rotateRootKey(fleet, cli) : await rotateOperatorKey(fleet, name, cli.clock);
    const isTold = await tellHosts(cli, fleet, rotated.signed);
    const { key, file, old, signed } = rotated;
    if (sharedFlags(command).json) {
      return writeJson(cli.stdout, { key, file, old, version: signed.trust.version, isTold });
    }
    cli.stdout.write(`wrote ${file}: the new private key; the old one is ${old}, good for nothing once hosts know\n`);
    cli.stdout.write(`its public half is ${key}\n${spreadText(signed, isTold)}`);
  });
}
