import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInClear } from './broker-settings.ts';

test('only without TLS, and to another machine, does anything pass in clear', () => {
  const at = (host: string) => ({ kind: 'tcp', node: { host, port: 6379 } }) as const;
  const nodes = [at('localhost').node, at('192.0.2.2').node];

  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1']) {
    assert.equal(isInClear({ endpoint: at(host), tls: null }), false, host);
  }
  assert.equal(isInClear({ endpoint: { kind: 'socket', path: '/x' }, tls: null }), false);
  for (const endpoint of [
    at('192.0.2.2'),
    { kind: 'cluster', nodes },
    { kind: 'sentinel', nodes, master: 'm' },
  ] as const) {
    assert.equal(isInClear({ endpoint, tls: null }), true, endpoint.kind);
    assert.equal(isInClear({ endpoint, tls: { ca: null } }), false, endpoint.kind);
  }
});
