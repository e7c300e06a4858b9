import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import { firstTrust, replaceRoot } from '../trust/change-trust.ts';
import { makeSigningKey } from '../trust/key.ts';
import { signTrust } from '../trust/trust-file.ts';
import type { HostPolicy } from './host-policy.ts';
import { readHostTrust, writeHostTrust } from './host-trust.ts';

const [root, next, stranger] = [makeSigningKey(), makeSigningKey(), makeSigningKey()];
const fleet = fleetNameSchema.parse('lab');
const policy: HostPolicy = { fleet, host: hostNameSchema.parse('web1'), roots: [root.id], leastTrust: 1, roles: [] };
const first = firstTrust(fleet, { root: root.id, operator: makeSigningKey().id }, 1000);
const replaced = replaceRoot(first, { old: root.id, key: next.id, now: 2000 });

const folder = (): Promise<{ path: string } & AsyncDisposable> => mkdtempDisposable(join(tmpdir(), 'celeroot-trust-'));

describe('what a host accepted', () => {
  test('is read again, also when its root was replaced since', async () => {
    await using dir = await folder();
    assert.equal(await readHostTrust(dir.path, policy), null);

    await writeHostTrust(dir.path, policy, signTrust(first, [root]));
    assert.deepEqual(await readHostTrust(dir.path, policy), first);

    await writeHostTrust(dir.path, policy, signTrust({ ...replaced, version: 3 }, [next]));
    assert.deepEqual(await readHostTrust(dir.path, policy), { ...replaced, version: 3 });
  });

  test('is forgotten when the host is given a root that has not signed it', async () => {
    await using dir = await folder();
    await writeHostTrust(dir.path, policy, signTrust(first, [root]));

    assert.equal(await readHostTrust(dir.path, { ...policy, roots: [stranger.id] }), null);
    assert.equal(await readHostTrust(dir.path, { ...policy, fleet: fleetNameSchema.parse('x') }), null);
  });

  test('is forgotten when it was damaged', async () => {
    await using dir = await folder();
    await writeHostTrust(dir.path, policy, signTrust(first, [root]));
    const file = join(dir.path, 'trust.json');
    const text = await readFile(file, 'utf8');
    // Inside the payload, whose base64 stays good.
    await writeFile(
      file,
      text.replace(/(?<=payload\\":\\".{60})./, (at) => (at === 'A' ? 'B' : 'A')),
    );

    assert.equal(await readHostTrust(dir.path, policy), null);
  });
});
