import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import * as z from 'zod';
import { editText, type Edit } from '../../src/config/edit.ts';
import type { Host } from '../../src/config/fleet-config.ts';
import { loadFleet } from '../../src/config/load.ts';
import { namedHost } from '../../src/config/named-host.ts';
import { changeConfig } from '../../src/config/write-config.ts';
import { jobIdFor, runIdSchema, type RunId } from '../../src/core/ids.ts';
import type { Json } from '../../src/core/json.ts';
import type { Presence } from '../../src/core/presence.ts';
import type { ReportEvent } from '../../src/core/report.ts';
import type { ControllerBroker, WorkerBroker } from '../../src/queue/broker.ts';
import { openControllerBroker, openWorkerBroker } from '../../src/queue/open.ts';
import { signStatement } from '../../src/trust/host-statement.ts';
import { readSigningKey } from '../../src/trust/key-file.ts';
import { signKeyOffer, type KeyPair } from '../../src/trust/key-offer.ts';
import { makeSigningKey, type SigningKey } from '../../src/trust/key.ts';
import { sealReport } from '../../src/trust/sign-report.ts';
import { host as hostNamed } from '../support/broker-data.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { startCliWorker } from '../support/cli-worker.ts';
import { fleetName } from '../support/fleet.ts';
import { hostKeyFile, makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { outcome } from '../support/run-fixture.ts';
import { startRedis, waitUntil, type TestRedis } from '../support/redis.ts';
import { newStateDir } from '../support/worker.ts';

/** A controller and two hosts by the command line, whose keys are replaced. */
const things = new AsyncDisposableStack();
let redis: TestRedis;
let folder: FleetFolder;
let states: Record<Name, string>;
type Name = 'web1' | 'web2';

before(async () => {
  redis = things.use(await startRedis());
});
after(() => things.disposeAsync());
forbidLeaks();

beforeEach(async () => {
  await redis.command('FLUSHALL');
  folder = things.use(
    await makeFleetFolder({
      broker: `{ url: "redis://127.0.0.1:${redis.port}" }`,
      roles: '  web: {}\n  shut: { tasks: ["system.*"] }\n',
      hosts: '  web1: { roles: [web] } # the first\n  web2: { roles: [web] }\n  db1: { roles: [shut] }\n',
    }),
  );
  states = { web1: things.use(await newStateDir()).path, web2: things.use(await newStateDir()).path };
});

async function cli(...args: readonly string[]): Promise<CliResult> {
  return await runCli(args, { cwd: folder.path });
}

/** From the second time on with the key that it has. */
async function startHost(name: Name): Promise<AsyncDisposable> {
  const worker = await startCliWorker(folder.file, name, states[name]);
  await rm(hostKeyFile(folder.path, name), { force: true });
  return worker;
}

const keyOf = async (name: Name): Promise<SigningKey> => await readSigningKey(join(states[name], 'host.key'));
const nextFile = (name: Name): string => join(states[name], 'host.key.next');
const recorded = (name: Name): Host => namedHost(loadFleet(folder.file, {}), name);

async function edit(...edits: readonly Edit[]): Promise<void> {
  await changeConfig(folder.file, {}, (text) => editText(text, edits));
}

const rotatedSchema = z.object({
  hosts: z.array(
    z.object({ host: z.string(), key: z.string().nullable(), state: z.string(), why: z.string().nullable() }),
  ),
});

type Rotated = { readonly code: number; readonly states: readonly string[]; readonly why: readonly (string | null)[] };

async function rotate(...target: readonly string[]): Promise<Rotated> {
  const { code, stdout, stderr } = await cli('keys', 'rotate', ...target, '--json');
  assert.notEqual(stdout, '', stderr);
  const { hosts } = rotatedSchema.parse(JSON.parse(stdout));
  return { code, states: hosts.map(({ host, state }) => `${host} ${state}`), why: hosts.map(({ why }) => why) };
}

async function mustRotate(...target: readonly string[]): Promise<void> {
  const { code, why } = await rotate(...target);
  assert.deepEqual([code, why.filter((each) => each !== null)], [0, []]);
}

async function ping(name: Name): Promise<RunId> {
  const { code, stdout, stderr } = await cli('system', 'ping', '--host', name, '--json');
  assert.deepEqual([code, stderr], [0, '']);
  const line = stdout.split('\n')[0] ?? '';
  return runIdSchema.parse(z.looseObject({ run: z.object({ id: z.string() }) }).parse(JSON.parse(line)).run.id);
}

const hostSchema = z.object({ host: z.object({ online: z.boolean().nullable(), facts: z.unknown() }) });

async function shown(name: Name): Promise<z.infer<typeof hostSchema>['host']> {
  const { stdout } = await cli('hosts', 'show', name, '--json');
  return hostSchema.parse(JSON.parse(stdout)).host;
}

const isOnline = async (name: Name): Promise<boolean> => (await shown(name)).online === true;
const hasFacts = async (name: Name): Promise<boolean> => (await shown(name)).facts !== null;

async function withBrokers<T>(use: (host: WorkerBroker, controller: ControllerBroker) => Promise<T>): Promise<T> {
  const settings = loadFleet(folder.file, {}).broker;
  await using controller = await openControllerBroker(settings);
  await using host = await openWorkerBroker(settings, {
    signal: new AbortController().signal,
    log: () => undefined,
    awaitsLogin: false,
  });
  return await use(host, controller);
}

/** What whoever has a key says in the name of web1. */
async function say(
  run: RunId,
  event: ReportEvent,
  { key, at = Date.now() }: { key: SigningKey; at?: number },
): Promise<void> {
  const web1 = hostNamed('web1');
  await withBrokers(async (host) => {
    await host.report(run, sealReport({ job: jobIdFor(run, web1), host: web1, at, event }, key));
  });
}

async function announce(key: SigningKey): Promise<void> {
  const web1 = hostNamed('web1');
  const at = Date.now();
  const about = { version: '0', queues: [], trust: 1, machine: '', leaving: false };
  const said: Presence = { ...about, startedAt: at, seenAt: at, clockOffsetMs: 0 };
  await withBrokers(async (host) => {
    await host.announce(web1, signStatement('presence', { fleet: fleetName, host: web1, said }, key));
  });
}

const failedEvent: ReportEvent = {
  kind: 'done',
  outcome: { ...outcome('failed'), failure: { kind: 'x', message: 'all is lost', hint: null } },
};

test('the keys of hosts are replaced, and what they said before is believed as before', async () => {
  await using _web1 = await startHost('web1');
  await using _web2 = await startHost('web2');
  const run = await ping('web1');
  await waitUntil(async () => await hasFacts('web1'), 'web1 to find out about itself');
  const old = [await keyOf('web1'), await keyOf('web2')];

  await mustRotate('--role', 'web');

  const now = [await keyOf('web1'), await keyOf('web2')];
  assert.deepEqual([recorded('web1').key, recorded('web2').key], [now[0]?.id, now[1]?.id]);
  assert.ok(now.every(({ id }) => old.every((each) => each.id !== id)));
  assert.equal((await stat(join(states.web1, 'host.key'))).mode & 0o777, 0o600);
  assert.ok(!existsSync(nextFile('web1')));
  assert.match(await readFile(folder.file, 'utf8'), /^ {2}web1: \{.*\} # the first$/m);
  const { previousKeys, outgoingKey } = recorded('web1');
  assert.deepEqual([previousKeys.map(({ key }) => key), outgoingKey], [[old[0]?.id], null]);
  const first = await cli('runs', 'show', run);
  assert.deepEqual([first.code, first.stderr], [0, '']);
  assert.match(first.stdout, /pong/);
  await waitUntil(async () => await isOnline('web1'), 'web1 to say that it is there');
  await ping('web1');
  await waitUntil(async () => await hasFacts('web1'), 'web1 to say again what it found out');
  const second = await cli('keys', 'rotate', '--host', 'web1');
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stdout, /^HOST +KEY +STATE +WHY\nweb1 +ed25519:\S+ +rotated\n\nother copies of celeroot\.yaml/);
  assert.equal(recorded('web1').previousKeys.length, 2);
  const again = await cli('runs', 'show', run);
  assert.deepEqual([again.code, again.stderr], [0, '']);
});

test('audit verify shows a rotation as one, and goes on with the host’s log', async () => {
  await using _web1 = await startHost('web1');
  await ping('web1');
  const first = await cli('audit', 'verify', '--host', 'web1');
  assert.equal(first.code, 0, first.stdout);

  await mustRotate('--host', 'web1');

  for (const flags of [[], ['--full', '--strict']]) {
    const { code, stdout } = await cli('audit', 'verify', '--host', 'web1', ...flags);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /web1 .*its key was rotated: from ed25519:.* to ed25519:/);
    assert.match(stdout, /nothing was changed in what was checked/);
  }
  assert.match((await cli('audit', 'ls')).stdout, /host rotated .* web1 .*ed25519:/);
});

