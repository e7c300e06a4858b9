import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { inspect } from 'node:util';
import { ConfigError, RejectedError, UsageError } from '../core/errors.ts';
import { formatPublicKey } from '../trust/key.ts';
import { findConfigFile, loadFleet, loadWorker } from './load.ts';

const SIGNER = formatPublicKey(generateKeyPairSync('ed25519').publicKey);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'celeroot-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(text: string | Uint8Array, name = 'celeroot.yaml'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const HEAD = `version: 1
fleet: test
roots: [${SIGNER}]
`;
const BROKER = `broker:
  url: redis://127.0.0.1:6379
`;
const ROLES = `roles:
  web:
    concurrency: 2
  db:
`;

/** The lines of the error, without the folder. */
function problems(text: string | Uint8Array, env: Record<string, string> = {}): string[] {
  const error = failure(() => loadFleet(file(text), env));
  assert.ok(error instanceof ConfigError, inspect(error));
  return error.message.split('\n').map((line) => line.replace(`${folder}/`, ''));
}

function failure(load: () => unknown): unknown {
  try {
    load();
  } catch (error) {
    return error;
  }
  return assert.fail('expected an error');
}

test('a file is found by flag, then environment, then folder', () => {
  const here = file('', 'celeroot.yaml');

  assert.equal(findConfigFile('x.yaml', { CELEROOT_CONFIG: '/e.yaml' }, folder), join(folder, 'x.yaml'));
  assert.equal(findConfigFile(undefined, { CELEROOT_CONFIG: '/e.yaml' }, folder), '/e.yaml');
  assert.equal(findConfigFile(undefined, { CELEROOT_CONFIG: '' }, folder), here);
});

test('no file anywhere is one error that names every place tried', () => {
  assert.throws(
    () => findConfigFile(undefined, {}, join(folder, 'none')),
    (error) =>
      error instanceof ConfigError &&
      error.code === 'CONFIG_NOT_FOUND' &&
      error.message.includes(`${folder}/none/celeroot.yaml`) &&
      error.message.includes('/etc/celeroot/celeroot.yaml') &&
      error.hint?.includes('celeroot init') === true,
  );
});

test('a fleet is read with its defaults filled in', async () => {
  const path = file(
    `${HEAD}${BROKER}${ROLES}hosts:\n  web1: { roles: [web, db], description: First }\n  web2: { roles: [db], address: 10.0.0.2 }\n`,
  );

  const config = loadFleet(path, {});

  assert.equal(config.file, path);
  assert.equal(config.signingKeyFile, join(folder, 'celeroot.key'));
  assert.deepEqual(config.roots, [SIGNER]);
  assert.deepEqual(
    [...config.roles.values()],
    [
      {
        name: 'web',
        description: null,
        queues: ['web'],
        concurrency: 2,
        tasks: ['*'],
        exclude: [],
        maxUnavailable: null,
      },
      {
        name: 'db',
        description: null,
        queues: ['db'],
        concurrency: 4,
        tasks: ['*'],
        exclude: [],
        maxUnavailable: null,
      },
    ],
  );
  assert.deepEqual(
    [...config.hosts.values()],
    [
      {
        name: 'web1',
        address: 'web1',
        roles: ['web', 'db'],
        description: 'First',
        key: null,
        outgoingKey: null,
        previousKeys: [],
        brokerPassword: null,
        renamedFrom: null,
        machine: null,
        labels: {},
      },
      {
        name: 'web2',
        address: '10.0.0.2',
        roles: ['db'],
        description: null,
        key: null,
        outgoingKey: null,
        previousKeys: [],
        brokerPassword: null,
        renamedFrom: null,
        machine: null,
        labels: {},
      },
    ],
  );
});

test('all problems of a file come at once, sorted by place, as text and as data', async () => {
  const text = `version: 1
fleet: Test
roots: []
broker:
  url: redis://127.0.0.1:6379
  embedded: true
roles:
  web:
    concurency: 2
    concurrency: two
hosts:
  web1:
    roles: [web, wbe]
  hosts:
    adress: x
