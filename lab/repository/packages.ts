import { createHash } from 'node:crypto';
import { labPackage, type LabPackage } from './package.ts';

/** Seconds a slow script takes: the first line of the file on the host, else `otherwise`. */
const seconds = (file: string, otherwise: number): string => `
seconds=$(head -n 1 ${file} 2>/dev/null || echo ${otherwise})
for second in $(seq 1 "$seconds"); do
  echo "second $second of $seconds"
  sleep 1
done`;

const hello = (version: string): Record<string, string> => ({
  '/usr/bin/hello-lab': `#!/bin/sh\necho "hello from the lab, version ${version}"\n`,
});

const PLAIN = [
  labPackage('hello-lab', '1.0', { files: hello('1.0') }),
  labPackage('hello-lab', '1.1', { files: hello('1.1') }),
  labPackage('hello-lab', '2.0', { wave: 'updates', files: hello('2.0') }),
  labPackage('lab-app', '1.0', { fields: { Depends: 'lab-lib (>= 1.0)', Recommends: 'lab-extras' } }),
  labPackage('lab-app', '2.0', {
    wave: 'updates',
    fields: { Depends: 'lab-lib (>= 2.0)', Recommends: 'lab-extras' },
  }),
  labPackage('lab-lib', '1.0', { fields: { Architecture: 'all' } }),
  labPackage('lab-lib', '2.0', { wave: 'updates', fields: { Architecture: 'all' } }),
  labPackage('lab-extras', '1:1.0-1'),
];

/** Names that trip a careless argument list: a regular expression, a modifier, a base name that also exists. */
const NAMES = ['lab.sh', 'labxsh', 'lab-c', 'lab-c+', 'lab-c++'].map((name) => labPackage(name, '1.0'));

const CONFFILE = [
  labPackage('lab-conf', '1.0', { files: { '/etc/lab-conf.conf': 'greeting = hello\n' } }),
  labPackage('lab-conf', '2.0', { wave: 'updates', files: { '/etc/lab-conf.conf': 'greeting = good day\n' } }),
];

const SCRIPTS = [
  labPackage('lab-broken', '1.0', { scripts: { postinst: 'echo "lab-broken never configures" >&2; exit 1' } }),
  labPackage('lab-flaky', '1.0', {
    scripts: { postinst: 'test -e /var/lib/lab-flaky || { touch /var/lib/lab-flaky; exit 1; }' },
  }),
  labPackage('lab-sticky', '1.0', { scripts: { prerm: 'echo "lab-sticky does not leave" >&2; exit 1' } }),
  labPackage('lab-slow', '1.0', { scripts: { postinst: seconds('/etc/lab-slow', 15) } }),
  labPackage('lab-slow', '2.0', { wave: 'updates', scripts: { postinst: seconds('/etc/lab-slow', 15) } }),
  labPackage('lab-slow-unpack', '1.0', { scripts: { preinst: seconds('/etc/lab-slow-unpack', 15) } }),
  labPackage('lab-slow-unpack', '2.0', {
    wave: 'updates',
    scripts: { preinst: seconds('/etc/lab-slow-unpack', 15) },
  }),
  labPackage('lab-daemon', '1.0', { scripts: { postinst: 'sleep 120 & echo $! >/run/lab-daemon.pid' } }),
  labPackage('lab-stdin', '1.0', { scripts: { postinst: 'read -r answer || answer=none; echo "answer: $answer"' } }),
  labPackage('lab-noisy', '1.0', {
    scripts: { postinst: String.raw`seq 1 5000; printf '\033[31mred\033[0m \377\376 not UTF-8\n'` },
  }),
  labPackage('lab-question', '1.0', {
    fields: { Depends: 'debconf' },
    scripts: {
      templates:
        'Template: lab-question/colour\nType: string\nDefault: green\nDescription: Which colour?\n The lab wants to know.\n',
      config: '. /usr/share/debconf/confmodule\ndb_input high lab-question/colour || true\ndb_go || true',
      postinst: '. /usr/share/debconf/confmodule\ndb_get lab-question/colour\necho "$RET" >/etc/lab-question.colour',
    },
  }),
];

