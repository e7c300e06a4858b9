import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { planInstallation, installRequests } from '../../src/apt/plan-installation.ts';
import type { Plan } from '../../src/apt/plan.ts';
import type { Snapshot } from '../../src/apt/snapshot.ts';
import type { Failure } from '../../src/core/outcome.ts';
import { packageArgumentSchema, parsePackageArgument } from '../../src/core/package-name.ts';
import type { Argv, CommandOutput } from '../../src/core/step.ts';
import { runCommand } from '../../src/host/run-command.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A few questions to the real apt each; `CELEROOT_FUZZ=400` asks about twenty thousand names. */
const QUESTIONS = 50 * Number(process.env['CELEROOT_FUZZ'] ?? 1);
/** Cheap ones, that are only held against the barrier. */
const STRINGS = 25_000 * Number(process.env['CELEROOT_FUZZ'] ?? 1);

/** Names of which one is another with a character changed, cut or added, in every way that apt reads as an order. */
const NAMES = (
  'bash b.sh ba.h g++ g+ gg vim vim-gtk3 vi lib1.0 lib1x0 libc6 libc6-dev slow1 slow10 slow1-dev a2ps a2 python3 ' +
  'python3.11 python3x11 linux-image-amd64 apt'
).split(' ');
const VERSION = '1.2-3';
const empty: Snapshot = { nativeArch: 'amd64', packages: new Map(), autoMarks: new Set() };

/** A name of the index as it is, misspelt, or with what means something to apt. */
const nearMiss = fc
  .record({
    name: fc.constantFrom(...NAMES),
    at: fc.nat(12),
    put: fc.constantFrom('', '', '.', '.*', '+', '-', '^', '?', '*', '~', ':', '=', '/', 'x', ' ', '|', '$', '[a-z]'),
    end: fc.constantFrom(
      '',
      '',
      '',
      '+',
      '-',
      '^',
      '$',
      '*',
      ':amd64',
      ':all',
      ':any',
      ':i386',
      '=1.2-3',
      '=1.*',
      '/lab',
    ),
  })
  .map(({ name, at, put, end }) => name.slice(0, at) + put + name.slice(put === '' ? at : at + 1) + end);
const optionLike = fc
  .tuple(fc.constantFrom('-', '--', '-o', '--option=', '-oDPkg::Pre-Invoke::=', '~n', '?name(', '^'), fc.string())
  .map(([start, rest]) => start + rest);

/** An apt that knows the names above and nothing else, in a folder. */
async function makeIndex(folder: string): Promise<string> {
  for (const path of ['etc/preferences.d', 'etc/apt.conf.d', 'state/lists/partial', 'cache/archives/partial', 'repo']) {
    await mkdir(join(folder, path), { recursive: true });
  }
  const stanzas = NAMES.map((name) =>
    [
      `Package: ${name}`,
      `Version: ${VERSION}`,
      'Architecture: amd64',
      `Filename: ./${name}.deb`,
      'Size: 1',
      `SHA256: ${'0'.repeat(64)}`,
      'Description: test\n',
    ].join('\n'),
  );
  await writeFile(join(folder, 'repo/Packages'), stanzas.join('\n'));
  await writeFile(join(folder, 'status'), '');
  await writeFile(join(folder, 'etc/sources.list'), `deb [trusted=yes] file:${folder}/repo ./\n`);
  const config = join(folder, 'apt.conf');
  const settings = {
    'Dir::Etc': join(folder, 'etc'),
    'Dir::State': join(folder, 'state'),
    'Dir::State::status': join(folder, 'status'),
    'Dir::Cache': join(folder, 'cache'),
    'APT::Architecture': 'amd64',
    'APT::Sandbox::User': 'root',
  };
  await writeFile(
    config,
    Object.entries(settings)
      .map(([setting, value]) => `${setting} "${value}";\n`)
      .join(''),
  );
  const { exitCode, stderr } = await runCommand(['apt-get', 'update'], { env: { APT_CONFIG: config } });
  assert.equal(exitCode, 0, stderr);
  return config;
}

type Asked = { readonly plan: Plan | Failure; readonly ran: readonly (readonly [Argv, CommandOutput])[] };

/** What celeroot would do to install that, by the true apt's answers. */
async function planFor(text: string, config: string): Promise<Asked> {
  const ran: [Argv, CommandOutput][] = [];
  const work = planInstallation(installRequests([text], empty), false, empty);
  let step = work.next();
  while (step.done !== true) {
    assert.equal(step.value.kind, 'run');
    if (step.value.kind !== 'run') break;
    const output = await runCommand(step.value.argv, { env: { APT_CONFIG: config } });
    ran.push([step.value.argv, output]);
    step = work.next({ kind: 'run', ...output });
  }
  assert.ok(step.done === true);
  return { plan: step.value, ran };
}

const OPERAND = /^[a-z0-9][a-z0-9+.-]+:[a-z0-9-]+(=[A-Za-z0-9.+~:-]+)?$/;

/** All options are ours and stand before `--`; behind it are names with their architecture and nothing else. */
function assertHarmless(argv: Argv): void {
  const end = argv.indexOf('--');
  assert.ok(end > 0, argv.join(' '));
  // apt-cache only reads; it is also asked for names that begin as a misspelt one does.
  const operand = argv[0] === 'apt-get' ? OPERAND : /^[a-z0-9]/;
  for (const each of argv.slice(end + 1)) assert.match(each, operand);
}

test('whatever is asked for, the real apt would install exactly that, or nothing', async () => {
  await using folder = await temporaryFolder();
  const config = await makeIndex(folder.path);
  let installed = 0;
  await fc.assert(
    fc.asyncProperty(
      nearMiss.filter((text) => packageArgumentSchema.safeParse(text).success),
      async (text) => {
        const { plan, ran } = await planFor(text, config);
        for (const [argv] of ran) assertHarmless(argv);
        const { name, arch, version } = parsePackageArgument(text);
        const exists = NAMES.includes(name) && (version === null || version === VERSION);
        const said = ran.map(([, { stdout }]) => stdout).join('');
        const touched = new Set([...said.matchAll(/^(?:Inst|Remv|Purg|Conf) (\S+)/gm)].map(([, each]) => each));
        if (exists && ['all', 'any', 'native'].includes(arch ?? '')) {
          // apt takes these for its own architecture. Nothing is begun: what it would do is for another than was named.
          assert.deepEqual([...touched], [name]);
          return assert.ok('message' in plan);
        }
        const isThere = exists && (arch === null || arch === 'amd64');
        assert.deepEqual([...touched], isThere ? [name] : [], text);
        if (!isThere) return assert.ok('message' in plan, text);
        installed += 1;
        assert.ok('transaction' in plan);
        assert.deepEqual(
          plan.transaction.changes.map((change) => [change.action, change.package]),
          [['install', name]],
        );
      },
    ),
    { numRuns: QUESTIONS },
  );
  assert.ok(installed > QUESTIONS / 20, `only ${installed} of ${QUESTIONS} names exist`);
});

test('what the barrier lets through is a name, perhaps with an architecture and a version', () => {
  fc.assert(
    fc.property(
      fc.oneof(nearMiss, optionLike, fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ maxLength: 200 })),
      (text) => {
        if (!packageArgumentSchema.safeParse(text).success) return;
        for (const { name, arch, version } of installRequests([text], empty)) {
          assert.match(`${name}:${arch}${version === null ? '' : `=${version}`}`, OPERAND);
          assert.doesNotMatch(name, /-$/);
        }
      },
    ),
    { numRuns: STRINGS },
  );
});
