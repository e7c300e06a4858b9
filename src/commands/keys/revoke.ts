import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { asTyped } from '../../terminal/as-typed.ts';
import { writeJson } from '../../terminal/json.ts';
import { kindOf } from '../../trust/trust-file.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { examples, sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { requireYes } from '../require-yes.ts';

export function revokeCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('revoke')
    .description('let no host begin anything more that a key asks for; what has begun is finished')
    .argument('<name>', 'name of the key')
    .option('-y, --yes', 'do not ask, also when it is the key that this controller signs with')
    .addHelpText('after', examples('celeroot keys revoke ada'));
  return command.action(async (name, { yes = false }) => {
    const { changeTrustFile } = await import('../../fleet/change-trust-file.ts');
    const { fileInUse, howToReplace } = await import('../../fleet/key-in-use.ts');
    const { readTrustFile } = await import('../../fleet/trust-on-disk.ts');
    const { revokeGrant } = await import('../../trust/change-trust.ts');
    const { spreadText, tellHosts } = await import('./tell-hosts.ts');
    const fleet = await loadFleetConfig(cli, command);
    const { trust } = await readTrustFile(fleet, cli.clock.now());
    const grant = trust.grants.find((each) => each.name === name && each.revokedAt === null);
    const file = grant === undefined ? null : await fileInUse(fleet, grant.key);
    if (file !== null) await requireYes(cli, `revoke ${name}, with whose key ${file} this controller signs`, { yes });
    const signed = await changeTrustFile(fleet, {
      clock: cli.clock,
      change: (trust, _root, now) => revokeGrant(trust, name, now),
    });
    const isTold = await tellHosts(cli, fleet, signed);
    if (sharedFlags(command).json) {
      return writeJson(cli.stdout, { revoked: name, version: signed.trust.version, isTold });
    }
    cli.stdout.write(`revoked the key of ${name}\n${spreadText(signed, isTold)}`);
    if (grant !== undefined && file !== null) {
      const line = asTyped(howToReplace(file, kindOf(grant)), celerootFor(command));
      cli.stdout.write(`nothing is signed here with it any more; to give this controller another:\n  ${line}\n`);
    }
  });
}
