import type { Command } from 'ioredis';
import type { Client } from './connection.ts';

/**
 * Notes the commands that wait on a connection for a job, and fails them when told to. ioredis forgets what was sent
 * when Redis does not take the password on a new connection, and BullMQ would wait for it for minutes.
 */
export function watchWaits(client: Client): { readonly end: () => void } {
  const waiting = new Set<Command>();
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command: Command, stream?: Parameters<Client['sendCommand']>[1]) => {
    if (command.name.toLowerCase() === 'bzpopmin') {
      waiting.add(command);
      const forget = (): void => void waiting.delete(command);
      command.promise.then(forget, forget);
    }
    return send(command, stream);
  };
  return {
    end: () => {
      for (const command of waiting) command.reject(new Error(CLOSED));
    },
  };
}

/** By these words of ioredis BullMQ knows that it need not try again when it closes. */
const CLOSED = 'Connection is closed.';
