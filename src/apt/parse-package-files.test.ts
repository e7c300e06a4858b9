import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePackageFiles } from './parse-package-files.ts';

test('package files come with their priority and the fields of their release', () => {
  const files = parsePackageFiles(`Package files:
 100 /var/lib/dpkg/status
     release a=now
 -10 http://mirror.example.org/debian-security bookworm-security/main amd64 Packages
     release v=12,o=Debian,a=stable-security,n=bookworm-security,l=Debian-Security,c=main,b=amd64
     origin mirror.example.org
1001 file:/repo/third ./ Packages
     release o=Bits, Bytes and Co,l=Third Party,c=
Pinned packages:
     tiny -> 1.0 with priority 1001
`);
  assert.deepEqual(
    files.map(({ priority, source, release }) => ({ priority, source, release: Object.fromEntries(release) })),
    [
      { priority: 100, source: '/var/lib/dpkg/status', release: { a: 'now' } },
      {
        priority: -10,
        source: 'http://mirror.example.org/debian-security bookworm-security/main amd64 Packages',
        release: {
          v: '12',
          o: 'Debian',
          a: 'stable-security',
          n: 'bookworm-security',
          l: 'Debian-Security',
          c: 'main',
          b: 'amd64',
        },
      },
      {
        priority: 1001,
        source: 'file:/repo/third ./ Packages',
        release: { o: 'Bits, Bytes and Co', l: 'Third Party' },
      },
    ],
  );
});