/** 100 KB that do not compress: something to be cancelled in the middle of. */
const HEAVY = labPackage('lab-heavy', '1.0', {
  files: { '/usr/share/lab-heavy': createHash('shake256', { outputLength: 75_000 }).update('lab').digest('base64') },
});

const CONFLICTS = [
  labPackage('lab-left', '1.0', { fields: { Conflicts: 'lab-right' } }),
  labPackage('lab-right', '1.0', { fields: { Conflicts: 'lab-left', Provides: 'lab-hand' } }),
  labPackage('lab-clash', '1.0', { files: hello('from another package') }),
];

/** Version 2.0 of lab-web moves to another engine: a full upgrade removes lab-engine1. */
const REMOVAL = [
  labPackage('lab-web', '1.0', { fields: { Depends: 'lab-engine1' } }),
  labPackage('lab-web', '2.0', {
    wave: 'updates',
    fields: { Depends: 'lab-engine2', Conflicts: 'lab-engine1', Replaces: 'lab-engine1' },
  }),
  labPackage('lab-engine1', '1.0'),
  labPackage('lab-engine2', '2.0', { wave: 'updates' }),
];

const reboot = (name: string): Record<string, string> => ({
  postinst: `touch /run/reboot-required; echo ${name} >>/run/reboot-required.pkgs`,
});

const SYSTEM = [
  labPackage('lab-secure', '1.0'),
  labPackage('lab-secure', '1.0+deb1', { wave: 'updates', suite: 'lab-security' }),
  labPackage('lab-patched', '1.0'),
  labPackage('lab-patched', '1.0+deb1', { wave: 'updates', suite: 'lab-security' }),
  labPackage('lab-patched', '1.1', { wave: 'updates' }),
  labPackage('linux-image-lab', '6.1.1', { scripts: reboot('linux-image-lab') }),
  labPackage('linux-image-lab', '6.1.2', { wave: 'updates', scripts: reboot('linux-image-lab') }),
  labPackage('lab-reboot', '1.0', { scripts: reboot('lab-reboot') }),
];

/** A service that its package restarts, as most do, without looking what comes of it. */
const service = (program: string): Pick<LabPackage, 'files' | 'scripts'> => ({
  files: {
    '/usr/bin/lab-service': `#!/bin/sh\n${program}\nexec sleep infinity\n`,
    '/usr/lib/systemd/system/lab-service.service': '[Service]\nExecStart=/usr/bin/lab-service\n',
  },
  scripts: {
    postinst: 'test -d /run/systemd/system || exit 0\nsystemctl daemon-reload\nsystemctl restart lab-service || true',
  },
});

/** What version 2.0 wants, its service does not start without. */
const SERVICE = [
  labPackage('lab-service', '1.0', service('')),
  labPackage('lab-service', '2.0', { wave: 'updates', ...service('test -e /etc/lab-service.key || exit 3') }),
];

/** Eight packages with short scripts in one transaction: something to be killed in the middle of. */
const PARTS = Array.from({ length: 8 }, (_, index) => `lab-part${index + 1}`);
const set = (version: string, wave: LabPackage['wave']): LabPackage[] => [
  ...PARTS.map((name) => labPackage(name, version, { wave, scripts: { preinst: 'sleep 0.1', postinst: 'sleep 0.2' } })),
  labPackage('lab-set', version, {
    wave,
    fields: { Depends: PARTS.map((name) => `${name} (= ${version})`).join(', ') },
  }),
];

/** Everything the lab's repository holds, the versions of a package from old to new. */
export const PACKAGES: readonly LabPackage[] = [
  ...PLAIN,
  ...NAMES,
  ...CONFFILE,
  ...SCRIPTS,
  HEAVY,
  ...CONFLICTS,
  ...REMOVAL,
  ...SYSTEM,
  ...SERVICE,
  ...set('1.0', 'base'),
  ...set('2.0', 'updates'),
];
