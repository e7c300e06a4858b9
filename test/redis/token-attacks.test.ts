import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { loadFleet } from '../../src/config/load.ts';
import { namedHost } from '../../src/config/named-host.ts';
import { renderWorkerFile } from '../../src/config/worker-file.ts';
import { fleetNameSchema, hostNameSchema } from '../../src/core/names.ts';
import { keysFor, prefixFor } from '../../src/queue/names.ts';
import { openJoinKnock } from '../../src/queue/join-knock.ts';
import { openControllerBroker } from '../../src/queue/open.ts';
import { signJoinAnswer } from '../../src/trust/join-answer.ts';
import { makeSigningKey } from '../../src/trust/key.ts';
import { attempt, REFUSED } from '../support/attempt-attack.ts';
import { host, newRun } from '../support/broker-data.ts';
import { hostAttacks, type Attack } from '../support/host-attacks.ts';
import { joinHere, typing } from '../support/join-here.ts';
import { holderOf, setJoinScene, type JoinScene, type TokenHolder } from '../support/join-scene.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { waitUntil } from '../support/redis.ts';
import { saveRun } from '../support/spoken.ts';

/** What somebody can do who got a token, or only what is in Redis of a join. */
let scene: JoinScene;
before(async () => {
  scene = await setJoinScene();
});
after(() => scene[Symbol.asyncDispose]());
forbidLeaks();

function nobody(): never {
  assert.fail('somebody was asked to type a fingerprint');
}

const PASSWORD = `sha256:${'0'.repeat(64)}`;

/** Writes what the machine would offer. */
async function offer({ settings, guest, seal }: TokenHolder, text: string): Promise<boolean> {
  await using knock = await openJoinKnock(settings, guest, seal.password);
  return await knock.offerFirst(text);
}

function answerOf(name: string, fleet = 'test', brokerPassword: string | null = PASSWORD): string {
  const answer = {
    fleet: fleetNameSchema.parse(fleet),
    host: hostNameSchema.parse(name),
    machine: '',
    version: '1',
    at: 1,
  };
  return signJoinAnswer({ ...answer, brokerPassword }, makeSigningKey());
}

test('who has a token can do nothing in Redis but offer a key and read what is replied', async (context) => {
  const { controller: settings, redis } = scene.guarded;
  await using controller = await openControllerBroker(settings);
  const run = newRun([host('web1'), host('web2')]);
  await saveRun(controller, run);
  const here = await joinHere(scene, { name: 'web1', ask: nobody });
  const other = await joinHere(scene, { name: 'web2', ask: nobody });
  const [holder, victim] = [here, other].map(({ token }) => holderOf(token, scene.guarded));
  assert.ok(holder !== undefined && victim !== undefined);
  const keys = keysFor(settings.environment);
  const own = (part: 'offer' | 'reply'): string => keys.join(holder.guest.id, part);
  const theirs = (part: 'offer' | 'reply'): string => keys.join(victim.guest.id, part);
  const attacks: readonly Attack[] = [
    ...hostAttacks({ p: prefixFor(settings.environment), run: run.id }),
    [['GET', own('offer')]],
    [['DEL', own('offer')]],
    [['APPEND', own('offer'), 'x']],
    [['SET', own('reply'), 'x']],
    [['DEL', own('reply')]],
    [['SET', theirs('offer'), 'x']],
    [['GET', theirs('offer')]],
    [['GET', theirs('reply')]],
    [['SET', keys.presence(host('web1')), 'x']],
    [['LPUSH', keys.queue({ kind: 'host', host: host('web1') }, 'wait'), 'x']],
    [['HGET', keys.trust, 'newest']],
    [['INFO']],
    [['TIME']],
  ];
  const before = [await redis.command('ACL', 'LIST'), await redis.command('DBSIZE')];

  const succeeded: string[] = [];
  for (const attack of attacks) {
    const answer = await attempt(holder.settings, attack);
    if (!REFUSED.test(answer)) succeeded.push(`${attack.map((words) => words.join(' ')).join('; ')}: ${answer}`);
  }

  assert.deepEqual(succeeded, []);
  assert.deepEqual([await redis.command('ACL', 'LIST'), await redis.command('DBSIZE')], before);
  assert.equal(await attempt(holder.settings, [['GET', own('reply')]]), 'null');
  context.diagnostic(`${attacks.length} attacks, all refused`);
  for (const each of [holder, victim]) await offer(each, 'junk, so that the controllers end');
  await Promise.all([here.result, other.result]);
  assert.match(await attempt(holder.settings, [['GET', own('reply')]]), /^WRONGPASS/);
});

