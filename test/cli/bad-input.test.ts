import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as z from 'zod';
import { runCli, type CliResult } from '../support/cli.ts';
import { makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';

let folder: FleetFolder;
before(async () => {
  folder = await makeFleetFolder();
});
after(() => folder[Symbol.asyncDispose]());

async function run(...args: readonly string[]): Promise<CliResult> {
  return await runCli(args, { cwd: folder.path });
}

/** What is typed, the exit code, and what the one error must say. */
const CASES: readonly (readonly [line: string, code: number, error: RegExp])[] = [
  ['frobnicate', 2, /^error\[USAGE\]: unknown command 'frobnicate'/],
  ['hots ls', 2, /unknown command 'hots'\nhint: did you mean hosts\?/],
  ['hosts shwo', 2, /there is no host and no command shwo\nhint: did you mean {2}celeroot hosts show\?/],
  ['hosts web9', 5, /^error\[UNKNOWN_HOST\]: there is no host web9\nhint: did you mean web1 or web2\?/],
  ['hosts web1 web2', 2, /does not understand web1 web2/],
  ['hosts web1 --frob', 2, /does not understand web1 --frob/],
  ['hosts show', 2, /missing required argument 'name'\nhint: see {2}celeroot hosts show --help/],
  ['hosts ls --role web', 5, /^error\[UNKNOWN_ROLE\]: there is no role web\nhint: did you mean webserver\?/],
  ['runs shwo', 2, /unknown command 'shwo'\nhint: did you mean show\?/],
  ['runs ls --limit many', 2, /--limit: expected a whole number from 1 to 9999, got "many"/],
  ['run', 2, /^Usage: celeroot run/],
  ['runs', 2, /^Usage: celeroot runs/],
  ['run --all', 2, /^error\[USAGE\]: no task given before --all\nhint: .* celeroot tasks ls\n$/],
  ['help nosuch', 2, /^error\[USAGE\]: there is no command celeroot nosuch\nhint: see {2}celeroot --help\n$/],
  ['hosts help ad', 2, /^error\[USAGE\]: there is no command celeroot hosts ad\nhint: did you mean add\?\n$/],
  [
    'run system.pong --all',
    5,
    /^error\[UNKNOWN_TASK\]: there is no task system\.pong\nhint: did you mean system\.ping\?/,
  ],
  ['system pong --all', 2, /unknown command 'pong'\nhint: did you mean ping\?/],
  ['system ping', 2, /^error\[USAGE\]: no target given\nhint: add --role ROLE, --host NAME or --all/],
  ['system ping --host web9', 5, /^error\[UNKNOWN_HOST\]/],
  ['system ping --role web', 5, /^error\[UNKNOWN_ROLE\]/],
  ['system ping --any web', 5, /^error\[UNKNOWN_ROLE\]/],
  ['system ping --all --exclude wbe1', 5, /^error\[UNKNOWN_HOST\]: there is no host wbe1\nhint: did you mean web1\?/],
  ['system ping --host mail*', 5, /^error\[NO_HOST_MATCHED\]: no host matches host mail\*/],
  ['system ping --all --exclude *', 5, /^error\[NO_HOST_MATCHED\]/],
  ['system ping --all', 5, /^error\[TASK_NOT_ALLOWED\]: system\.ping is not allowed by the roles of db1\n/],
  ['system ping --any db', 5, /^error\[TASK_NOT_ALLOWED\]/],
  ['system ping --any db --all', 2, /--any is a target of its own/],
  ['system ping --host web1 --expires soon', 2, /--expires: expected 1s to 7d, got "soon"/],
  ['system ping --host web1 --expires 8d', 2, /--expires: expected 1s to 7d, got "8d"/],
  ['system ping --host web1 --deadline 0s', 2, /--deadline: expected 1s to 1d, got "0s"/],
  ['system ping --host web1 --detach --wait', 2, /--detach and --wait exclude each other/],
  ['system ping --role webserver --batches 1,ten', 2, /--batches: expected a number or a percentage, got "ten"/],
  ['system ping --role webserver --batches 1,,2', 2, /--batches: expected values between commas, got "1,,2"/],
  ['system ping --role webserver --batches 0', 2, /--batches: a batch of 0 never ends/],
  ['system ping --role webserver --max-failures 101%', 2, /--max-failures: expected a number or a percentage/],
  ['system ping --role webserver --soak 5', 2, /--soak: expected a duration, got "5"\nhint: for example {2}--soak 5m/],
  [
    'apt update --role webserver --canary db* --dry-run',
    5,
    /^error\[NO_HOST_MATCHED\]: no host of the target is a canary/,
  ],
  ['apt update --role webserver --rollout slow --dry-run', 5, /^error\[UNKNOWN_ROLLOUT\]: there is no roll-out slow/],
  ['system ping --host', 2, /option '--host <name\|glob>' argument missing/],
  ['system reboot --host web1', 5, /^error\[CONFIRMATION_NEEDED\]: system\.reboot on 1 host \(host web1\) needs a yes/],
  ['system check --host web1 --port 99999', 2, /^error\[INVALID_ARGUMENTS\]: .*ports\/0: .*99999/],
  ['system check --host web1 --port http', 2, /^error\[INVALID_ARGUMENTS\]: .*ports\/0: .*"http"/],
  ['system check --host web1 --url ftp://x/', 2, /^error\[INVALID_ARGUMENTS\]: .*urls\/0: .*"ftp:\/\/x\/"/],
  ['system check --host web1 --url http://a:b@x/', 2, /^error\[INVALID_ARGUMENTS\]: .*urls\/0/],
  ['system check --host web1 --check ../x', 2, /^error\[INVALID_ARGUMENTS\]: .*checks\/0: .*"\.\.\/x"/],
  ['hook run --host web1', 2, /missing required argument 'NAME'/],
  ['hook run drain undrain --host web1', 2, /too many arguments/],
  ['hook run ../drain --host web1', 2, /^error\[INVALID_ARGUMENTS\]: .*name: .*"\.\.\/drain"/],
  ['hook run a/b --host web1', 2, /^error\[INVALID_ARGUMENTS\]: .*name: .*"a\/b"/],
  ['hook run drain.sh --host web1', 2, /^error\[INVALID_ARGUMENTS\]: .*name: .*"drain\.sh"/],
  ['hook run --host web1 -- -x', 2, /^error\[INVALID_ARGUMENTS\]: .*name: .*"-x"/],
  ['service restart --host web1', 2, /^error\[INVALID_ARGUMENTS\]: .*name at least one service/],
  [
    'service restart ssh.socket --host web1',
    2,
    /^error\[INVALID_ARGUMENTS\]: .*not another kind of unit, got "ssh\.socket"/,
  ],
  ['service restart --host web1 -- -H', 2, /^error\[INVALID_ARGUMENTS\]: .*"-H"/],
  ['service restart nginx* --host web1', 2, /^error\[INVALID_ARGUMENTS\]: .*"nginx\*"/],
  ['apt install vim- --host db1', 2, /^error\[INVALID_ARGUMENTS\]: apt\.install: packages\/0: "vim-": a trailing - /],
  ['apt install ./x.deb --host db1', 2, /^error\[INVALID_ARGUMENTS\]: .*"\.\/x\.deb"/],
  ['apt install -oX=y --host db1', 2, /unknown option '-oX=y'/],
  ['apt install --host db1 -- -oX=y', 2, /^error\[INVALID_ARGUMENTS\]: .*"-oX=y"/],
  ['apt install nginx=one! --host db1', 2, /^error\[INVALID_ARGUMENTS\]: .*one!/],
  ['apt install --host db1', 2, /missing required argument 'PACKAGE'/],
  ['system ping --dry-run --host web1', 2, /unknown option '--dry-run'/],
  ['system ping --host web1', 4, /^error\[BROKER_UNREACHABLE\]/],
  ['runs ls', 4, /^error\[BROKER_UNREACHABLE\]/],
  ['tasks show apt.instal', 5, /^error\[UNKNOWN_TASK\]: there is no task apt\.instal\n/],
  ['hosts ls --config missing.yaml', 3, /^error\[CONFIG_/],
];

for (const [line, code, error] of CASES) {
  test(`celeroot ${line}: one clear error and exit code ${code}`, async () => {
    const result = await run(...line.split(' '));
    assert.match(result.stderr, error);
    assert.equal(result.code, code);
    assert.equal(result.stdout, '');
    assert.doesNotMatch(result.stderr, /\n {4}at /, 'a stack trace');
    assert.ok((result.stderr.match(/^error\[/gm) ?? []).length <= 1);
  });
}

const errorSchema = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    details: z.json().optional(),
  }),
});

