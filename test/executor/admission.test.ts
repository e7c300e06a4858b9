import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { roleNameSchema } from '../../src/core/names.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { writeHostPolicy } from '../../src/executor/host-policy.ts';
import { beginAttempt, createJobFolder, jobFolder, readOutcome, readStarted } from '../../src/executor/job-folder.ts';
import { launchExecutor } from '../../src/executor/launch-executor.ts';
import { writeHostTrust } from '../../src/executor/host-trust.ts';
import { beginLedger } from '../../src/executor/ledger-birth.ts';
import type { Order } from '../../src/trust/order.ts';
import { signOrder } from '../../src/trust/sign-order.ts';
import { signTrust } from '../../src/trust/trust-file.ts';
import { makeSigningKey } from '../../src/trust/key.ts';
import { fleetName, makeFleet, newOrder, web1 } from '../support/fleet.ts';
import { waitUntil } from '../support/redis.ts';
import { CELEROOT } from '../support/worker.ts';

const MINUTE_MS = 60_000;
const fleet = makeFleet();
const { key } = fleet;

test('the executor does what a signed order says', async (t) => {
  const { execute } = await setUp(t);
  const order = newOrder();

  const outcome = await execute(order, signOrder(order, key));

  assert.equal(outcome.status, 'unchanged');
  assert.equal(outcome.failure, null);
});

