import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Role } from '../config/fleet-config.ts';
import { hostNameSchema, queueNameSchema, roleNameSchema } from '../core/names.ts';
import { queuesOf } from './queues-of.ts';

const host = hostNameSchema.parse('web1');

function role(name: string, concurrency: number, queues: readonly string[] = [name]): Role {
  return {
    name: roleNameSchema.parse(name),
    description: null,
    queues: queues.map((queue) => queueNameSchema.parse(queue)),
    concurrency,
    tasks: ['*'],
    exclude: [],
    maxUnavailable: null,
  };
}

function shares(...roles: readonly Role[]): readonly string[] {
  return queuesOf({ host, roles }).map(({ queue, concurrency }) => {
    return `${queue.kind === 'host' ? queue.host : queue.queue} ${concurrency}`;
  });
}

describe('a host serves', () => {
  test('its own queue with the highest concurrency of its roles, and theirs with their own', () => {
    assert.deepEqual(shares(role('web', 2), role('db', 7)), ['web1 7', 'web 2', 'db 7']);
  });

  test('a queue that several of its roles name once, with the highest concurrency of those', () => {
    assert.deepEqual(shares(role('web', 2, ['all', 'web']), role('db', 3, ['all'])), ['web1 3', 'all 3', 'web 2']);
  });

  test('its own queue, one job at a time, when its roles say nothing', () => {
    assert.deepEqual(shares(), ['web1 1']);
  });
});
