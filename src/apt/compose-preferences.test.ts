import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { globMatches } from '../core/glob.ts';
import { composePreferences, excludeRecord, rankBelowSecurity } from './compose-preferences.ts';
import { parsePackageFiles } from './parse-package-files.ts';

test('a pattern becomes a record for every architecture that leaves no version to choose', () => {
  assert.equal(excludeRecord('linux-image-*'), 'Package: /^linux-image-.*$/:any\nPin: version *\nPin-Priority: -1');
  assert.equal(excludeRecord('g++-?'), 'Package: /^g[+][+]-.$/:any\nPin: version *\nPin-Priority: -1');
});

test('a record excludes the names that its pattern matches and no others', () => {
  const letters = fc.constantFrom(...'ab+.-1'.split(''));
  const pattern = fc.string({ unit: fc.oneof(letters, fc.constantFrom('*', '?')), minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(pattern, fc.string({ unit: letters, maxLength: 8 }), (glob, name) => {
      const expression = /^Package: \/(.*)\/:any$/m.exec(excludeRecord(glob))?.[1] ?? '';
      assert.equal(new RegExp(expression).test(name), globMatches(glob, name));
    }),
  );
});

test('everything but security goes below what is installed, in its old order', () => {
  const records = rankBelowSecurity(
    parsePackageFiles(`Package files:
 100 /var/lib/dpkg/status
     release a=now
 500 http://mirror.example.org/debian-security bookworm-security/main amd64 Packages
     release v=12,o=Debian,a=stable-security,n=bookworm-security,l=Debian-Security,c=main,b=amd64
 990 http://mirror.example.org/debian bookworm/main amd64 Packages
     release v=12,o=Debian,a=stable,n=bookworm,l=Debian,c=main,b=amd64
 100 http://mirror.example.org/debian bookworm-backports/main amd64 Packages
     release o=Debian Backports,a=stable-backports,n=bookworm-backports,l=Debian Backports,c=main,b=amd64
 -10 http://mirror.example.org/debian trixie/main amd64 Packages
     release v=13,o=Debian,a=testing,n=trixie,l=Debian,c=main,b=amd64
 500 file:/srv/flat ./ Packages
     release c=
 500 file:/srv/commas ./ Packages
     release o=Bits, Bytes and Co,l=Bits,c=
`),
  );
  assert.deepEqual(records, [
    'Package: *\nPin: release v=12,o=Debian,a=stable,n=bookworm,l=Debian,c=main,b=amd64\nPin-Priority: 3',
    'Package: *\nPin: release o=Debian Backports,a=stable-backports,n=bookworm-backports,l=Debian Backports,c=main,b=amd64\nPin-Priority: 1',
    'Package: *\nPin: release l=Bits\nPin-Priority: 2',
  ]);
});

test('our records stand before the administrator’s', () => {
  const text = composePreferences([excludeRecord('vim')], 'Package: vim\nPin: version 1\nPin-Priority: 1001\n');
  assert.match(text, /^Package: \/\^vim\$\/:any\n[^]*\n\nPackage: vim\n/);
});
