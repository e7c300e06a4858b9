import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOsRelease } from './parse-os-release.ts';

test('quoted, bare and escaped values are read', () => {
  assert.deepEqual(
    parseOsRelease(`PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME='Debian'\nVERSION_ID="12"\nID=debian\n# x\n`),
    { name: 'Debian GNU/Linux 12 (bookworm)', id: 'debian', version: '12' },
  );
  assert.equal(parseOsRelease('PRETTY_NAME="The \\"Best\\" \\$OS"').name, 'The "Best" $OS');
});

test('a file without the fields, as Debian testing has no version, still has a name', () => {
  assert.deepEqual(parseOsRelease(''), { name: 'Linux', id: 'linux', version: '' });
  assert.deepEqual(parseOsRelease('NAME=Debian\nID=debian'), { name: 'Debian', id: 'debian', version: '' });
});
