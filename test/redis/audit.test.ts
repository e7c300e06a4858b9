import assert from 'node:assert/strict';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import * as z from 'zod';
import { checkText, digestOf, emptyChain, nextLine } from '../../src/audit/chain.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { startCliWorker } from '../support/cli-worker.ts';
import { makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { newStateDir } from '../support/worker.ts';

/** A controller and two hosts by the command line, with histories that are changed behind their backs. */
const things = new AsyncDisposableStack();
let redis: TestRedis;
let folder: FleetFolder;
let states: { readonly web1: string; readonly web2: string };

before(async () => {
  redis = things.use(await startRedis());
  states = { web1: things.use(await newStateDir()).path, web2: things.use(await newStateDir()).path };
});
after(() => things.disposeAsync());
forbidLeaks();

/** A fleet whose journal begins with a ping of both hosts that was followed to its end. */
beforeEach(async () => {
  await redis.command('FLUSHALL');
  folder = things.use(
    await makeFleetFolder({
      broker: `{ url: "redis://127.0.0.1:${redis.port}" }`,
      roles: '  web: {}\n  shut: { tasks: ["system.*"] }\n',
      hosts: '  web1: { roles: [web] }\n  web2: { roles: [web] }\n  db1: { roles: [shut] }\n',
    }),
  );
  states = { web1: things.use(await newStateDir()).path, web2: things.use(await newStateDir()).path };
});

async function cli(...args: readonly string[]): Promise<CliResult> {
  return await runCli(args, { cwd: folder.path });
}

type Workers = AsyncDisposable & {
  readonly restart: (host: 'web1' | 'web2', between: () => Promise<void>) => Promise<void>;
};

async function startWorkers(): Promise<Workers> {
  const workers = new Map<string, AsyncDisposable>();
  const start = async (host: 'web1' | 'web2'): Promise<void> => {
    workers.set(host, await startCliWorker(folder.file, host, states[host]));
  };
  await Promise.all([start('web1'), start('web2')]);
  return {
    restart: async (host, between) => {
      await workers.get(host)?.[Symbol.asyncDispose]();
      workers.delete(host);
      await between();
      await start(host);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...workers.values()].map(async (worker) => await worker[Symbol.asyncDispose]()));
    },
  };
}

const reportSchema = z.object({
  findings: z.array(
    z.object({ severity: z.string(), host: z.string().nullable(), line: z.number().nullable(), what: z.string() }),
  ),
  notChecked: z.array(z.object({ host: z.string(), why: z.string() })),
  hosts: z.array(
    z.object({ host: z.string(), lines: z.number(), verified: z.object({ size: z.number() }).nullable() }),
  ),
});

async function verify(...flags: string[]): Promise<z.infer<typeof reportSchema> & { readonly code: number }> {
  const { code, stdout, stderr } = await cli('audit', 'verify', '--host', 'web*', '--json', ...flags);
  assert.notEqual(stdout, '', stderr);
  return { code, ...reportSchema.parse(JSON.parse(stdout)) };
}

async function changesFound(...flags: string[]): Promise<readonly string[]> {
  const { findings, code } = await verify(...flags);
  const changed = findings.filter(({ severity }) => severity === 'changed');
  assert.equal(code, changed.length === 0 ? 0 : 7);
  return changed.map(({ host, line, what }) => `${host ?? 'journal'} ${line} ${what}`);
}

async function ping(): Promise<void> {
  const { code, stderr } = await cli('system', 'ping', '--role', 'web');
  assert.deepEqual([code, stderr], [0, '']);
}

async function changeLines(path: string, change: (lines: string[]) => readonly string[]): Promise<void> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  await writeFile(
    path,
    change(lines)
      .map((line) => `${line}\n`)
      .join(''),
  );
}

/** The same events in a chain that holds, with other times, from a line on. */
function forge(lines: readonly string[], from: number): readonly string[] {
  let head = { size: from - 1, head: from === 1 ? '0'.repeat(64) : digestOf(lines[from - 2] ?? '') };
  if (from === 1) head = emptyChain('0'.repeat(64));
  const forged = lines.slice(from - 1).map((line) => {
    const { at, event } = z.object({ at: z.number(), event: z.unknown() }).parse(JSON.parse(line));
    const next = nextLine(head, { at: at + 1, event });
    head = next.head;
    return next.line;
  });
  return [...lines.slice(0, from - 1), ...forged];
}

const logOf = (host: 'web1' | 'web2'): string => join(states[host], 'audit.log');
const journalFile = (): string => join(folder.path, 'celeroot.journal');

