import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from './parse-policy.ts';

const POLICY = `secpkg:
  Installed: 1.0
  Candidate: 1.2
  Version table:
     1.2 500 (phased 20%)
        500 file:/repo/updates ./ Packages
     1.1 -1
        500 http://mirror.example.org/debian-security bookworm-security/main amd64 Packages
 *** 1.0 100
         50 file:/repo/stable ./ Packages
        100 /var/lib/dpkg/status
mta:
  Installed: (none)
  Candidate: (none)
  Version table:
native:i386:
  Installed: (none)
  Candidate: 1:2.0-1~x
  Version table:
     1:2.0-1~x 500
        500 file:/repo/stable ./ Packages
`;

test('a policy tells the candidate, every version and where each is to be had', () => {
  assert.deepEqual(parsePolicy(POLICY), [
    {
      name: 'secpkg',
      arch: null,
      candidate: '1.2',
      versions: [
        { version: '1.2', phased: true, sources: ['file:/repo/updates ./ Packages'] },
        {
          version: '1.1',
          phased: false,
          sources: ['http://mirror.example.org/debian-security bookworm-security/main amd64 Packages'],
        },
        { version: '1.0', phased: false, sources: ['file:/repo/stable ./ Packages', '/var/lib/dpkg/status'] },
      ],
    },
    { name: 'mta', arch: null, candidate: null, versions: [] },
    {
      name: 'native',
      arch: 'i386',
      candidate: '1:2.0-1~x',
      versions: [{ version: '1:2.0-1~x', phased: false, sources: ['file:/repo/stable ./ Packages'] }],
    },
  ]);
});

test('names that apt does not know leave nothing behind', () => {
  assert.deepEqual(parsePolicy(''), []);
  assert.deepEqual(parsePolicy('N: Unable to locate package nothing\n'), []);
});
