import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { examples, sharedFlags } from '../flags.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';

export function publishCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('publish')
    .description('give hosts the trust file as it is here; sending a run does so too')
    .addHelpText('after', examples('celeroot keys publish'));
  return command.action(async () => {
    const { publishTrust, requireOurs, warningOf } = await import('../../fleet/publish-trust.ts');
    const { renewTrustWhenDue } = await import('../../fleet/renew-trust-when-due.ts');
    const { readTrustFile } = await import('../../fleet/trust-on-disk.ts');
    const fleet = await loadFleetConfig(cli, command);
    const notice = await renewTrustWhenDue(fleet, cli.clock);
    if (notice !== null) writeWarning(cli.stderr, notice);
    const signed = await readTrustFile(fleet, cli.clock.now());
    await using broker = await openBroker(cli, fleet);
    const published = await publishTrust(broker, signed);
    const warning = warningOf(published);
    if (warning !== null) writeWarning(cli.stderr, warning);
    if (published.which === 'another') requireOurs(published, signed);
    const { version } = signed.trust;
    if (sharedFlags(command).json) return writeJson(cli.stdout, { version, published: published.version });
    const newer =
      published.which === 'newer'
        ? `, which is newer than the ${version} here; to take it:  ${celerootFor(command)} keys fetch`
        : '';
    cli.stdout.write(`Redis has version ${published.version} of the trust file${newer}\n`);
  });
}
