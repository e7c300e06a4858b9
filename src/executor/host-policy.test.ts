import assert from 'node:assert/strict';
import { mkdtempDisposable, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fleetNameSchema, hostNameSchema, queueNameSchema, roleNameSchema } from '../core/names.ts';
import { readHostPolicy, writeHostPolicy, type HostPolicy } from './host-policy.ts';
import { beginLedger, readLedgerBirth } from './ledger-birth.ts';

const folder = (): Promise<{ path: string } & AsyncDisposable> => mkdtempDisposable(join(tmpdir(), 'celeroot-policy-'));
const policy: HostPolicy = {
  fleet: fleetNameSchema.parse('lab'),
  host: hostNameSchema.parse('web1'),
  roots: [`ed25519:${'A'.repeat(43)}=`],
  leastTrust: 1,
  roles: [
    { name: roleNameSchema.parse('web'), queues: [queueNameSchema.parse('web')], tasks: ['apt.*'], exclude: ['php*'] },
  ],
};

describe('the policy of a host', () => {
  test('is read as it was written, and is for root alone', async () => {
    await using dir = await folder();

    await writeHostPolicy(dir.path, policy);

    assert.deepEqual(await readHostPolicy(dir.path), policy);
    assert.equal((await stat(join(dir.path, 'host.json'))).mode & 0o777, 0o600);
  });

  for (const text of ['', '{', '{"fleet":"lab"}']) {
    test(`that reads ${JSON.stringify(text)} is an error, not an empty policy`, async () => {
      await using dir = await folder();
      await writeFile(join(dir.path, 'host.json'), text);

      await assert.rejects(readHostPolicy(dir.path), { code: 'CONFIG_UNREADABLE', hint: /start the worker/ });
    });
  }
});

describe('the birth of a ledger', () => {
  test('stays what it was', async () => {
    await using dir = await folder();

    assert.equal(await readLedgerBirth(dir.path), null);
    assert.deepEqual([await beginLedger(dir.path, 1000), await beginLedger(dir.path, 2000)], [1000, 1000]);
    assert.equal(await readLedgerBirth(dir.path), 1000);
  });

  test('that cannot be read is none', async () => {
    await using dir = await folder();
    await writeFile(join(dir.path, 'birth'), 'yesterday');

    assert.equal(await readLedgerBirth(dir.path), null);
  });
});
