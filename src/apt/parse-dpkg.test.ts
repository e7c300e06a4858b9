import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAutoMarks } from './parse-auto-marks.ts';
import { parseDpkgQuery } from './parse-dpkg-query.ts';
import { parseDpkgStatus } from './parse-dpkg-status.ts';

const STATUS = `Package: dpkg
Essential: yes
Status: install ok installed
Architecture: amd64
Multi-Arch: foreign
Version: 1.21.23
Conffiles:
 /etc/alternatives/README 7be88b21f7e386c8d5a8790c2461c92b
Description: Debian package management system
 Status: this is a continuation line and no field

Package: libcrypt1
Protected: yes
Status: install ok installed
Architecture: amd64
Version: 1:4.4.33-2

Package: held
Status: hold ok installed
Architecture: all
Version: 1.0

Package: crashed
Status: install reinstreq half-installed
Architecture: amd64
Version: 2.0

Package: leftovers
Status: deinstall ok config-files
Architecture: amd64
Version: 0.9

Package: broken
Status: install ok half-configured
Architecture: amd64
Version: 1.1

Package: asked-for
Status: unknown ok not-installed
Architecture: amd64
`;
const QUERY = `dpkg\tamd64\tii \t1.21.23\tyes\tno
libcrypt1\tamd64\tii \t1:4.4.33-2\tno\tyes
held\tall\thi \t1.0\tno\tno
crashed\tamd64\tiHR\t2.0\tno\tno
leftovers\tamd64\trc \t0.9\tno\tno
broken\tamd64\tiF \t1.1\tno\tno
asked-for\tamd64\tun \t\tno\tno
`;

test('the status file and dpkg-query say the same', () => {
  const states = parseDpkgStatus(STATUS);
  assert.deepEqual(states, parseDpkgQuery(QUERY));
  assert.deepEqual(
    states.map(({ name, state, version, essential }) => [name, state, version, essential]),
    [
      ['dpkg', 'ii', '1.21.23', true],
      ['libcrypt1', 'ii', '1:4.4.33-2', true],
      ['held', 'hi', '1.0', false],
      ['crashed', 'iHR', '2.0', false],
      ['leftovers', 'rc', '0.9', false],
      ['broken', 'iF', '1.1', false],
      ['asked-for', 'un', null, false],
    ],
  );
});

test('auto marks are read with their architecture, and only where they are set', () => {
  const marks = parseAutoMarks(`Package: libm
Architecture: amd64
Auto-Installed: 1

Package: vim
Architecture: amd64
Auto-Installed: 0
`);
  assert.deepEqual([...marks], ['libm:amd64']);
});
