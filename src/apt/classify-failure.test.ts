import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CommandOutput } from '../core/step.ts';
import { classifyFailure, isLockFailure } from './classify-failure.ts';

const failed = (text: string, end: Partial<CommandOutput> = {}): CommandOutput => ({
  exitCode: 100,
  signal: null,
  stdout: text,
  stderr: '',
  ...end,
});

/** What apt 2.6 and dpkg 1.21 printed when it happened, and what is made of it. */
const SEEN: readonly (readonly [kind: string, text: string, message: string | RegExp])[] = [
  [
    'lock',
    `E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 25493 (python3)
E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?`,
    '/var/lib/dpkg/lock-frontend is held by process 25493 (python3)',
  ],
  [
    'lock',
    'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?',
    /another program/,
  ],
  [
    'lock',
    `dpkg: error: dpkg frontend lock was locked by another process with pid 25493
Note: removing the lock file is always wrong, can damage the locked area`,
    /another program/,
  ],
  [
    'disk_full',
    `E: You don't have enough free space in /var/cache/apt/archives/.`,
    'no space left on the disk of /var/cache/apt/archives/',
  ],
  [
    'disk_full',
    `dpkg: error processing archive /var/cache/apt/archives/big_1.0_all.deb (--unpack):
 cannot copy extracted data for './usr/share/big/data' to '/usr/share/big/data.dpkg-new': failed to write (No space left on device)`,
    'no space left on the disk',
  ],
  [
    'hash_mismatch',
    `E: Failed to fetch file:/repo/stable/./tiny_1.1_all.deb  Hash Sum mismatch
   Hashes of expected file:`,
    /tiny_1\.1_all\.deb is not what/,
  ],
  [
    'untrusted_repository',
    `E: The repository 'file:/repo/third ./ Release' is not signed.`,
    `The repository 'file:/repo/third ./ Release' is not signed.`,
  ],
  [
    'not_on_mirror',
    `E: Failed to fetch http://127.0.0.1:8080/pool/gone_1.0_all.deb  404  Not Found [IP: 127.0.0.1 8080]`,
    'the mirror does not have http://127.0.0.1:8080/pool/gone_1.0_all.deb',
  ],
  [
    'not_on_mirror',
    'E: Failed to fetch file:/repo/stable/./tiny_1.0_all.deb  File not found - /repo/stable/./tiny_1.0_all.deb (2: No such file or directory)',
    /mirror does not have/,
  ],
  [
    'network',
    `E: Failed to fetch http://127.0.0.1:9/x/./InRelease  Could not connect to 127.0.0.1:9 (127.0.0.1). - connect (111: Connection refused)`,
    /cannot fetch http:\/\/127\.0\.0\.1:9\/x\/\.\/InRelease: Could not connect/,
  ],
  [
    'network',
    `E: Failed to fetch http://no-such-host.invalid/x/./InRelease  Could not resolve 'no-such-host.invalid'`,
    /Could not resolve/,
  ],
  [
    'file_conflict',
    `dpkg: error processing archive /repo/clash_1.0_all.deb (--unpack):
 trying to overwrite '/usr/bin/hello-lab', which is also in package hello-lab 1.1`,
    '/usr/bin/hello-lab also belongs to hello-lab',
  ],
  [
    'conffile',
    `Configuration file '/etc/conf.conf'
*** conf.conf (Y/I/N/O/D/Z) [default=N] ? dpkg: error processing package conf (--configure):
 end of file on stdin at conffile prompt`,
    /configuration file/,
  ],
  [
    'maintainer_script',
    `Setting up failing (2.0) ...\r
boom\r
dpkg: error processing package failing (--configure):\r
 installed failing package post-installation script subprocess returned error exit status 3\r
Errors were encountered while processing:\r
 failing\r
E: Sub-process /usr/bin/dpkg returned an error code (1)`,
    'failing: installed failing package post-installation script subprocess returned error exit status 3',
  ],
  [
    'dpkg_failed',
    `dpkg: error processing package multi (--configure):
 dependency problems - leaving unconfigured`,
    'multi: dependency problems - leaving unconfigured',
  ],
  [
    'dpkg_interrupted',
    `E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.`,
    /stopped in the middle/,
  ],
  ['held', 'E: Held packages were changed and -y was used without --allow-change-held-packages.', /holds/],
  ['essential', 'E: Essential packages were removed and -y was used without --allow-remove-essential.', /essential/],
  ['plan_changed', 'E: Packages need to be removed but remove is disabled.', /since the plan/],
  ['plan_changed', 'E: Packages were downgraded and -y was used without --allow-downgrades.', /since the plan/],
  ['no_such_package', 'E: Unable to locate package mta-c:amd64', /mta-c:amd64/],
  ['no_such_version', `E: Version '9' for 'tiny' was not found`, 'no repository of the host has tiny 9'],
  ['no_candidate', `E: Package 'mta' has no installation candidate`, /offers mta/],
  [
    'unmet_dependencies',
    `The following packages have unmet dependencies:
 needsmissing : Depends: doesnotexist but it is not installable
                Recommends: other
E: Unable to correct problems, you have held broken packages.`,
    'dependencies cannot be met: needsmissing : Depends: doesnotexist but it is not installable; Recommends: other',
  ],
  [
    'unmet_dependencies',
    'E: Error, pkgProblemResolver::Resolve generated breaks, this may be caused by held packages.',
    /fits together/,
  ],
  [
    'bad_configuration',
    `E: Malformed entry 1 in list file /etc/apt/sources.list.d/x.list (Component)
E: The list of sources could not be read.`,
    'Malformed entry 1 in list file /etc/apt/sources.list.d/x.list (Component)',
  ],
  [
    'bad_configuration',
    'E: Unable to parse package file /etc/apt/preferences.d/bad.pref (1)',
    'Unable to parse package file /etc/apt/preferences.d/bad.pref (1)',
  ],
  ['apt_failed', 'E: Something new\nE: And more of it', 'Something new; And more of it'],
];

for (const [kind, text, message] of SEEN) {
  test(`${kind} is told from ${JSON.stringify(text.slice(0, 60))}`, () => {
    const failure = classifyFailure(failed(text));
    assert.equal(failure.kind, kind);
    if (typeof message === 'string') assert.equal(failure.message, message);
    else assert.match(failure.message, message);
  });
}

test('a signal counts when nothing was said, and silence is told as such', () => {
  assert.equal(classifyFailure(failed('', { exitCode: null, signal: 'SIGKILL' })).kind, 'killed');
  assert.equal(classifyFailure(failed('')).message, 'the program ended with 100: no word of why');
  assert.equal(classifyFailure(failed('a\nb\n')).message, 'the program ended with 100: b');
});

test('only a failed program has met a lock', () => {
  const text = 'E: Could not get lock /var/lib/dpkg/lock. It is held by process 1 (x)';
  assert.equal(isLockFailure(failed(text)), true);
  assert.equal(isLockFailure(failed(text, { exitCode: 0 })), false);
});

test('any output is classified, within the bounds of an outcome', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.string(), (stdout, stderr) => {
      const { kind, message } = classifyFailure(failed(stdout.repeat(40), { stderr }));
      assert.ok(kind.length <= 64 && message.length <= 4000);
    }),
  );
});
