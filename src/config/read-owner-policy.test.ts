import assert from 'node:assert/strict';
import { chmod, chown, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { NO_WORD } from '../core/owner-policy.ts';
import { ownersWordIn } from './owners-word.ts';
import { readOwnerPolicy } from './read-owner-policy.ts';

const GOOD = `# ours
version: 1
deny:
  tasks: [apt.remove]
  packages: ['linux-image-*']
hours:
  - days: [mon, tue]
    from: 22:00
    to: 05:00
two_signers: [apt.upgrade]
`;

type Folder = AsyncDisposable & { readonly put: (text: string | Uint8Array) => Promise<string>; readonly path: string };

async function folder(): Promise<Folder> {
  const dir = await mkdtempDisposable(join(tmpdir(), 'celeroot-owner-'));
  const put = async (text: string | Uint8Array): Promise<string> => {
    const file = join(dir.path, 'policy.yaml');
    await writeFile(file, text);
    return file;
  };
  return { path: dir.path, put, [Symbol.asyncDispose]: async () => await dir[Symbol.asyncDispose]() };
}

describe('the policy of a host’s owner', () => {
  test('is called by its whole name where a service finds fault with it, which starts at the root', async () => {
    await using dir = await folder();
    const file = await dir.put('deny: [');
    const before = process.cwd();
    process.chdir('/');
    try {
      const { problem } = await ownersWordIn(file);
      assert.ok(problem?.startsWith(`${file}:1:`), problem ?? '');
    } finally {
      process.chdir(before);
    }
  });

  test('is read, and what it leaves out is not forbidden', async () => {
    await using dir = await folder();
    assert.deepEqual(readOwnerPolicy(await dir.put(GOOD)), {
      version: 1,
      deny: { tasks: ['apt.remove'], packages: ['linux-image-*'] },
      hours: [{ days: ['mon', 'tue'], from: '22:00', to: '05:00' }],
      two_signers: ['apt.upgrade'],
    });
    assert.deepEqual(readOwnerPolicy(await dir.put('version: 1\n')), {
      version: 1,
      deny: { tasks: [], packages: [] },
      two_signers: [],
    });
  });

  test('that is not there says nothing', async () => {
    await using dir = await folder();
    assert.equal(await ownersWordIn(join(dir.path, 'policy.yaml')), NO_WORD);
  });

  const wrong: readonly (readonly [what: string, text: string, message: RegExp])[] = [
    ['a key that is none', GOOD.replace('tasks:', 'taks:'), /policy\.yaml:4:3: deny\/taks: is not known here; .*tasks/],
    ['an hour that is none', GOOD.replace('22:00', '25:00'), /:8:11: hours\/0\/from: expected a time such as 22:00/],
    ['an empty window', GOOD.replace('05:00', '22:00'), /:9:9: hours\/0\/to: expected another time/],
    ['a day that is none', GOOD.replace('mon', 'monday'), /:7:12: hours\/0\/days\/0: expected sun or mon/],
    ['no hours at all', 'version: 1\nhours: []\n', /:2:8: hours: expected at least 1 entry/],
    ['a text for a list', GOOD.replace('[apt.upgrade]', 'apt.upgrade'), /:10:14: two_signers: expected a list/],
    ['a key twice', `${GOOD}two_signers: []\n`, /:11:1: two_signers: /],
    [
      'a package of one architecture',
      GOOD.replace('linux-image-*', 'libc6:i386'),
      /:5:14: deny\/packages\/0: expected the name of a package/,
    ],
    [
      'a task that can be none',
      GOOD.replace('apt.remove', 'Apt Remove'),
      /:4:11: deny\/tasks\/0: expected a task such as/,
    ],
    ['no YAML', 'version: [1\n', /policy\.yaml:\d+:\d+: /],
    ['nothing', '', /policy\.yaml:1:1: /],
    ['another version', 'version: 2\n', /:1:10: version: expected 1, got 2/],
  ];
  for (const [what, text, message] of wrong) {
    test(`with ${what} is named by its place, and nothing changes the host`, async () => {
      await using dir = await folder();
      const file = await dir.put(text);
      assert.throws(() => readOwnerPolicy(file), { code: 'CONFIG_INVALID', message });
      const word = await ownersWordIn(file);
      assert.equal(word.policy, null);
      assert.match(word.problem ?? '', message);
    });
  }

  test('that others than its owner may write is not believed', async () => {
    await using dir = await folder();
    const file = await dir.put(GOOD);
    for (const mode of [0o664, 0o646]) {
      await chmod(file, mode);
      assert.throws(() => readOwnerPolicy(file), { code: 'CONFIG_UNREADABLE', message: /may be written by others/ });
    }
  });

  test('that belongs to somebody else is not believed', { skip: process.getuid?.() !== 0 }, async () => {
    await using dir = await folder();
    const file = await dir.put(GOOD);
    await chown(file, 65_534, 65_534);
    assert.equal((await ownersWordIn(file)).policy, null);
    assert.match((await ownersWordIn(file)).problem ?? '', /belongs to user 65534, not to root/);
  });

  test('that cannot be read, or is no file, lets nothing change the host', async () => {
    await using dir = await folder();
    const file = join(dir.path, 'policy.yaml');
    await symlink('nowhere', file);
    assert.equal((await ownersWordIn(file)).policy, null);
    assert.equal((await ownersWordIn(dir.path)).policy, null);
    assert.equal((await ownersWordIn(join(import.meta.filename, 'policy.yaml'))).policy, null);
    const binary = join(dir.path, 'binary.yaml');
    await writeFile(binary, new Uint8Array([0x80, 0xff]));
    assert.equal((await ownersWordIn(binary)).policy, null);
  });
});

test('whatever stands in the file, it is a policy or a problem', async () => {
  await using dir = await folder();
  const mutant = fc.tuple(
    fc.nat(GOOD.length - 1),
    fc.nat(GOOD.length - 1),
    fc.constantFrom('', ':', '- ', ' ', '[', '&a', '*a'),
  );
  for (const [one, other, put] of fc.sample(mutant, 300)) {
    const [from, to] = [Math.min(one, other), Math.min(Math.max(one, other), Math.min(one, other) + 5)];
    const word = await ownersWordIn(await dir.put(GOOD.slice(0, from) + put + GOOD.slice(to)));
    assert.equal(word.policy === null, word.problem !== null && word.problem.length > 0);
  }
});
