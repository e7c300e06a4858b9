import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { quoteWord } from '../../src/core/quote-word.ts';
import { setJoinScene, type JoinScene } from '../support/join-scene.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { waitUntil } from '../support/redis.ts';
import { spawnWorker } from '../support/spawn-worker.ts';
import { CELEROOT } from '../support/worker.ts';

/** The two sides of a join as people see them, each on a terminal of its own. */
let scene: JoinScene;
before(async () => {
  scene = await setJoinScene();
});
after(() => scene[Symbol.asyncDispose]());
forbidLeaks();

const CTRL_C = '\u0003';

type Terminal = AsyncDisposable & {
  readonly type: (text: string) => void;
  /** What stands there, without colours, from the first match on. */
  readonly shows: (pattern: RegExp) => Promise<string>;
  readonly exit: Promise<unknown>;
};

/** Runs celeroot on a terminal of its own, by script(1). */
function onTerminal(args: readonly string[], env: Readonly<Record<string, string>> = {}): Terminal {
  const command = [...CELEROOT, ...args].map(quoteWord).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: scene.folder.path,
    env: { ...process.env, ...env },
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (said += text));
  child.stdin.on('error', () => undefined);
  const plain = (): string => stripVTControlCharacters(said).replaceAll(/\r+/g, '\n').replaceAll(/\n+/g, '\n');
  const exit = once(child, 'close').then(([code]) => code);
  return {
    type: (text) => void child.stdin.write(text),
    shows: async (pattern) => {
      await waitUntil(() => pattern.test(plain()), `${args.join(' ')} to show ${pattern}`).catch((error: unknown) =>
        assert.fail(`${String(error)}; there was ${plain()}`),
      );
      const text = plain();
      return text.slice(text.search(pattern));
    },
    exit,
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      child.kill('SIGKILL');
      await exit;
    },
  };
}

const TOKEN = /-----BEGIN CELEROOT JOIN TOKEN-----\n[^-]*-----END CELEROOT JOIN TOKEN-----\n/;
const FINGERPRINT = /(?:[0-9a-f]{4}-){5}[0-9a-f]{4}/;

/** Both sides, up to where the controller asks for the fingerprint that the machine shows. */
async function untilAsked(
  controller: Terminal,
  joining: Terminal,
): Promise<{ readonly token: string; readonly fingerprint: string }> {
  const [token = ''] = TOKEN.exec(await controller.shows(TOKEN)) ?? [];
  await controller.shows(/waiting for web1 \(1[45]:\d\d left; Ctrl-C ends it\)/);
  await joining.shows(/Paste the token, which does not show, and press Enter: /);
  joining.type(token);
  const [fingerprint = ''] = FINGERPRINT.exec(await joining.shows(FINGERPRINT)) ?? [];
  await controller.shows(/Type the fingerprint that web1 shows: /);
  return { token, fingerprint };
}

test('Ctrl-C at the question of the controller ends both sides with one error each', async () => {
  const machine = await scene.machine('web1');
  await using controller = onTerminal(['hosts', 'join', 'web1', '--token']);
  await using joining = onTerminal(['join', machine.workerFile], { CELEROOT_STATE_DIR: machine.stateDir });
  await untilAsked(controller, joining);
  controller.type(CTRL_C);

  assert.match(
    await controller.shows(/error\[/),
    /^error\[CONFIRMATION_NEEDED\]: nobody typed the fingerprint that web1/,
  );
  assert.match(await joining.shows(/error\[/), /^error\[JOIN_REFUSED\]: the controller refuses: nobody typed/);
  assert.deepEqual([await controller.exit, await joining.exit], [5, 5]);
  assert.ok(!existsSync(machine.workerFile));
  assert.deepEqual(await scene.guests(), []);
});

test('a token that is pasted does not show, and a fingerprint that is typed makes the machine a host', async () => {
  const machine = await scene.machine('web1');
  await using controller = onTerminal(['hosts', 'join', 'web1', '--token']);
  await using joining = onTerminal(['join', machine.workerFile], { CELEROOT_STATE_DIR: machine.stateDir });
  const { token, fingerprint } = await untilAsked(controller, joining);
  controller.type('0000\r');
  await controller.shows(/That is not the fingerprint of the key that came\. Is it a typing error\?/);
  controller.type(`${fingerprint}\r`);

  assert.equal(await joining.exit, 0);
  await using worker = spawnWorker(machine.workerFile, machine.stateDir);
  assert.equal(await controller.exit, 0);
  await controller.shows(/web1 joined: celeroot /);
  const there = await joining.shows(/^/);
  const body = token.split('\n').slice(1, -2);
  assert.ok(body.length > 4);
  for (const line of body) assert.ok(!there.includes(line), 'the token shows');
  worker.signal('SIGTERM');
  assert.equal((await worker.exit).code, 0);
});

test('Ctrl-C while the token is asked for ends that', async () => {
  const machine = await scene.machine('web2');
  await using joining = onTerminal(['join', machine.workerFile], { CELEROOT_STATE_DIR: machine.stateDir });
  await joining.shows(/press Enter: /);
  joining.type(CTRL_C);

  assert.match(await joining.shows(/error\[/), /^error\[JOIN_TOKEN_UNUSABLE\]: no token came/);
  assert.equal(await joining.exit, 5);
});
