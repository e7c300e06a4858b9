import type { BrokerSettings } from '../core/broker-settings.ts';
import { readBroker } from './read-broker.ts';
import { brokerSchema } from './schema.ts';

/** Where Redis is by the broker section of a join token; null when it is none. Environment and files do not matter. */
export function tokenBroker(section: unknown): BrokerSettings | null {
  const parsed = brokerSchema.omit({ ca_file: true, password_file: true }).safeParse(section);
  return parsed.success ? readBroker(parsed.data, { folder: '/', env: {} }).settings : null;
}
