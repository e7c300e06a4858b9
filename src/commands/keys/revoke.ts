import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { examples, sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';

export function revokeCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('revoke')
    .description('let no host begin anything more that a key asks for; what has begun is finished')
    .argument('<name>', 'name of the key')
    .addHelpText('after', examples('celeroot keys revoke ada'));
  return command.action(async (name) => {
    const { changeTrustFile } = await import('../../fleet/change-trust-file.ts');
    const { revokeGrant } = await import('../../trust/change-trust.ts');
    const { spreadText, tellHosts } = await import('./tell-hosts.ts');
    const fleet = await loadFleetConfig(cli, command);
    const signed = await changeTrustFile(fleet, {
      clock: cli.clock,
      change: (trust, _root, now) => revokeGrant(trust, name, now),
    });
    const isTold = await tellHosts(cli, fleet, signed);
    if (sharedFlags(command).json) {
      return writeJson(cli.stdout, { revoked: name, version: signed.trust.version, isTold });
    }
    cli.stdout.write(`revoked the key of ${name}\n${spreadText(signed, isTold)}`);
  });
}