test('an offer that was not sealed with this token, is replayed or altered, or is another host’s is refused', async () => {
  const before = await readFile(scene.folder.file, 'utf8');
  let replayed = '';
  const offers: readonly (readonly [of: (holder: TokenHolder) => string, error: RegExp])[] = [
    [() => 'junk', /what came was not sealed with the token/],
    [() => 'x'.repeat(10_000_000), /what came was not sealed with the token/],
    [
      ({ seal }) => (replayed = seal.seal({ kind: 'offer', text: answerOf('web2') })),
      /the answer is that of web2 in the fleet test, not of web1 in test/,
    ],
    [() => replayed, /what came was not sealed with the token/],
    [({ seal }) => seal.seal({ kind: 'offer', text: answerOf('web1', 'other') }), /that of web1 in the fleet other/],
    [({ seal }) => seal.seal({ kind: 'receipt', text: answerOf('web1') }), /what came was not sealed with the token/],
    [
      ({ seal }) => seal.seal({ kind: 'offer', text: answerOf('web1') }).replace('sha256:0', 'sha256:1'),
      /what came was not sealed with the token/,
    ],
    [
      ({ seal }) => seal.seal({ kind: 'offer', text: answerOf('web1', 'test', null) }),
      /web1 made itself no password for Redis/,
    ],
    [({ seal }) => seal.seal({ kind: 'offer', text: 'no answer' }), /what came is no answer of a host/],
    [
      ({ seal }) => seal.seal({ kind: 'offer', text: answerOf('web1').replace('0000', '1111') }),
      /what came is no answer/,
    ],
  ];
  for (const [of, error] of offers) {
    const here = await joinHere(scene, { name: 'web1', ask: nobody });
    const holder = holderOf(here.token, scene.guarded);
    assert.equal(await offer(holder, of(holder)), true);

    const { code, stderr } = await here.result;

    assert.equal(code, 5, stderr);
    assert.match(stderr, /error\[JOIN_ANSWER_INVALID\]/);
    assert.match(stderr, error);
    assert.deepEqual(await scene.guests(), []);
    assert.equal(await scene.words(), '');
  }
  assert.equal(await readFile(scene.folder.file, 'utf8'), before);
});

test('an offer that is changed while somebody compares fingerprints is not the one that is recorded', async () => {
  const before = await readFile(scene.folder.file, 'utf8');
  const machine = await scene.machine('web1');
  const { ask, asked, type } = typing();
  const here = await joinHere(scene, { name: 'web1', ask });
  await using joining = machine.join(here.token);
  await asked;
  const { settings, guest, seal } = holderOf(here.token, scene.guarded);
  {
    await using knock = await openJoinKnock(settings, guest, seal.password);
    await knock.offerAnew(seal.seal({ kind: 'offer', text: answerOf('web1') }));
  }
  type(await machine.fingerprint());

  assert.match(
    (await here.result).stderr,
    /error\[JOIN_ANSWER_INVALID\]: what came was changed before the join was done/,
  );
  assert.equal(await joining.exit, 5);
  assert.ok(!existsSync(machine.workerFile));
  assert.equal(await readFile(scene.folder.file, 'utf8'), before);
});

test('a machine takes nothing from who controls Redis, nor other root keys from who has the token', async () => {
  const { controller, redis } = scene.guarded;
  const stolen = makeSigningKey().id;
  const replies: readonly (readonly [of: (holder: TokenHolder, file: string) => string, error: RegExp])[] = [
    [() => 'junk', /error\[JOIN_REFUSED\]: what came is not from the controller that made the token/],
    [
      ({ seal }) => seal.seal({ kind: 'offer', text: '' }),
      /error\[JOIN_REFUSED\]: what came is not from the controller/,
    ],
    [
      ({ seal }, file) => seal.seal({ kind: 'acceptance', text: file.replace(/^roots: .*$/m, `roots: [${stolen}]`) }),
      /error\[JOIN_REFUSED\]: what the controller sent is not what the token says: host or root keys differ/,
    ],
    [
      ({ seal }, file) => seal.seal({ kind: 'acceptance', text: file.replace('host: web1', 'host: web2') }),
      /error\[JOIN_REFUSED\]: what the controller sent is not what the token says/,
    ],
    [({ seal }) => seal.seal({ kind: 'acceptance', text: 'rubbish' }), /error\[CONFIG_INVALID\]/],
  ];
  for (const [index, [of, error]] of replies.entries()) {
    const machine = await scene.machine(`fooled${index}`);
    const { ask, asked, type } = typing();
    const here = await joinHere(scene, { name: 'web1', ask });
    const holder = holderOf(here.token, scene.guarded);
    await using joining = machine.join(here.token);
    await asked;
    const file = workerFileOf('web1');
    await redis.command('SET', keysFor(controller.environment).join(holder.guest.id, 'reply'), of(holder, file));

    assert.notEqual(await joining.exit, 0);
    assert.match(joining.stderr(), error);
    assert.ok(!existsSync(machine.workerFile));
    type(await machine.fingerprint());
    assert.match((await here.result).stderr, /error\[JOIN_UNFINISHED\]: web1 gave up: /);
  }
  await waitUntil(async () => (await scene.guests()).length === 0, 'the users of joins to be gone');
});

/** What `hosts join` would have the machine write. */
function workerFileOf(name: string): string {
  const fleet = loadFleet(scene.folder.file, {});
  return renderWorkerFile(fleet, namedHost(fleet, name), { leastTrust: 1, login: 'own' });
}
