import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as z from 'zod';
import { loadWorker } from '../../src/config/load.ts';
import { parseJsonAs } from '../../src/core/parse-json-as.ts';
import { refusalSchema, reportSchema, type Report } from '../../src/core/report.ts';
import { applyReports, initialRunState } from '../../src/core/run-state.ts';
import { runRecordSchema, type Run } from '../../src/core/run.ts';
import { signedSchema } from '../../src/core/signed.ts';
import { readSigningKey } from '../../src/trust/key-file.ts';
import { openAdversary, type Adversary } from '../support/adversary.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { hostKeyFile, makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, waitUntil } from '../support/redis.ts';
import { newStateDir, startWorker, type TestWorker } from '../support/worker.ts';

/*
 * With full control of Redis, an adversary makes no host do anything, and no reader believe anything, that was not
 * signed. What may be shown is a part of what was said: who controls Redis can always withhold.
 */

/** What is done to Redis; `CELEROOT_FUZZ=100` does it some forty thousand times. */
const STRIKES = 400 * Number(process.env['CELEROOT_FUZZ'] ?? 1);
const AT_ONCE = 20;
const SEED = Number(process.env['CELEROOT_SEED'] ?? Date.now() % 1e9);
const HOSTS = ['web1', 'web2', 'away'];

const things = new AsyncDisposableStack();
let folder: FleetFolder;
let adversary: Adversary;
const workers = new Map<string, TestWorker>();

before(async () => {
  const redis = things.use(await startRedis());
  const hosts = HOSTS.map((name) => `  ${name}: { roles: [web] }\n`).join('');
  const broker = `{ url: "redis://127.0.0.1:${redis.port}" }`;
  folder = things.use(await makeFleetFolder({ broker, roles: '  web: {}\n', hosts }));
  const operatorKey = (await readSigningKey(join(folder.path, 'celeroot.key'))).id;
  adversary = things.use(
    await openAdversary({ port: redis.port, seed: SEED, operatorKey, hosts: [...HOSTS, 'stranger'] }),
  );
  for (const host of ['web1', 'web2']) workers.set(host, things.use(await startHost(host)));
  await sayWhatIsTrue();
  await adversary.remember();
});
after(() => things.disposeAsync());
forbidLeaks();

async function startHost(host: string): Promise<TestWorker> {
  const state = things.use(await newStateDir());
  await copyFile(hostKeyFile(folder.path, host), join(state.path, 'host.key'));
  return await startWorker({ config: loadWorker(folder.file, host, {}), stateDir: state.path });
}

async function run(args: readonly string[], laterMs = 0): Promise<CliResult> {
  return await runCli(args, { cwd: folder.path, clock: { now: () => Date.now() + laterMs } });
}

/** Some runs of all kinds, a refused order, and what hosts say of themselves. */
async function sayWhatIsTrue(): Promise<void> {
  await waitUntil(() => statements('facts').length >= 2, 'facts of both hosts', 120_000);
  assert.equal((await run(['system', 'ping', '--host', 'web1', '--host', 'web2'])).code, 0);
  assert.equal((await run(['system', 'ping', '--any', 'web'])).code, 0);
  assert.equal((await run(['system', 'facts', '--host', 'web2'])).code, 0);
  assert.equal((await run(['system', 'ping', '--host', 'web1', '--host', 'away', '--detach'])).code, 0);
  await waitUntil(() => reports().filter(({ event }) => event.kind === 'done').length === 5, 'all results');
  assert.equal((await run(['runs', 'cancel', 'latest'])).code, 0);
  await adversary.redis.hset('{celeroot}:host.web1:forged', 'name', 'x', 'data', '{"order":"{}"}', 'opts', '{}');
  await adversary.redis.lpush('{celeroot}:host.web1:wait', 'forged');
  await adversary.redis.zadd('{celeroot}:host.web1:marker', 0, '0');
  await waitUntil(() => refusals().length > 0, 'a refusal');
}

const statementSchema = z.object({ host: z.string(), said: z.looseObject({}) });
type Statement = z.infer<typeof statementSchema>;

/** What hosts have said of themselves. */
function statements(kind: 'presence' | 'facts'): readonly Statement[] {
  const prefix = `{celeroot}:${kind}:`;
  return adversary.heard.flatMap(({ command, args: [key = '', value] }) => {
    if (command !== 'set' || !key.startsWith(prefix)) return [];
    return parseJsonAs(statementSchema, parseJsonAs(signedSchema, value)?.text) ?? [];
  });
}

