import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStatusLine } from './parse-status-line.ts';

test('each kind of line is understood', () => {
  assert.deepEqual(parseStatusLine('dlstatus:2:33.3333:Retrieving file 2 of 3'), {
    kind: 'download',
    package: null,
    percent: 33.3333,
    text: 'Retrieving file 2 of 3',
  });
  assert.deepEqual(parseStatusLine('pmstatus:conf:7.6923:Unpacking conf (amd64)'), {
    kind: 'package',
    package: 'conf',
    percent: 7.6923,
    text: 'Unpacking conf (amd64)',
  });
  assert.deepEqual(
    parseStatusLine('pmerror:failing:53.8462:installed failing package post-installation script failed'),
    {
      kind: 'error',
      package: 'failing',
      text: 'installed failing package post-installation script failed',
    },
  );
  assert.deepEqual(
    parseStatusLine(`pmconffile:/etc/conf.conf:53.8462:'/etc/conf.conf' '/etc/conf.conf.dpkg-new' 1 1 `),
    {
      kind: 'conffile',
      path: '/etc/conf.conf',
    },
  );
});

test('a package may carry its architecture, and dpkg itself is no package', () => {
  assert.equal(parseStatusLine('pmstatus:libc6:i386:50.0:Configuring')?.kind, 'package');
  assert.deepEqual(parseStatusLine('pmstatus:libc6:i386:50.0:a:b'), {
    kind: 'package',
    package: 'libc6:i386',
    percent: 50,
    text: 'a:b',
  });
  assert.deepEqual(parseStatusLine('pmstatus:dpkg-exec:0.0000:Running dpkg'), {
    kind: 'package',
    package: null,
    percent: 0,
    text: 'Running dpkg',
  });
});

test('half a line and a line of another kind are passed over', () => {
  for (const line of ['', 'pmstatus:conf:', 'pmstatus:conf:7.69', 'media-change: disc:1', 'Reading package lists...']) {
    assert.equal(parseStatusLine(line), null, line);
  }
});
