import { Cluster, type Redis } from 'ioredis';
import type { Client } from './connection.ts';

export type AnswerLimit = {
  /** Begins to count, before something is asked; resolves once more has come, when the connection is cut. */
  readonly passed: () => Promise<null>;
};

/**
 * Cuts the connection of a client to which more comes than this: what it parses it keeps in memory until it is whole.
 * For a client that asks one thing at a time, and is disconnected when it is cut.
 */
export function limitAnswers(client: Client, mostBytes: number): AnswerLimit {
  let bytes = 0;
  let cut = Promise.withResolvers<null>();
  const watch = ({ stream }: Redis): void => {
    stream.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= mostBytes) return;
      stream.destroy();
      cut.resolve(null);
    });
  };
  const watchEach = (node: Redis): void => {
    if (['connect', 'ready'].includes(node.status)) watch(node);
    node.on('connect', () => watch(node));
  };
  const nodes = client instanceof Cluster ? client.nodes('all') : [client];
  nodes.forEach(watchEach);
  if (client instanceof Cluster) client.on('+node', watchEach);
  return {
    passed: () => {
      bytes = 0;
      cut = Promise.withResolvers();
      return cut.promise;
    },
  };
}