test('an order that was altered in its folder is refused', async (t) => {
  const { execute } = await setUp(t);
  const order = newOrder();
  const altered = signOrder(order, key).replace(/(?<="payload":".{40})./, (at) => (at === 'A' ? 'B' : 'A'));

  const { failure } = await execute(order, altered);

  assert.equal(failure?.kind, 'order_refused');
  assert.match(failure.message, /^BAD_SIGNATURE: /);
});

test('an order signed by somebody else is refused', async (t) => {
  const { execute } = await setUp(t);
  const order = newOrder();

  const { failure } = await execute(order, signOrder(order, makeSigningKey()));

  assert.equal(failure?.kind, 'order_refused');
  assert.match(failure.message, /^UNKNOWN_KEY: /);
});

test('the order of one job does not run as another', async (t) => {
  const { execute } = await setUp(t);
  const done = newOrder();

  const { failure } = await execute(newOrder(), signOrder(done, key));

  assert.equal(failure?.kind, 'order_refused');
  assert.equal(failure.message, `the order is that of job ${done.id}`);
});

test('an order that expired before it began is not begun', async (t) => {
  const { execute } = await setUp(t);
  const now = Date.now();
  const order = newOrder({ issuedAt: now - 2 * MINUTE_MS, expiresAt: now - MINUTE_MS });

  const { failure } = await execute(order, signOrder(order, key));

  assert.match(failure?.message ?? '', /^EXPIRED: /);
});

test('an order that expired after it began is finished', async (t) => {
  const { execute, stateDir } = await setUp(t);
  const now = Date.now();
  const order = newOrder({ issuedAt: now - 3 * MINUTE_MS, expiresAt: now - MINUTE_MS });
  const folder = jobFolder(stateDir, order.id);
  await createJobFolder(folder, signOrder(order, key));
  await beginAttempt(folder, { bootId: 'before the crash', pid: 1, startTime: '1' }, now - 2 * MINUTE_MS);

  const outcome = await execute(order, signOrder(order, key));

  assert.equal(outcome.status, 'unchanged');
  assert.equal(readStarted(folder)?.attempt, 2);
});

test('a task that the host’s roles have not allowed since is refused', async (t) => {
  const { execute } = await setUp(t, ['apt.*']);
  const order = newOrder();

  const { failure } = await execute(order, signOrder(order, key));

  assert.match(failure?.message ?? '', /^TASK_NOT_ALLOWED: /);
});

test('without the host’s policy nothing runs', async (t) => {
  const { execute, stateDir } = await setUp(t);
  await rm(join(stateDir, 'host.json'));
  const order = newOrder();

  const { failure } = await execute(order, signOrder(order, key));

  assert.equal(failure?.kind, 'config_unreadable');
});

test('what the host’s owner denies is refused, and so is everything while his policy is broken', async (t) => {
  const { execute, policyFile } = await setUp(t);
  const install = { task: 'apt.install', args: { packages: ['jq'] } };
  const attempt = async (order: Order): Promise<string> => {
    const { failure } = await execute(order, signOrder(order, key));
    return /^\w+/.exec(failure?.message ?? 'done')?.[0] ?? '';
  };

  await writeFile(policyFile, 'version: 1\ndeny: {tasks: [apt.install]}\n');
  assert.equal(await attempt(newOrder(install)), 'POLICY_DENIED');
  assert.equal(await attempt(newOrder()), 'done');
  await writeFile(policyFile, 'version: 1\ntwo_signers: [apt.*]\n');
  assert.equal(await attempt(newOrder(install)), 'SECOND_SIGNER_NEEDED');
  await writeFile(policyFile, 'version: 1\ndeny: {task: [apt.install]}\n');
  assert.equal(await attempt(newOrder(install)), 'POLICY_UNUSABLE');
});

test('what may not begin at this hour is refused', async (t) => {
  const { execute, policyFile } = await setUp(t);
  await writeFile(policyFile, `version: 1\nhours: [{from: '${hourFromNow(6)}', to: '${hourFromNow(7)}'}]\n`);
  const order = newOrder({ task: 'apt.install', args: { packages: ['jq'] } });

  const { failure } = await execute(order, signOrder(order, key));

  assert.match(failure?.message ?? '', /^OUTSIDE_HOURS: /);
});

test('without the ledger’s birth nothing runs', async (t) => {
  const { execute, stateDir } = await setUp(t);
  await rm(join(stateDir, 'birth'));
  const order = newOrder();

  const { failure } = await execute(order, signOrder(order, key));

  assert.match(failure?.message ?? '', /^BEFORE_LEDGER: /);
});

type Scene = {
  readonly stateDir: string;
  /** Where the owner’s policy may be. */
  readonly policyFile: string;
  /** Starts an executor for the order, under its id, as the worker does and waits for the outcome. */
  readonly execute: (order: Order, envelope: string) => Promise<Outcome>;
};

async function setUp(t: TestContext, tasks: readonly string[] = ['*']): Promise<Scene> {
  const stateDir = await mkdtemp(join(tmpdir(), 'celeroot-admission-'));
  t.after(async () => await rm(stateDir, { recursive: true }));
  const role = { ...ROLE, tasks: [...tasks] };
  const policyFile = join(stateDir, 'policy.yaml');
  const policy = {
    fleet: fleetName,
    host: web1,
    roots: fleet.trust.roots,
    leastTrust: 1,
    roles: [role],
    ownerPolicy: policyFile,
  };
  await writeHostPolicy(stateDir, policy);
  await writeHostTrust(stateDir, policy, signTrust(fleet.trust, [fleet.root]));
  await beginLedger(stateDir, Date.now() - 60 * MINUTE_MS);
  const execute = async (order: Order, envelope: string): Promise<Outcome> => {
    const folder = jobFolder(stateDir, order.id);
    await createJobFolder(folder, envelope);
    await launchExecutor(folder, CELEROOT);
    let outcome: Outcome | null = null;
    await waitUntil(async () => (outcome = await readOutcome(folder)) !== null, `the outcome of ${order.id}`);
    return outcome ?? assert.fail();
  };
  return { stateDir, policyFile, execute };
}

/** The hour of the local day that many hours from now. */
function hourFromNow(hours: number): string {
  return `${String((new Date().getHours() + hours) % 24).padStart(2, '0')}:00`;
}

const ROLE = { name: roleNameSchema.parse('web'), queues: [], exclude: [] };