describe('audit verify', () => {
  test('finds nothing where nothing was changed, again and again, and reads on from where it was', async () => {
    await using _workers = await startWorkers();
    await ping();
    const first = await verify();
    assert.deepEqual([first.code, first.findings.filter(({ severity }) => severity === 'changed')], [0, []]);
    await ping();

    const second = await verify();

    assert.equal(second.code, 0);
    const linesOf = (report: typeof first): number => report.hosts.find(({ host }) => host === 'web1')?.lines ?? 0;
    assert.ok(linesOf(second) < linesOf(first) + 3, 'it read on');
    assert.equal((await verify('--full')).code, 0);
    const { stdout, code } = await cli('audit', 'verify', '--host', 'web*');
    assert.equal(code, 0);
    assert.match(stdout, /^read \d+ lines of the journal, \d+ of the logs of 2 hosts, \d+ runs of apt\n/);
    assert.match(stdout, /\nnothing was changed in what was checked\n$/);
  });

  test('names hosts that are offline, or whose roles do not let it, and says 6', async () => {
    await using workers = await startWorkers();
    await ping();
    await workers.restart('web2', async () => {
      const { code, stdout } = await cli('audit', 'verify', '--json');
      assert.equal(code, 6);
      const { notChecked } = reportSchema.parse(JSON.parse(stdout));
      assert.deepEqual(notChecked.map(({ host }) => host).toSorted(), ['db1', 'web2']);
      assert.match(notChecked.find(({ host }) => host === 'db1')?.why ?? '', /roles do not allow audit\.read/);
      assert.equal(notChecked.find(({ host }) => host === 'web2')?.why, 'it is offline');
    });
    await ping();
  });

  test('finds a line of a host that was edited, before or after it was verified', async () => {
    await using workers = await startWorkers();
    await ping();
    await workers.restart('web1', async () => {
      await changeLines(logOf('web1'), (lines) => lines.with(3, (lines[3] ?? '').replace('tester', 'taster')));
    });
    assert.deepEqual(await changesFound(), ['web1 4 log-changed']);
    assert.deepEqual(await changesFound(), ['web1 4 log-changed'], 'it is found until it is dealt with');
  });

  test('finds an edit before the line that was verified last', async () => {
    await using workers = await startWorkers();
    await ping();
    assert.deepEqual(await changesFound(), []);
    await workers.restart('web1', async () => {
      await changeLines(logOf('web1'), (lines) => lines.with(3, (lines[3] ?? '').replace('tester', 'taster')));
    });
    assert.deepEqual(await changesFound(), ['web1 4 log-changed']);
  });

  test('finds the cut tail of a host, also when the log has grown since', async () => {
    await using workers = await startWorkers();
    await ping();
    await ping();
    await workers.restart('web1', async () => {
      await changeLines(logOf('web1'), (lines) => lines.slice(0, -4));
    });
    const changed = await changesFound();
    assert.ok(
      changed.some((each) => /^web1 \d+ log-rewritten$/.test(each)),
      changed.join(', '),
    );
    assert.ok(
      changed.every((each) => each.startsWith('web1 ')),
      changed.join(', '),
    );
  });

  test('finds a log of a host that was rewritten so that it holds in itself, or begun anew', async () => {
    await using workers = await startWorkers();
    await ping();
    await workers.restart('web1', async () => {
      await changeLines(logOf('web1'), (lines) => forge(lines, 4));
    });
    assert.match((await changesFound()).join(), /^web1 \d+ log-rewritten/);
    await workers.restart('web2', async () => {
      await writeFile(logOf('web2'), '');
    });
    assert.match((await changesFound('--host', 'web2')).join(), /web2 \d+ log-(?:rewritten|cut)/);
  });

  test('finds a line of the journal that was edited, cut off, or forged anew with all after it', async () => {
    await using _workers = await startWorkers();
    await ping();
    await ping();
    const whole = await readFile(journalFile(), 'utf8');
    const place = whole.trimEnd().split('\n').length;

    await changeLines(journalFile(), (lines) => lines.with(1, (lines[1] ?? '').replace('tester', 'taster')));
    assert.match((await changesFound()).join(), /^journal 2 journal-changed/);

    await writeFile(journalFile(), whole);
    await changeLines(journalFile(), (lines) => forge(lines, 2));
    assert.match((await changesFound()).join(), /journal \d+ journal-rewritten/);

    await writeFile(
      journalFile(),
      whole
        .split('\n')
        .slice(0, place - 3)
        .map((line) => `${line}\n`)
        .join(''),
    );
    assert.notDeepEqual(await changesFound(), []);
  });

  test('finds a journal that was begun anew, and runs that are not in it', async () => {
    await using _workers = await startWorkers();
    await ping();
    await writeFile(journalFile(), '');
    const changed = (await changesFound()).join();
    assert.match(changed, /journal null journal-replaced/);
    assert.match(changed, /web1 \d+ unknown-run/);
  });

  test('counts lines that the machine did not come to write, and lines of nobody', async () => {
    await using workers = await startWorkers();
    await ping();
    await workers.restart('web1', async () => {
      await appendFile(logOf('web1'), '{"seq":9');
    });
    await appendFile(journalFile(), '{"seq":');
    const { code, findings } = await verify();
    assert.equal(code, 0);
    assert.ok(findings.some(({ host, what }) => host === 'web1' && what === 'line-repaired'));
    assert.ok(findings.some(({ host, what }) => host === null && what === 'journal-repaired'));

    await workers.restart('web1', async () => {
      await appendFile(logOf('web1'), 'nobody\n');
    });
    assert.match((await changesFound()).join(), /web1 \d+ log-changed/);
  });
});