`;

  const error = failure(() => loadFleet(file(text), {}));

  assert.ok(error instanceof ConfigError);
  assert.deepEqual(error.message.replaceAll(`${folder}/`, '').split('\n'), [
    'celeroot.yaml:2:8: fleet: expected 1 to 63 lower-case letters, digits, dots or hyphens, got "Test"',
    'celeroot.yaml:3:8: roots: expected at least 1 entry, got an empty list',
    'celeroot.yaml:4:1: broker: expected exactly one of url, embedded, sentinel, cluster; got url and embedded',
    'celeroot.yaml:9:5: roles/web/concurency: is not known here; did you mean concurrency?',
    'celeroot.yaml:10:18: roles/web/concurrency: expected a whole number of 1 or more, got "two"',
    'celeroot.yaml:13:18: hosts/web1/roles/1: there is no role wbe; did you mean web?',
    'celeroot.yaml:14:3: hosts/hosts/roles: is missing',
    'celeroot.yaml:15:5: hosts/hosts/adress: is not known here; did you mean address?',
  ]);
  const { details } = error;
  assert.deepEqual(details?.['file'], join(folder, 'celeroot.yaml'));
  const data = details?.['problems'];
  assert.ok(Array.isArray(data));
  assert.equal(data.length, 8);
  assert.deepEqual(data[3], {
    line: 9,
    column: 5,
    path: 'roles/web/concurency',
    message: 'is not known here; did you mean concurrency?',
  });
});

const rest = BROKER + ROLES;
for (const [what, text, expected] of [
  ['a tab', `${HEAD}${BROKER}roles:\n\tweb: {}\n`, ['celeroot.yaml:7:1: a tab cannot indent; use spaces']],
  [
    'a duplicate key',
    `${HEAD}${rest}hosts:\n  a: {roles: [web]}\n  a: {roles: [db]}\n`,
    ['celeroot.yaml:12:3: hosts/a: is given twice in this mapping'],
  ],
  [
    'an alias to nothing',
    `${HEAD}${rest}hosts:\n  a:\n    roles: *none\n`,
    [
      'celeroot.yaml:12:12: hosts/a/roles: there is no anchor &none above this alias; a text that begins with * needs quotes',
    ],
  ],
  ...['* * * * *', '*/5 * * * *', '* 3 1 * *', '*/10 3 * * *'].flatMap((cron) =>
    [`schedules:\n  s:\n    cron: ${cron}\n`, `schedules:\n  s:\n  { cron: ${cron}, task: apt.update }\n`].map(
      (section): [string, string, string[]] => [
        `a pattern without quotes, ${cron} in a ${section.includes('{') ? 'line' : 'block'}`,
        `${HEAD}${rest}hosts: {}\n${section}`,
        ['celeroot.yaml:13:11: a text that begins with * needs quotes, as in  cron: "*/5 * * * *"'],
      ],
    ),
  ),
  [
    'an alias within its own anchor',
    `${HEAD}${rest}hosts: &h\n  a: *h\n`,
    ['celeroot.yaml:11:6: hosts/a: the alias *h stands within its own anchor'],
  ],
  ['an empty file', '', ['celeroot.yaml:1:1: the file says nothing; celeroot init writes one to start from']],
  [
    'a file of comments',
    '# nothing\n',
    ['celeroot.yaml:1:1: the file says nothing; celeroot init writes one to start from'],
  ],
  ['a list', '- a\n', ['celeroot.yaml:1:1: expected a mapping that begins with version: 1, got a list']],
  ['a text', 'hello\n', ['celeroot.yaml:1:1: expected a mapping that begins with version: 1, got text']],
  [
    'two documents',
    `${HEAD}${rest}---\na: 1\n`,
    ['celeroot.yaml:10:1: a second document begins here; a configuration is one document'],
  ],
  [
    'a host named like a subcommand',
    `${HEAD}${rest}hosts:\n  ls: {roles: [web]}\n`,
    ['celeroot.yaml:11:3: hosts/ls: this is a word of the command line; choose another name'],
  ],
  [
    'a wrong value under a wrong name',
    `${HEAD}${rest}hosts:\n  WEB: {roles: 5}\n`,
    [
      'celeroot.yaml:11:3: hosts/WEB: expected 1 to 63 lower-case letters, digits, dots or hyphens, starting and ending with a letter or digit',
      'celeroot.yaml:11:16: hosts/WEB/roles: expected a list, got 5',
    ],
  ],
  [
    'a role that is not defined',
    `${HEAD}${rest}hosts:\n  a:\n    roles:\n      - web\n      - mail\n`,
    ['celeroot.yaml:14:9: hosts/a/roles/1: there is no role mail; defined are web, db'],
  ],
  [
    'a role listed twice',
    `${HEAD}${rest}hosts:\n  a: {roles: [web, web]}\n`,
    ['celeroot.yaml:11:20: hosts/a/roles/1: web is listed twice'],
  ],
  [
    'no broker',
    `${HEAD}broker: {}\n${ROLES}`,
    ['celeroot.yaml:4:1: broker: expected exactly one of url, embedded, sentinel, cluster; none is given'],
  ],
  [
    'an embedded broker that is to listen at a port for root alone',
    `${HEAD}broker:\n  embedded: true\n  listen: ctl.example.org:443\n${ROLES}`,
    [
      'celeroot.yaml:6:11: broker/listen: expected a port from 1024 to 65535 after the colon; Redis does not run as root',
    ],
  ],
  [
    'sections that are missing',
    `version: 1\nroles: {}\n`,
    [
      'celeroot.yaml:1:1: fleet: is missing',
      'celeroot.yaml:1:1: roots: is missing',
      'celeroot.yaml:1:1: broker: is missing',
    ],
  ],
  [
    'a key with a digit in it',
    `${HEAD}${rest}hosts2: {}\n`,
    ['celeroot.yaml:10:1: hosts2: is not known here; did you mean hosts?'],
  ],
  [
    'a key that only quotes can show',
    `${HEAD}${rest}hosts:\n  "web\\n1": {roles: [web]}\n`,
    [
      String.raw`celeroot.yaml:11:3: hosts/"web\n1": expected 1 to 63 lower-case letters, digits, dots or hyphens, starting and ending with a letter or digit`,
    ],
  ],
  [
    'an address that is none, and a description of two lines',
    `${HEAD}${rest}hosts:\n  a: {roles: [web], address: "root@a", description: "x\\ny"}\n`,
    [
      'celeroot.yaml:11:30: hosts/a/address: expected a host name, an IPv4 or an IPv6 address, got "root@a"',
      String.raw`celeroot.yaml:11:53: hosts/a/description: expected one line without control characters, got "x\ny"`,
    ],
  ],
  ['another version', `${HEAD.replace('1', '2')}${rest}`, ['celeroot.yaml:1:10: version: expected 1, got 2']],
  [
    'a number where text belongs',
    `${HEAD}${BROKER}roles:\n  web:\n    description: 5\n`,
    ['celeroot.yaml:8:18: roles/web/description: expected text, got 5'],
  ],
  [
    'a key that is no text',
    `${HEAD}${rest}hosts:\n  [a]: {roles: [web]}\n`,
    ['celeroot.yaml:11:3: hosts: expected a name before the colon'],
  ],
  [
    '__proto__ as a host',
    `${HEAD}${rest}hosts:\n  __proto__: {roles: [web]}\n`,
    ['celeroot.yaml:11:3: hosts: the name __proto__ cannot be used'],
  ],
  [
    'a public key with a changed character',
    `${HEAD.replace(/roots.*/, `roots: ["ed25519:${'A'.repeat(42)}B="]`)}${rest}`,
    ['celeroot.yaml:3:9: roots/0: is no Ed25519 public key; was a character changed?'],
  ],
] as const) {
  test(`the place is named of ${what}`, async () => {
    assert.deepEqual(problems(text), expected);
  });
}

test('aliases that multiply are refused before they are followed', async () => {
  const name = (level: number): string => String.fromCharCode(97 + level);
  const levels = Array.from({ length: 20 }, (_, level) => {
    const before = level === 0 ? '1' : `*${name(level - 1)}`;
    return `${name(level)}: &${name(level)} [${Array.from({ length: 10 }, () => before).join(', ')}]`;
  });

  const lines = problems(`${levels.join('\n')}\n`);

  assert.match(lines.join('\n'), /celeroot.yaml:6:36: f\/7: aliases make this file stand for more than 1000000 values/);
});

test('anchors and merges are followed, and own keys win', async () => {
  const text = `${HEAD}${BROKER}roles:
  web: &base
    concurrency: 2
    exclude: [linux-*]
  db:
    concurrency: 1
    <<: *base
