import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig } from '../config/fleet-config.ts';
import type { AskOptions } from '../fleet/ask-hosts.ts';
import { openLiveRegion } from '../terminal/live-region.ts';
import { span } from '../terminal/styled-line.ts';
import type { Cli } from './context.ts';
import { celerootFor } from './edit-fleet.ts';
import { openBroker } from './open-fleet.ts';
import { openSender } from './open-sender.ts';

export type Asking<T> = {
  readonly fleet: FleetConfig;
  /** In a word or two, such as `reading audit logs`. */
  readonly doing: string;
  readonly ask: (options: AskOptions) => Promise<T>;
};

/** Asks hosts, with a line on standard error that says how far it is. Ctrl-C ends the waiting. */
export async function withAskOptions<T>(
  cli: Cli,
  command: CommandUnknownOpts,
  { fleet, doing, ask }: Asking<T>,
): Promise<T> {
  const sender = await openSender(cli, fleet);
  await using broker = await openBroker(cli, fleet);
  const leave = new AbortController();
  using _interrupt = cli.onSignal('SIGINT', () => leave.abort());
  const signal = AbortSignal.any([leave.signal, cli.stdoutClosed]);
  const region = cli.stderr.isTTY ? openLiveRegion(cli.stderr) : null;
  const onProgress = (done: number, total: number): void => {
    region?.draw([], [[span(`${doing}: ${done} of ${total} hosts`, 'dim')]]);
  };
  const answer = await ask({ fleet, broker, sender, celeroot: celerootFor(command), onProgress, signal });
  region?.draw([], []);
  return answer;
}