function entries(name: string): readonly string[] {
  const added = adversary.heard.filter(({ command }) => command === 'xadd');
  return added.flatMap(({ args }) => (args.includes(name) ? (args[args.indexOf(name) + 1] ?? []) : []));
}

const reports = (): readonly Report[] => entries('report').flatMap((text) => parseJsonAs(reportSchema, text) ?? []);
const saidRefusalSchema = z.object({ host: z.string(), said: refusalSchema });
const refusals = (): readonly unknown[] =>
  entries('refusal').flatMap((text) => {
    const { host, said } = parseJsonAs(saidRefusalSchema, text) ?? {};
    return said === undefined ? [] : [{ host, ...said }];
  });

function runs(): readonly Run[] {
  return adversary.heard.flatMap(({ command, args: [key = '', value] }) => {
    if (command !== 'set' || !/:run:\w{26}$/.test(key)) return [];
    return parseJsonAs(runRecordSchema, parseJsonAs(signedSchema.loose(), value)?.text)?.run ?? [];
  });
}

const asData = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function assertAmong(found: unknown, said: readonly unknown[], what: string): void {
  const text = JSON.stringify(found);
  assert.ok(
    said.some((each) => JSON.stringify(asData(each)) === text),
    `nobody has signed ${what}: ${text}`,
  );
}

/** What a command says as JSON; null when it says that it cannot, which an adversary may cause. */
async function ask<Schema extends z.ZodType>(
  schema: Schema,
  args: readonly string[],
  laterMs = 0,
): Promise<z.output<Schema> | null> {
  const { code, stdout, stderr } = await run([...args, '--json'], laterMs);
  assert.ok([0, 4, 5].includes(code), `${args.join(' ')} ends with ${code}: ${stderr}${stdout}`);
  return code === 0 ? schema.parse(JSON.parse(stdout)) : null;
}

const hostsSchema = z.object({
  hosts: z.array(
    z.object({ name: z.string(), online: z.boolean().nullable(), worker: z.unknown(), facts: z.unknown() }),
  ),
});
const runsSchema = z.object({
  runs: z.array(z.looseObject({ id: z.string(), summary: z.object({ counts: z.record(z.string(), z.number()) }) })),
  refusals: z.array(z.unknown()),
});
const runSchema = z.object({
  run: z.looseObject({ id: z.string() }),
  jobs: z.array(z.looseObject({ id: z.string(), end: z.unknown(), activity: z.unknown(), plan: z.unknown() })),
});

async function assertHostsTrue(): Promise<void> {
  const listed = await ask(hostsSchema, ['hosts', 'ls']);
  for (const { name, online, worker, facts } of listed?.hosts ?? []) {
    const saidBy = (kind: 'presence' | 'facts'): readonly unknown[] =>
      statements(kind).flatMap(({ host, said }) => (host === name ? [said] : []));
    if (online === true || worker !== null) assertAmong(worker, saidBy('presence'), `presence of ${name}`);
    if (facts !== null) assertAmong(facts, saidBy('facts'), `facts of ${name}`);
  }
  // Whatever of all that was said is shown again, after its time nobody is there.
  const later = await ask(hostsSchema, ['hosts', 'ls'], 200_000);
  assert.deepEqual(later?.hosts.filter(({ online }) => online === true).map(({ name }) => name) ?? [], []);
}

async function assertRunsTrue(): Promise<void> {
  const listed = await ask(runsSchema, ['runs', 'ls']);
  const records = runs().map(({ jobs, ...rest }) => ({ ...rest, hosts: jobs.length }));
  for (const { summary, ...shown } of listed?.runs ?? []) {
    assertAmong(shown, records, 'a run');
    const ends = reports().filter(({ job }) => job.startsWith(shown.id));
    for (const status of Object.keys(summary.counts)) assertPossible(status, ends);
  }
  for (const refusal of listed?.refusals ?? []) assertAmong(refusal, refusals(), 'a refusal');
  for (const record of runs()) await assertRunTrue(record);
}

function assertPossible(status: string, said: readonly Report[]): void {
  const kinds = said.map(({ event }) => (event.kind === 'done' ? event.outcome.status : event.kind));
  assert.ok(['queued', ...kinds].includes(status), `nobody has signed that a job is ${status}`);
}

