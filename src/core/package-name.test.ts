import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  packageArgumentSchema,
  packageNameSchema,
  packagePatternSchema,
  packageSelectorSchema,
  parsePackageArgument,
} from './package-name.ts';

const messageFor = (text: string): string => packageArgumentSchema.safeParse(text).error?.issues[0]?.message ?? '';

test('names and versions found in Debian are accepted', () => {
  const names = ['nginx', 'g++', 'libstdc++6', '0ad', 'python3.11', 'lib32gcc-s1', 'b.sh', '7zip'];
  const versions = ['1.22.1-9', '1:2.30.2-1+deb12u2', '2026b-0+deb12u1', '0~git20210819-1', '1:9.18.33-1~deb12u2'];
  for (const name of names) {
    assert.equal(packageNameSchema.safeParse(name).success, true, name);
    for (const version of versions) assert.equal(messageFor(`${name}:amd64=${version}`), '', version);
  }
});

test('each form comes apart into name, architecture and version', () => {
  assert.deepEqual(parsePackageArgument('vim'), { name: 'vim', arch: null, version: null });
  assert.deepEqual(parsePackageArgument('vim:i386'), { name: 'vim', arch: 'i386', version: null });
  assert.deepEqual(parsePackageArgument('vim=2:9.0'), { name: 'vim', arch: null, version: '2:9.0' });
  assert.deepEqual(parsePackageArgument('vim:i386=2:9.0'), { name: 'vim', arch: 'i386', version: '2:9.0' });
});

test('what apt would take for something else is refused, with the reason', () => {
  const expected: readonly (readonly [string, RegExp])[] = [
    ['', /is empty/],
    ['  ', /is empty/],
    ['vim-', /a trailing - means removal to apt; celeroot does not accept it/],
    ['vim-:amd64', /means removal/],
    ['vim-=1.0', /means removal/],
    ['-oDPkg::Pre-Invoke::=id', /looks like an option/],
    ['--reinstall', /looks like an option/],
    ['./x.deb', /looks like a file/],
    ['x.deb', /looks like a file/],
    ['/etc/passwd', /looks like a file/],
    ['vim/testing', /looks like a file or a release/],
    ['a b', /contains a space/],
    ['vim\nnano', /contains a space/],
    ['web-server^', /means a task/],
    ['vim*', /is a pattern/],
    ['?installed', /is a pattern/],
    ['~n^vim', /is a pattern/],
    ['[ab]c', /is a pattern/],
    ['Vim', /lower case/],
    ['v', /no package name/],
    ['vim;id', /no package name/],
    ['vim:AMD64', /no architecture/],
    ['vim:amd64:x', /no architecture/],
    ['vim=2.*', /is a pattern; give the exact version/],
    ['vim=', /no version/],
    ['vim=-1', /no version/],
    ['vim=1 2', /contains a space/],
  ];
  for (const [text, message] of expected) assert.match(messageFor(text), message, text);
});

test('an accepted argument is one argv element that apt can only read as an exact name', () => {
  const tricky = fc.string({
    unit: fc.constantFrom(...'ab1+-.~:=*?^$/|[]()! \t\n\\\'"-oV;&<>\u0000é'.split('')),
    maxLength: 20,
  });
  fc.assert(
    fc.property(fc.oneof(tricky, fc.string({ unit: 'binary', maxLength: 40 })), (text) => {
      if (!packageArgumentSchema.safeParse(text).success) return;
      assert.match(text, /^[a-z0-9][a-z0-9+.-]*[a-z0-9+.](:[a-z0-9-]+)?(=[A-Za-z0-9.+~:-]+)?$/);
      const { name, arch, version } = parsePackageArgument(text);
      assert.equal(`${name}${arch === null ? '' : `:${arch}`}${version === null ? '' : `=${version}`}`, text);
    }),
    { numRuns: 5000 },
  );
});

test('a package to remove has no version, and a pattern only * and ?', () => {
  assert.equal(packageSelectorSchema.safeParse('vim:i386').success, true);
  assert.equal(packageSelectorSchema.safeParse('vim=1.0').success, false);
  for (const good of ['linux-image-*', '*', 'lib?-*']) assert.equal(packagePatternSchema.safeParse(good).success, true);
  for (const bad of ['', '/x/', 'a b', '~nvim', '-x', '[a]', 'a\n\nPackage: *']) {
    assert.equal(packagePatternSchema.safeParse(bad).success, false, bad);
  }
});
