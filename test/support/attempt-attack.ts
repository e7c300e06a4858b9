import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import type { BrokerSettings } from '../../src/core/broker-settings.ts';
import type { Attack } from './host-attacks.ts';

/** What Redis, or its Lua, says to somebody who may not: not that a command was written wrongly, or found nothing. */
export const REFUSED =
  /^NOPERM|can't access at least one of the keys|can't run this command|^WRONGPASS|^NOAUTH|^EXECABORT|readonly table|not allowed from script|nonexistent global variable/;

/** What the last of some commands is answered, on a connection of its own. */
export async function attempt(settings: BrokerSettings, attack: Attack): Promise<string> {
  const { endpoint, tls, user, password } = settings;
  assert.equal(endpoint.kind, 'tcp');
  const client = new Redis({
    ...(endpoint.kind === 'tcp' ? endpoint.node : {}),
    ...(tls === null ? {} : { tls: tls.ca === null ? {} : { ca: tls.ca } }),
    username: user ?? '',
    password: password?.reveal() ?? '',
    enableReadyCheck: false,
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on('error', () => undefined);
  try {
    let answer: unknown = '';
    for (const [name = '', ...words] of attack) answer = await client.call(name, ...words).catch(String);
    return String(answer).replace(/^ReplyError: /, '');
  } finally {
    client.disconnect();
  }
}