test('a host that is off, or may not, keeps its key, and the others get theirs', async () => {
  await using _web1 = await startHost('web1');

  const { code, states: ended, why } = await rotate('--all');

  assert.equal(code, 6);
  assert.deepEqual(ended, ['web1 rotated', 'web2 as before', 'db1 as before']);
  assert.equal(why[1], 'it is offline');
  assert.match(why[2] ?? '', /its roles do not allow keys\.rotate; .*hosts join/);
  assert.deepEqual([recorded('web2').outgoingKey, recorded('web2').previousKeys], [null, []]);
  await using _web2 = await startHost('web2');
  await mustRotate('--host', 'web2');
  assert.equal(recorded('web2').key, (await keyOf('web2')).id);
});

test('a host that was told of other roles refuses, and how it learns of them is said', async () => {
  const tasksOfWeb = async (...items: readonly string[]): Promise<void> =>
    await edit({ kind: 'set-list', path: ['roles', 'web', 'tasks'], items });
  await tasksOfWeb('system.*');
  await using _web1 = await startHost('web1');
  await tasksOfWeb('system.*', 'keys.*');

  const { code, states: ended, why } = await rotate('--host', 'web1');

  assert.deepEqual([code, ended], [6, ['web1 as before']]);
  assert.match(why[0] ?? '', /^it refused: TASK_NOT_ALLOWED: .*hosts join/);
});

