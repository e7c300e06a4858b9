import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkText, digestOf } from '../../src/audit/chain.ts';
import { hostEventSchema, type HostEvent } from '../../src/audit/host-event.ts';
import { endOf, newOrder, submit, web1 } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { setProcessScene } from '../support/process-scene.ts';
import { waitUntil } from '../support/redis.ts';
import { setScene } from '../support/scene.ts';
import { slowApt } from '../support/slow-apt.ts';

forbidLeaks();

const changing = { task: 'apt.install', args: { packages: ['celeroot-test-slow'] } };

/** The entries of a log that must hold. */
async function entries(stateDir: string): Promise<readonly HostEvent[]> {
  const { links, broken } = checkText(await readFile(join(stateDir, 'audit.log'), 'utf8'));
  assert.equal(broken, null);
  return links.map((link) => hostEventSchema.parse(link?.event));
}

const kindsOf = (events: readonly HostEvent[], job: string): readonly string[] =>
  events.filter((event) => 'job' in event && event.job === job).map(({ kind }) => kind);

describe('a worker', () => {
  test('writes down what it accepts, refuses, begins and ends, and its reports bear the head', async () => {
    await using apt = await slowApt();
    await apt.letGo();
    await using scene = await setScene({ self: apt.self('run') });
    const { controller, fleet, stateDir } = scene;
    const order = newOrder(changing);
    const envelope = await submit(controller, order, fleet.key);
    await endOf(controller, order);
    const stale = newOrder({ issuedAt: 1, expiresAt: 3_600_001 });
    await submit(controller, stale, fleet.key);
    await endOf(controller, stale);

    const events = await entries(stateDir);

    assert.deepEqual(
      events.slice(0, 3).map(({ kind }) => kind),
      ['log-begun', 'worker-started', 'trust-taken'],
    );
    assert.deepEqual(kindsOf(events, order.id), ['accepted', 'begun', 'ended']);
    assert.partialDeepStrictEqual(
      events.find(({ kind }) => kind === 'accepted'),
      { order: digestOf(envelope), key: fleet.key.id, by: 'tester@here', task: 'apt.install' },
    );
    assert.deepEqual(kindsOf(events, stale.id), ['refused', 'ended']);
    const { reports: stored } = await controller.readReports({ run: order.run, hosts: [web1] });
    const { links } = checkText(await readFile(join(stateDir, 'audit.log'), 'utf8'), {
      known: stored.flatMap(({ report }) => report?.ledger ?? []),
    });
    const done = stored.find(({ report }) => report?.event.kind === 'done')?.report?.ledger?.size ?? 0;
    assert.partialDeepStrictEqual(links[done - 1]?.event, { kind: 'ended', job: order.id });
  });

  test('that is killed again and again leaves a log that holds, and goes on with it', async () => {
    await using scene = await setProcessScene();
    const { apt, controller, fleet, spawn, stateDir } = scene;
    let order = newOrder(changing);
    for (let kills = 0; kills < 3; kills += 1) {
      await using worker = spawn();
      await worker.says(/^ready/);
      // Its ledger is older than the order.
      if (kills === 0) await submit(controller, (order = newOrder(changing)), fleet.key);
      await apt.begun();
      worker.signal('SIGKILL');
      await worker.exit;
    }
    await using last = spawn();
    await last.says(/^ready/);
    await apt.letGo();
    await endOf(controller, order);

    const events = await entries(stateDir);

    assert.deepEqual(kindsOf(events, order.id), ['accepted', 'begun', 'ended']);
    assert.equal(events.filter(({ kind }) => kind === 'worker-started').length, 4);
    assert.equal(events.filter(({ kind }) => kind === 'worker-stopped').length, 0);
  });

  test('notices a journal that was longer, or had another line, but no orders that overtook one another', async () => {
    await using scene = await setScene();
    const { controller, fleet, stateDir } = scene;
    const journal = digestOf('journal');
    const now = Date.now();
    const send = async (size: number, text: string, issuedAt = now): Promise<string> => {
      const order = newOrder({ issuedAt, log: { journal, size, head: digestOf(text) } });
      await submit(controller, order, fleet.key);
      await endOf(controller, order);
      return order.id;
    };
    await send(7, 'seven');
    await send(5, 'five', now - 10);
    await send(7, 'seven', now - 5);
    const shorter = await send(6, 'six', now + 10);
    const changed = await send(7, 'other', now - 5);
    await send(9, 'nine', now + 20);

    const events = await entries(stateDir);
    const wentBack = events.flatMap((event) => (event.kind === 'journal-went-back' ? [event.job] : []));

    assert.deepEqual(wentBack, [shorter, changed]);
    const remembered = async (): Promise<string> =>
      await readFile(join(stateDir, 'journals.json'), 'utf8').catch(() => '');
    await waitUntil(async () => (await remembered()).includes('"size":9'), 'the memory of the journal');
  });
});
