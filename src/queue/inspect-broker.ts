import type { BrokerSettings } from '../core/broker-settings.ts';
import { judgeWay, type Finding } from './broker-fitness.ts';
import { examineBroker } from './check-broker.ts';
import { addressOf } from './connection.ts';
import { openFailFastLink } from './fail-fast-link.ts';
import { readTime } from './link.ts';

export type BrokerInspection = {
  readonly address: string;
  /** Redis' own time, milliseconds since 1970. */
  readonly time: number;
  readonly findings: readonly Finding[];
};

/**
 * Looks whether Redis is fit for celeroot and says what is wrong, without refusing anything.
 * @throws ConnectionError when it cannot be reached or does not let us in.
 */
export async function inspectBroker(settings: BrokerSettings): Promise<BrokerInspection> {
  await using link = await openFailFastLink(settings);
  const findings = await link.ask((client) => examineBroker(client, settings));
  const time = await link.ask(readTime);
  return { address: addressOf(settings), time, findings: [...findings, ...judgeWay(settings)] };
}