test('one that stopped anywhere goes on by the same command, and the host is believed all the time', async () => {
  const web1 = await startHost('web1');
  await using restarted = new AsyncDisposableStack();
  const old = await keyOf('web1');

  // The host has offered a key, and nobody has recorded it.
  assert.equal((await cli('run', 'keys.rotate', '--host', 'web1')).code, 0);
  const next = await readSigningKey(nextFile('web1'));
  assert.equal((await stat(nextFile('web1'))).mode & 0o777, 0o600);
  await ping('web1');

  // It is recorded, and the host does not know; it is off, and returns.
  await edit(
    { kind: 'set', path: ['hosts', 'web1', 'key'], value: next.id },
    { kind: 'set', path: ['hosts', 'web1', 'outgoing_key'], value: old.id },
  );
  await ping('web1');
  assert.match((await cli('hosts', 'show', 'web1')).stdout, /rotation +not finished: .*keys rotate --host web1/);
  await web1[Symbol.asyncDispose]();
  const meanwhile = await rotate('--host', 'web1');
  assert.deepEqual([meanwhile.code, meanwhile.states], [6, ['web1 begun']]);

  // The order waits for it: it takes the key by itself, and the controller has not noticed.
  restarted.use(await startHost('web1'));
  await waitUntil(async () => (await keyOf('web1')).id === next.id, 'web1 to take the key');
  await ping('web1');
  assert.equal(recorded('web1').outgoingKey, old.id);

  await mustRotate('--host', 'web1');

  assert.deepEqual(
    [recorded('web1').key, recorded('web1').outgoingKey, recorded('web1').previousKeys.map(({ key }) => key)],
    [next.id, null, [old.id]],
  );
  await ping('web1');
});

