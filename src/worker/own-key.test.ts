import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { jobIdFor, makeRunId } from '../core/ids.ts';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import { replaceHostKey } from '../executor/host-key.ts';
import { readKeyOffer } from '../trust/key-offer.ts';
import { makeSigningKey } from '../trust/key.ts';
import { openOwnKey, type OwnKey } from './own-key.ts';

const [fleet, host] = [fleetNameSchema.parse('test'), hostNameSchema.parse('web1')];
const [job, later] = [1, 2].map((at) => jobIdFor(makeRunId(at, new Uint8Array(10)), host));

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'celeroot-own-key-'));
});
afterEach(async () => await rm(stateDir, { recursive: true }));

const open = async (): Promise<OwnKey> =>
  await openOwnKey(stateDir, { fleet, host, roots: [], leastTrust: 1, roles: [] });
const nothing = async (): Promise<void> => undefined;

async function offered(key: OwnKey, by = job): Promise<string> {
  const asked = by ?? assert.fail();
  const to = await readKeyOffer(await key.offer(asked), { fleet, host, job: asked, from: key.current().id });
  return to ?? assert.fail('no offer');
}

test('a key that is offered is on disk for its owner alone, and not in use', async () => {
  const key = await open();
  const before = key.current().id;

  const next = await offered(key);

  assert.notEqual(next, before);
  assert.equal(key.current().id, before);
  assert.equal((await stat(join(stateDir, 'host.key.next'))).mode & 0o777, 0o600);
  assert.equal(await offered(key, later), next, 'whoever asks again is offered the same');
  const after = await open();
  assert.equal(after.current().id, before);
  assert.equal(await offered(after, later), next, 'and so after a restart');
});

test('a key is taken once, and stays taken; the old one is gone', async () => {
  const key = await open();
  const [before, next] = [key.current().id, await offered(key)];
  const replaced = key.replaced();
  const told: string[] = [];
  const tell = async (was: string): Promise<void> => void told.push(was);

  const taken = await Promise.all([key.take(next, tell), key.take(next, tell)]);

  assert.deepEqual([taken, told], [[true, true], [before]]);
  assert.equal(key.current().id, next);
  assert.deepEqual([replaced.aborted, key.replaced().aborted], [true, false]);
  assert.deepEqual(await readdir(stateDir), ['host.key']);
  assert.equal((await open()).current().id, next);
  assert.equal(await key.take(before, tell), false, 'there is no way back');
  assert.notEqual(await offered(key, later), next);
});

test('what was not offered is not taken', async () => {
  const key = await open();
  const before = key.current().id;
  assert.equal(await key.take(makeSigningKey().id, nothing), false);
  await offered(key);
  assert.equal(await key.take(makeSigningKey().id, nothing), false);
  assert.equal(await key.take(before, nothing), true, 'the present one is taken already');
  assert.equal((await open()).current().id, before);
});

test('when it cannot be written down, the old key stays', async () => {
  const key = await open();
  const [before, next] = [key.current().id, await offered(key)];
  const fail = async (): Promise<void> => await Promise.reject(new RangeError('the disk is full'));

  await assert.rejects(key.take(next, fail), RangeError);

  assert.equal(key.current().id, before);
  assert.equal((await open()).current().id, before);
  assert.equal(await key.take(next, nothing), true, 'and it can be taken later');
});

test('a host that gets a new key by hand forgets what it has offered', async () => {
  const next = await offered(await open());
  await replaceHostKey(stateDir);
  assert.equal(await (await open()).take(next, nothing), false);
});
