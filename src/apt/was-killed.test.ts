import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wasKilled } from './was-killed.ts';

const base = { exitCode: 100, signal: null, stdout: '', stderr: '' };

test('a program ended by a signal was killed', () => {
  assert.equal(wasKilled({ ...base, exitCode: null, signal: 'SIGKILL' }), true);
});

for (const words of ['exited unexpectedly', 'received signal 9.', 'received a segmentation fault.']) {
  test(`apt’s words for a killed dpkg are understood: ${words}`, () => {
    const stdout = `Setting up nginx (1.22.1-9) ...\r\nE: Sub-process /usr/bin/dpkg ${words}\n`;

    assert.equal(wasKilled({ ...base, stdout }), true);
    assert.equal(wasKilled({ ...base, exitCode: 0, stdout }), false);
  });
}

test('a dpkg that failed by itself was not killed', () => {
  assert.equal(wasKilled({ ...base, stdout: 'E: Sub-process /usr/bin/dpkg returned an error code (1)\n' }), false);
  assert.equal(wasKilled(base), false);
});