describe('audit accept', () => {
  const accept = async (...flags: string[]): Promise<CliResult> =>
    await cli('audit', 'accept', '--host', 'web*', '--why', 'the disk died', ...flags);

  test('has verification go on after a journal that was lost, once somebody says why, and no further', async () => {
    await using workers = await startWorkers();
    await ping();
    await rm(journalFile());
    await ping();
    const before = await changesFound();
    assert.match(before.join(), /journal null journal-replaced,.*web1 \d+ unknown-run/);

    const asked = await accept();
    assert.equal(asked.code, 5);
    assert.match(asked.stderr, /^error\[CONFIRMATION_NEEDED\]/m);
    assert.deepEqual(await changesFound(), before);
    const accepted = await accept('--yes');
    assert.deepEqual([accepted.code, accepted.stderr], [0, '']);
    assert.match(accepted.stdout, /unknown|no such run[^]*\naccepted, and written into the journal/);

    assert.deepEqual(await changesFound(), []);
    await ping();
    assert.deepEqual(await changesFound(), []);
    assert.match((await cli('audit', 'ls')).stdout, / findings accepted +tester@here +the disk died\n/);
    assert.match((await changesFound('--full')).join(), /web1 \d+ unknown-run/);
    await workers.restart('web1', async () => {
      await changeLines(logOf('web1'), (lines) => lines.with(-2, (lines.at(-2) ?? '').replace('"at":1', '"at":2')));
    });
    assert.match((await changesFound()).join(), /^web1 \d+ log-/);
  });

  test('takes no log and no journal that does not hold in itself, and says what to do', async () => {
    await using workers = await startWorkers();
    await ping();
    await workers.restart('web1', async () => {
      await changeLines(logOf('web1'), (lines) => lines.with(3, (lines[3] ?? '').replace('tester', 'taster')));
    });
    const { code, stderr } = await accept('--yes');
    assert.equal(code, 7);
    assert.match(stderr, /^error\[HISTORY_CHANGED\]: .* in itself: web1\nhint: .*hosts accept NAME --replace/m);
    assert.match((await changesFound()).join(), /^web1 4 log-changed/);
  });
});

test('audit ls shows the journal, and the log of a host', async () => {
  await using _workers = await startWorkers();
  await ping();
  const { stdout, code } = await cli('audit', 'ls');
  assert.equal(code, 0);
  assert.match(stdout, /^LINE +WHEN +WHAT +WHO +TARGET +RUN/);
  assert.match(stdout, /\n2 .* system\.ping +tester@here +role web +\w{26} +2 hosts\n/);
  const host = await cli('audit', 'ls', '--host', 'web1', '--limit', '100');
  assert.match(host.stdout, /\n\d+ .* accepted +tester@here +\w{26}\.web1 +system\.ping\n/);
  assert.match(host.stdout, / worker-started .*\n1 .* log-begun/);
});

test('audit export writes everything with its verdict', async () => {
  await using workers = await startWorkers();
  await ping();
  await workers.restart('web1', async () => {
    await changeLines(logOf('web1'), (lines) => lines.with(3, (lines[3] ?? '').replace('tester', 'taster')));
  });
  const { stdout, code } = await cli('audit', 'export', '--host', 'web*');
  assert.equal(code, 7);
  const records = stdout
    .trimEnd()
    .split('\n')
    .map((line) => z.looseObject({ source: z.string() }).parse(JSON.parse(line)));
  const verdictsOf = (source: string, host?: string): unknown[] =>
    records.filter((each) => each.source === source && each['host'] === host).map((each) => each['verdict']);
  assert.ok(verdictsOf('journal').every((verdict) => verdict === 'verified'));
  assert.ok(verdictsOf('host', 'web2').every((verdict) => verdict === 'verified'));
  assert.deepEqual(verdictsOf('host', 'web1').slice(0, 5), [
    'verified',
    'verified',
    'verified',
    'log-changed',
    'unverified',
  ]);
});

test('the journal of a followed run has the heads that its reports bore', async () => {
  await using _workers = await startWorkers();
  await ping();
  const { links } = checkText(await readFile(journalFile(), 'utf8'));
  assert.partialDeepStrictEqual(links.at(-1)?.event, { kind: 'seen', heads: [{}, {}] });
});

test('what cannot be written down is not sent', async () => {
  await using _workers = await startWorkers();
  await ping();
  await changeLines(folder.file, (lines) => [...lines, 'journal: celeroot.yaml/journal']);
  const { code, stderr } = await cli('system', 'ping', '--role', 'web');
  assert.equal(code, 3);
  assert.match(stderr, /^error\[JOURNAL_UNUSABLE\]: cannot use the journal .*\nhint: nothing is ordered/);
  const { stdout } = await cli('runs', 'ls', '--json');
  assert.equal(z.object({ runs: z.array(z.unknown()) }).parse(JSON.parse(stdout)).runs.length, 1);
});
