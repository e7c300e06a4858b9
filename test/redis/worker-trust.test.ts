import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addGrant, NO_END, renewTrust, replaceRoot, revokeGrant } from '../../src/trust/change-trust.ts';
import { makeSigningKey } from '../../src/trust/key.ts';
import { signCancel } from '../../src/trust/sign-order.ts';
import { signTrust } from '../../src/trust/trust-file.ts';
import { endOf, eventsOf, fleetName, newOrder, submit, web1 } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { waitUntil } from '../support/redis.ts';
import { setScene } from '../support/scene.ts';
import { refusalsIn } from '../support/spoken.ts';
import { showTrust } from '../support/show-trust.ts';
import { startWorker } from '../support/worker.ts';

forbidLeaks();

/** What a key may do that nobody has an end for. */
const FOR_GOOD = { notBefore: 0, notAfter: NO_END, revokedAt: null } as const;

describe('a worker', () => {
  test('obeys a key that the trust file got after it was started', async () => {
    await using scene = await setScene();
    const { controller, fleet } = scene;
    const ada = makeSigningKey();
    const grant = { name: 'ada', key: ada.id, tasks: ['system.*'], hosts: ['web*'], ...FOR_GOOD };
    const trust = addGrant(fleet.trust, grant, Date.now());

    await showTrust(controller, 2, signTrust(trust, [fleet.root]));
    const order = newOrder({ trust: 2 });
    await submit(controller, order, ada);

    assert.equal((await endOf(controller, order)).kind, 'done');
  });

  test('learns of a revocation by itself, also while Redis does not take that it is there', async () => {
    await using scene = await setScene();
    const { controller, fleet, redis, worker } = scene;
    await worker.says(/^trust file: version 1 accepted/);
    await redis.command('ACL', 'SETUSER', 'default', '-set');

    const revoked = revokeGrant(fleet.trust, 'operator', Date.now());
    await showTrust(controller, 2, signTrust(revoked, [fleet.root]));

    const isTaken = (): boolean => worker.lines.some((line) => line.startsWith('trust file: version 2 accepted'));
    await waitUntil(isTaken, 'the worker to look', 60_000);
  });

  test('begins nothing for a key that was revoked, and says why', async () => {
    await using scene = await setScene();
    const { controller, fleet } = scene;
    const revoked = revokeGrant(fleet.trust, 'operator', Date.now());
    await showTrust(controller, 2, signTrust(revoked, [fleet.root]));
    // Signed before the revocation, or so the thief says; the host has not looked since.
    const order = newOrder({ trust: 1 });
    await scene.worker.says(/^trust file: version 1 accepted/);

    await scene.replaceWorker();
    await submit(controller, order, fleet.key);

    const end = await endOf(controller, order);
    assert.ok(end.kind === 'refused' && end.code === 'KEY_REVOKED', JSON.stringify(end));
  });

  test('refuses what a key may not ask for here', async () => {
    await using scene = await setScene();
    const { controller, fleet } = scene;
    const ada = makeSigningKey();
    const grant = { name: 'ada', key: ada.id, tasks: ['apt.*'], hosts: ['db*'], ...FOR_GOOD };
    await showTrust(controller, 2, signTrust(addGrant(fleet.trust, grant, Date.now()), [fleet.root]));
    const order = newOrder({ trust: 2 });

    await submit(controller, order, ada);

    const end = await endOf(controller, order);
    assert.ok(end.kind === 'refused' && end.code === 'NOT_GRANTED', JSON.stringify(end));
  });

  test('does not take an older trust file back, nor one a stranger signed', async () => {
    await using scene = await setScene();
    const { controller, fleet } = scene;
    const stranger = makeSigningKey();
    const next = renewTrust(fleet.trust, Date.now());
    const forged = { ...renewTrust(next, Date.now()), roots: [stranger.id], grants: [] };
    await showTrust(controller, 2, signTrust(next, [fleet.root]));
    const order = newOrder({ trust: 2 });
    await submit(controller, order, fleet.key);
    assert.equal((await endOf(controller, order)).kind, 'done');

    await showTrust(controller, 3, signTrust(forged, [stranger]));
    const wanting = newOrder({ trust: 3 });
    await submit(controller, wanting, fleet.key);

    const end = await endOf(controller, wanting);
    assert.ok(end.kind === 'refused' && end.code === 'TRUST_TOO_OLD', JSON.stringify(end));
    await scene.worker.says(/^refused version 3 of the trust file: UNKNOWN_KEY/);
    await showTrust(controller, 1, signTrust(fleet.trust, [fleet.root]));
    const usual = newOrder({ trust: 2 });
    await submit(controller, usual, fleet.key);
    assert.equal((await endOf(controller, usual)).kind, 'done');
  });

  test('that was told when it joined how new the trust file was takes none from before', async () => {
    await using scene = await setScene({ leastTrust: 2 });
    const { controller, fleet, worker } = scene;
    await worker.says(/^refused version 1 of the trust file: REPLAYED: .*, none before version 2 is taken here$/);
    const order = newOrder({ trust: 1 });
    await submit(controller, order, fleet.key);
    await waitUntil(async () => (await refusalsIn(controller, [web1])).length > 0, 'the refusal');

    const [refusal] = await refusalsIn(controller, [web1]);
    assert.equal(refusal?.code, 'UNKNOWN_KEY');
    assert.match(refusal.message, /no trust file yet, and takes none before version 2$/);
    assert.deepEqual(await eventsOf(controller, order), []);
    const revoked = revokeGrant(fleet.trust, 'operator', Date.now());
    await showTrust(controller, 2, signTrust(revoked, [fleet.root]));
    const next = newOrder({ trust: 2 });
    await submit(controller, next, fleet.key);
    const end = await endOf(controller, next);
    assert.ok(end.kind === 'refused' && end.code === 'KEY_REVOKED', JSON.stringify(end));
  });

  test('that joined again obeys the trust file that it has only if that is as new as it was told', async () => {
    await using scene = await setScene();
    const { controller, fleet, redis, worker } = scene;
    await worker.says(/^trust file: version 1 accepted/);
    worker.requestStop();
    await worker.ended;
    const config = { ...fleet.configFor(redis.settings), leastTrust: 2 };
    await using _again = await startWorker({ config, stateDir: scene.stateDir });

    const order = newOrder({ trust: 1 });
    await submit(controller, order, fleet.key);

    const end = await endOf(controller, order);
    assert.ok(end.kind === 'refused' && end.code === 'TRUST_TOO_OLD', JSON.stringify(end));
  });

  test('follows its root key through several replacements that it has not seen', async () => {
    await using scene = await setScene();
    const { controller, fleet } = scene;
    const [second, third] = [makeSigningKey(), makeSigningKey()];
    const two = replaceRoot(fleet.trust, { old: fleet.root.id, key: second.id, now: Date.now() });
    const three = replaceRoot(two, { old: second.id, key: third.id, now: Date.now() });
    const four = renewTrust(three, Date.now());
    await showTrust(controller, 2, signTrust(two, [fleet.root, second]));
    await showTrust(controller, 3, signTrust(three, [second, third]));
    await showTrust(controller, 4, signTrust(four, [third]));
    const order = newOrder({ trust: 4 });

    await submit(controller, order, fleet.key);

    assert.equal((await endOf(controller, order)).kind, 'done');
    await scene.worker.says(/^trust file: version 4 accepted/);
  });

  test('keeps what it accepted when Redis has lost it', async () => {
    await using scene = await setScene();
    await scene.redis.command('FLUSHALL');

    const worker = await scene.replaceWorker();
    const order = newOrder();
    await submit(scene.controller, order, scene.fleet.key);

    assert.equal((await endOf(scene.controller, order)).kind, 'done');
    assert.ok(!worker.lines.some((line) => line.startsWith('trust file')));
  });

  test('does not obey a cancel mark of a key that may do nothing here', async () => {
    await using scene = await setScene();
    const { controller, fleet } = scene;
    const ada = makeSigningKey();
    const grant = { name: 'ada', key: ada.id, tasks: ['*'], hosts: ['db*'], ...FOR_GOOD };
    await showTrust(controller, 2, signTrust(addGrant(fleet.trust, grant, Date.now()), [fleet.root]));
    await scene.replaceWorker();
    const order = newOrder({ trust: 2 });
    const mark = signCancel({ fleet: fleetName, run: order.run, issuedAt: Date.now(), by: 'ada@here' }, ada);
    await controller.setCancelMark(order.run, mark);

    await submit(controller, order, fleet.key);

    assert.equal((await endOf(controller, order)).kind, 'done');
  });
});