test('with --json every error is one object on standard error', async () => {
  for (const [line, code] of CASES) {
    const result = await run(...line.split(' '), '--json');
    assert.equal(result.code, code, line);
    errorSchema.parse(JSON.parse(result.stderr));
    assert.equal(result.stdout, '', line);
  }
});

test('a package argument that is empty or holds a space is refused', async () => {
  for (const name of ['', 'a b']) {
    const { code, stderr } = await run('apt', 'install', name, '--host', 'db1');
    assert.equal(code, 2);
    assert.match(stderr, /^error\[INVALID_ARGUMENTS\]: apt\.install: packages\/0: .*\nhint: for example: /);
  }
});

test('a signing key the hosts do not know is refused before anything is sent', async () => {
  await using other = await makeFleetFolder();
  const { copyFile } = await import('node:fs/promises');
  await copyFile(join(folder.path, 'celeroot.key'), join(other.path, 'celeroot.key'));
  const { code, stderr } = await runCli(['system', 'ping', '--host', 'web1'], { cwd: other.path });
  assert.equal(code, 3);
  assert.match(stderr, /^error\[KEY_UNUSABLE\]: the key in .* is not in the trust file/);
});

test('a trust file of another fleet, or none, is refused before anything is sent', async () => {
  await using other = await makeFleetFolder();
  const { copyFile, rm } = await import('node:fs/promises');
  const trustFile = join(other.path, 'celeroot.trust');
  await copyFile(join(folder.path, 'celeroot.trust'), trustFile);
  const foreign = await runCli(['system', 'ping', '--host', 'web1'], { cwd: other.path });
  await rm(trustFile);
  const missing = await runCli(['system', 'ping', '--host', 'web1'], { cwd: other.path });

  assert.deepEqual([foreign.code, missing.code], [3, 3]);
  assert.match(foreign.stderr, /^error\[TRUST_UNUSABLE\]: .* is not signed by 1 of the roots known here\nhint: /);
  assert.match(missing.stderr, /^error\[TRUST_UNUSABLE\]: cannot read the trust file .*\nhint: /);
});
