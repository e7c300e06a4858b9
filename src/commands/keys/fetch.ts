import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { examples, sharedFlags } from '../flags.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';

export function fetchCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('fetch')
    .description('take over the trust file that hosts obey, as another controller changed it or a backup lacks it')
    .addHelpText('after', examples('celeroot keys fetch'));
  return command.action(async () => {
    const { fetchTrust } = await import('../../fleet/fetch-trust.ts');
    const fleet = await loadFleetConfig(cli, command);
    await using broker = await openBroker(cli, fleet);
    const fetched = await fetchTrust(broker, fleet, cli);
    if (sharedFlags(command).json) return writeJson(cli.stdout, { file: fleet.trustFile, ...fetched });
    const { version, changes } = fetched;
    cli.stdout.write(
      changes === null
        ? `${fleet.trustFile} is what hosts obey already: version ${version}\n`
        : `wrote ${fleet.trustFile}: version ${version} (${changes})\n`,
    );
  });
}
