import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { namedHost } from '../../config/named-host.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { examples, sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';

export function workerFileCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('worker-file')
    .description('print the file a host’s worker is started with; there is no password in it')
    .argument('<name>', 'name of the host')
    .addHelpText(
      'after',
      examples(
        'celeroot hosts worker-file web3',
        "celeroot hosts worker-file web3 | ssh root@web3 'umask 077 && cat > /etc/celeroot/worker.yaml'",
      ),
    );
  return command.action(async (name) => {
    const { renderWorkerFile } = await import('../../config/worker-file.ts');
    const { readTrustFile } = await import('../../fleet/trust-on-disk.ts');
    const { warnOfBroker } = await import('../../fleet/join-steps.ts');
    const config = await loadFleetConfig(cli, command);
    const host = namedHost(config, name);
    const { trust } = await readTrustFile(config, cli.clock.now());
    const text = renderWorkerFile(config, host, { leastTrust: trust.version });
    const warning = warnOfBroker(config);
    if (sharedFlags(command).json) return writeJson(cli.stdout, { host: name, text, warning });
    cli.stdout.write(text);
    if (warning !== null) writeWarning(cli.stderr, warning);
  });
}
