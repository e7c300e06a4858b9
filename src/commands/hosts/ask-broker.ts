import type { FleetConfig } from '../../config/fleet-config.ts';
import { ConnectionError } from '../../core/errors.ts';
import type { ControllerBroker } from '../../queue/broker.ts';
import { writeWarning } from '../../terminal/error.ts';
import type { Cli } from '../context.ts';
import { openBroker } from '../open-fleet.ts';

export type BrokerAnswer<T> = {
  readonly answer: T;
  /** Why the answer is without what Redis knows; null when it is whole. */
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null;
};

/**
 * Asks with the broker, or without it when Redis is away: what stands in the configuration is worth showing then too.
 * The warning goes to standard error and the exit code stays 0, since the question was answered as far as it can be.
 */
export async function askBroker<T>(
  cli: Cli,
  fleet: FleetConfig,
  ask: (broker: ControllerBroker | null) => Promise<T>,
): Promise<BrokerAnswer<T>> {
  try {
    await using broker = await openBroker(cli, fleet);
    return { answer: await ask(broker), error: null };
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    writeWarning(cli.stderr, `${error.message}; showing only what ${fleet.file} says`, error.hint);
    const { code, message, hint = null } = error;
    return { answer: await ask(null), error: { code, message, hint } };
  }
}