async function assertRunTrue(record: Run): Promise<void> {
  const shown = await ask(runSchema, ['runs', 'show', record.id]);
  if (shown === null) return;
  const { jobs: _, ...rest } = record;
  assertAmong(shown.run, [rest], 'a run');
  for (const { id, end, activity, plan } of shown.jobs) {
    const states = reports().flatMap((report) => {
      const job = applyReports(initialRunState(record), [report]).jobs.get(report.job);
      return job !== undefined && report.job === id ? [job] : [];
    });
    assertAmong(end, [null, ...states.map((state) => state.end)], `the end of ${id}`);
    assertAmong(activity, [null, ...states.map((state) => state.activity)], `what ${id} is at`);
    assertAmong(plan, [null], `a plan of ${id}`);
  }
}

/** Each host began what was sent to it, and what any host might do, at most once. */
function assertNothingDone(): void {
  const sent = runs().flatMap(({ jobs }) => jobs);
  for (const [host, { lines }] of workers) {
    const begun = lines.flatMap((line) => /^accepted (\S+):/.exec(line)?.[1] ?? []);
    const mine = sent.flatMap(({ id, to }) => (to.kind === 'any' || to.host === host ? [id] : []));
    assert.deepEqual(
      begun.filter((id) => !mine.some((each) => each === id)),
      [],
      `${host} did what nobody sent to it`,
    );
    assert.equal(new Set(begun).size, begun.length, `${host} did a thing twice: ${begun.join(', ')}`);
  }
}

test('what hosts and operators have said is shown as they said it', async () => {
  const hosts = await ask(hostsSchema, ['hosts', 'ls']);
  const listed = await ask(runsSchema, ['runs', 'ls']);

  assert.deepEqual(
    hosts?.hosts.map(({ name, online, facts }) => [name, online, facts !== null]),
    [
      ['web1', true, true],
      ['web2', true, true],
      ['away', false, false],
    ],
  );
  assert.deepEqual(
    listed?.runs.map(({ summary }) => summary.counts),
    [{ unchanged: 1, cancelled: 1 }, { unchanged: 1 }, { unchanged: 1 }, { unchanged: 2 }],
  );
  assert.equal(listed.refusals.length, 1);
  await assertHostsTrue();
  await assertRunsTrue();
});

test('with full control of Redis, nothing is done and nothing is shown that was not signed', async () => {
  const done: string[] = [];
  try {
    for (let count = 0; count < STRIKES; count += AT_ONCE) {
      done.length = 0;
      for (let index = 0; index < AT_ONCE; index += 1) done.push(await adversary.strike());
      await assertHostsTrue();
      await assertRunsTrue();
      assertNothingDone();
      await adversary.restore();
    }
  } catch (error) {
    throw new Error(`with CELEROOT_SEED=${SEED}, after\n${done.join('\n')}`, { cause: error });
  }
});

test('a record that no operator signed is said to be so, and left out of the list', async () => {
  const [first, second] = runs();
  assert.ok(first !== undefined && second !== undefined);
  await adversary.redis.copy(`{celeroot}:run:${first.id}`, `{celeroot}:run:${second.id}`, 'REPLACE');

  const shown = await run(['runs', 'show', second.id]);
  const listed = await run(['runs', 'ls']);
  await adversary.restore();

  assert.equal(shown.code, 5);
  assert.match(
    shown.stderr,
    /^error\[RUN_FORGED\]: the record of run \w{26} is not signed by a key of the trust file\n/,
  );
  assert.match(listed.stderr, /^warning: 1 record that nobody you trust has signed was left out of the runs$/m);
  assert.doesNotMatch(listed.stdout, new RegExp(second.id));
});

test('what hosts said under the names of others, and what they said before, shows nobody', async () => {
  const { redis } = adversary;
  await redis.copy('{celeroot}:presence:web1', '{celeroot}:presence:away', 'REPLACE');
  await redis.copy('{celeroot}:facts:web1', '{celeroot}:facts:away', 'REPLACE');
  const hosts = await ask(hostsSchema, ['hosts', 'ls']);
  await adversary.restore();

  assert.deepEqual(hosts?.hosts[2], { name: 'away', online: false, worker: null, facts: null });
});

test('after all that, hosts still do what they are told', async () => {
  const pinged = await run(['system', 'ping', '--host', 'web1', '--host', 'web2']);

  assert.equal(pinged.code, 0, pinged.stderr);
  assertNothingDone();
});