test('by a key that was replaced nothing new is believed', async () => {
  const web1 = await startHost('web1');
  const before = await ping('web1');
  const old = await keyOf('web1');
  await mustRotate('--host', 'web1');
  await web1[Symbol.asyncDispose]();
  const sent = await cli('system', 'ping', '--host', 'web1', '--detach', '--json');
  const run = runIdSchema.parse(/"id":"(\w{26})"/.exec(sent.stdout.replaceAll(/\s/g, ''))?.[1]);
  const web = hostNamed('web1');

  await announce(old);
  await withBrokers(async (host) => {
    const refusal = { at: Date.now(), queue: 'q', job: 'by the old key', code: 'EXPIRED', message: 'no' };
    await host.refuse(web, signStatement('refusal', { fleet: fleetName, host: web, said: refusal }, old));
  });
  await say(run, failedEvent, { key: old });
  await say(run, failedEvent, { key: old, at: 1 });
  await say(before, failedEvent, { key: old });

  assert.equal(await isOnline('web1'), false);
  const told = await cli('runs', 'show', run);
  assert.match(told.stderr, /2 reports were left out/);
  assert.doesNotMatch(told.stdout, /all is lost/);
  assert.match((await cli('runs', 'show', before)).stdout, /pong/);
  assert.doesNotMatch((await cli('runs', 'ls')).stdout, /by the old key/);
  await using _back = await startHost('web1');
  await waitUntil(async () => /pong/.test((await cli('runs', 'show', run)).stdout), 'the ping of web1');
});

/** Rotates the key of web1 while somebody with a key answers in its name, and returns the run that was answered. */
async function rotateAgainst(
  key: SigningKey,
  answer: (run: RunId) => Json,
): Promise<Rotated & { readonly run: RunId }> {
  const known = await withBrokers(async (_, controller) => await controller.runIds(100));
  const rotating = rotate('--host', 'web1');
  let run: RunId | undefined;
  await waitUntil(async () => {
    const ids = await withBrokers(async (_, controller) => await controller.runIds(100));
    run = ids.find((id) => !known.includes(id));
    return run !== undefined;
  }, 'the order');
  const sent = run ?? assert.fail();
  await say(sent, { kind: 'done', outcome: { ...outcome('unchanged'), data: answer(sent) } }, { key });
  return { ...(await rotating), run: sent };
}

const offerOf = (run: RunId, keys: KeyPair): Json => {
  const host = hostNamed('web1');
  return { offer: signKeyOffer({ fleet: fleetName, host, job: jobIdFor(run, host) }, keys) };
};

test('a hand-over that is forged with a replaced key, or brings one back, is refused', async () => {
  const web1 = await startHost('web1');
  const first = await keyOf('web1');
  await mustRotate('--host', 'web1');
  const second = await keyOf('web1');
  await web1[Symbol.asyncDispose]();
  const thief = makeSigningKey();
  const text = await readFile(folder.file, 'utf8');

  const byReplaced = await rotateAgainst(first, (run) => offerOf(run, { from: first, to: thief }));
  assert.deepEqual([byReplaced.states, byReplaced.why], [['web1 as before'], ['it is offline']]);
  assert.match((await cli('runs', 'show', byReplaced.run)).stderr, /1 report was left out/);

  await announce(second);
  const fromReplaced = await rotateAgainst(second, (run) => offerOf(run, { from: first, to: thief }));
  assert.deepEqual(fromReplaced.why, ['what it offers is not signed by the key it has and by the new one']);
  const otherRun = await rotateAgainst(second, () => offerOf(fromReplaced.run, { from: second, to: thief }));
  assert.deepEqual(otherRun.why, ['what it offers is not signed by the key it has and by the new one']);
  const back = await rotateAgainst(second, (run) => offerOf(run, { from: second, to: first }));
  assert.deepEqual(back.why, ['the key it offers is, or was, that of a host']);

  assert.equal(await readFile(folder.file, 'utf8'), text);
});

test('that a host has taken its new key, the old one cannot say', async () => {
  const web1 = await startHost('web1');
  await ping('web1');
  await web1[Symbol.asyncDispose]();
  const [old, next] = [await keyOf('web1'), makeSigningKey()];
  await edit(
    { kind: 'set', path: ['hosts', 'web1', 'key'], value: next.id },
    { kind: 'set', path: ['hosts', 'web1', 'outgoing_key'], value: old.id },
  );
  await announce(old);

  const { code, states: ended } = await rotateAgainst(old, () => ({ took: next.id }));

  assert.deepEqual([code, ended], [6, ['web1 begun']]);
  assert.equal(recorded('web1').outgoingKey, old.id);
});