hosts:
  a: { roles: &both [web, db] }
  b: { roles: *both }
`;

  const config = loadFleet(file(text), {});

  const db = [...config.roles.values()][1];
  assert.deepEqual([db?.concurrency, db?.exclude], [1, ['linux-*']]);
  assert.deepEqual([...config.hosts.values()][1]?.roles, ['web', 'db']);
});

test('hosts and roles whose names look like numbers stay in the order of the file', () => {
  const text = `${HEAD}${BROKER}roles:\n  web:\n  2:\n  1:\nhosts:\n  z: {roles: [web]}\n  10: {roles: ['1']}\n  9: {roles: ['2']}\n`;

  const { hosts, roles } = loadFleet(file(text), {});

  assert.deepEqual(
    [[...hosts.keys()], [...roles.keys()]],
    [
      ['z', '10', '9'],
      ['web', '2', '1'],
    ],
  );
});

test('a byte order mark and Windows line ends change nothing', async () => {
  const text = `\uFEFF${HEAD}${rest}hosts:\n  a: {roles: [web, x]}\n`.replaceAll('\n', '\r\n');

  assert.deepEqual(problems(text), ['celeroot.yaml:11:20: hosts/a/roles/1: there is no role x; defined are web, db']);
  assert.equal(loadFleet(file(text.replace(', x', '')), {}).hosts.size, 1);
});

test('what is no readable text file is refused with the reason', async () => {
  const big = file('#'.repeat(10 * 1024 * 1024 + 1), 'big.yaml');
  const latin = file(Buffer.from('fleet: caf\xe9\n', 'latin1'), 'latin.yaml');
  const missing = join(folder, 'missing.yaml');
  const loop = join(folder, 'loop.yaml');
  symlinkSync(loop, loop);
  mkdirSync(join(folder, 'dir'));

  for (const [path, code, reason] of [
    [big, 'CONFIG_UNREADABLE', /has 10485761 bytes/],
    [latin, 'CONFIG_UNREADABLE', /is not UTF-8 text, from byte 11 on/],
    [join(folder, 'dir'), 'CONFIG_UNREADABLE', /is a folder/],
    [loop, 'CONFIG_UNREADABLE', /leads in a circle/],
    [missing, 'CONFIG_NOT_FOUND', /does not exist/],
    [join(latin, 'below'), 'CONFIG_NOT_FOUND', /does not exist/],
  ] as const) {
    const error = failure(() => loadFleet(path, {}));
    assert.ok(error instanceof ConfigError);
    assert.equal(error.code, code);
    assert.match(error.message, reason);
    assert.ok(error.hint);
  }
});

test('a worker reads its own file, or its part of the fleet', async () => {
  const fleet = file(`${HEAD}${rest}hosts:\n  a: {roles: [db]}\n`);
  const own = file(`${HEAD}host: a\n${rest}`, 'worker.yaml');

  const fromFleet = loadWorker(fleet, 'a', {});
  const fromOwn = loadWorker(own, null, {});

  assert.deepEqual([fromFleet.host, fromFleet.roles.map((role) => role.name)], ['a', ['db']]);
  assert.deepEqual([fromOwn.host, fromOwn.roles.map((role) => role.name)], ['a', ['web', 'db']]);
  const nobody = failure(() => loadWorker(fleet, null, {}));
  assert.ok(nobody instanceof UsageError && /--host NAME/.test(nobody.hint ?? ''));
  const stranger = failure(() => loadWorker(fleet, 'b', {}));
  assert.ok(stranger instanceof RejectedError && stranger.code === 'UNKNOWN_HOST');
  const other = failure(() => loadWorker(own, 'b', {}));
  assert.ok(other instanceof UsageError && /is the worker file of a, not of b/.test(other.message));
});

test('the hint of an error names a section that can be explained', () => {
  for (const [text, hint] of [
    [`${HEAD}${BROKER}${ROLES}hosst: {}\n`, /celeroot config explain$/],
    [`${HEAD}${BROKER}${ROLES}hosts: 5\n`, /celeroot config explain hosts$/],
  ] as const) {
    const error = failure(() => loadFleet(file(text), {}));
    assert.ok(error instanceof ConfigError);
    assert.match(error.hint ?? '', hint);
  }
});
