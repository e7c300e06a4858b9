import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetConfig } from '../../test/support/fleet-config.ts';
import { outcome, runFixture } from '../../test/support/run-fixture.ts';
import { jobIdFor, makeRunId } from '../core/ids.ts';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import type { Host } from '../config/fleet-config.ts';
import type { Report, ReportEvent } from '../core/report.ts';
import type { StoredReport } from '../queue/broker.ts';
import { makeSigningKey, type SigningKey } from '../trust/key.ts';
import { sealReport } from '../trust/sign-report.ts';
import { firstTrust } from '../trust/change-trust.ts';
import { believeEnds, believeReports } from './believe-reports.ts';
import type { Witness } from './witness.ts';

const [web1, web2, unknown] = ['web1', 'web2', 'gone'].map((name) => hostNameSchema.parse(name));
const [ofWeb1, ofWeb2, operator, stranger] = [1, 2, 3, 4].map(() => makeSigningKey());
const run = makeRunId(1, new Uint8Array(10));
const accepted: ReportEvent = { kind: 'accepted' };
const cancelled: ReportEvent = { kind: 'cancelled', message: 'by ada' };

function witness(): Witness {
  const { hosts } = fleetConfig({ roles: { web: {} }, hosts: { web1: ['web'], web2: ['web'] } });
  const keyed = [...hosts].map(
    ([name, host]) => [name, { ...host, key: name === 'web1' ? idOf(ofWeb1) : null }] as const,
  );
  const fleet = fleetNameSchema.parse('test');
  const { grants } = firstTrust(fleet, { root: idOf(stranger), operator: idOf(operator) }, 1);
  return { fleet, hosts: new Map(keyed), grants };
}

function idOf(key: SigningKey | undefined): string {
  return key?.id ?? assert.fail();
}

function stored(host: typeof web1, event: ReportEvent, key: SigningKey | undefined): StoredReport {
  const name = host ?? assert.fail();
  const report: Report = { job: jobIdFor(run, name), host: name, at: 1, event };
  return { from: name, ...sealReport(report, key ?? assert.fail()) };
}

const verdict = async (...entries: readonly StoredReport[]): Promise<readonly [believed: number, forged: number]> => {
  const { reports, forged } = await believeReports(entries, witness());
  return [reports.length, forged];
};

test('a host is believed by its own signature only', async () => {
  assert.deepEqual(await verdict(stored(web1, accepted, ofWeb1)), [1, 0]);
  assert.deepEqual(await verdict(stored(web1, accepted, ofWeb2), stored(web1, accepted, stranger)), [0, 2]);
});

test('a report that was altered, or has no signature, is not believed', async () => {
  const good = stored(web1, accepted, ofWeb1);

  assert.deepEqual(
    await verdict({ ...good, text: good.text.replace('"at":1', '"at":2') }, { ...good, signature: '' }),
    [0, 2],
  );
});

test('an operator is believed, in the stream of operators, to have withdrawn a job, and nothing else', async () => {
  const byOperator = (event: ReportEvent, key: SigningKey | undefined): StoredReport => ({
    ...stored(web1, event, key),
    from: null,
  });
  assert.deepEqual(await verdict(byOperator(cancelled, operator)), [1, 0]);
  assert.deepEqual(await verdict(byOperator(accepted, operator), byOperator(cancelled, stranger)), [0, 2]);
  assert.deepEqual(await verdict(stored(web1, cancelled, operator), byOperator(cancelled, ofWeb1)), [0, 2]);
});

test('a host is not believed in the stream of another', async () => {
  assert.deepEqual(await verdict({ ...stored(web1, accepted, ofWeb1), from: web2 ?? null }), [0, 1]);
});

test('by a key that was replaced a host is believed on runs that were made before, and not on how far its log went', async () => {
  const HOUR = 3_600_000;
  const saying = async (madeAt: number, at: number, keys: Partial<Host>): Promise<readonly Report[]> => {
    const { fleet, hosts, grants } = witness();
    const now = new Map([...hosts].map(([name, host]) => [name, { ...host, key: idOf(stranger), ...keys }] as const));
    const host = web1 ?? assert.fail();
    const job = jobIdFor(makeRunId(madeAt, new Uint8Array(10).fill(255)), host);
    const ledger = { size: 9, head: '0'.repeat(64) };
    const sealed = sealReport({ job, host, at, ledger, event: accepted }, ofWeb1 ?? assert.fail());
    return (await believeReports([{ from: host, ...sealed }], { fleet, hosts: now, grants })).reports;
  };
  const replaced = { previousKeys: [{ key: idOf(ofWeb1), until: 10 * HOUR }] };

  const [report = assert.fail()] = await saying(9 * HOUR, 9 * HOUR, replaced);
  assert.equal(report.ledger, undefined);
  assert.deepEqual(await saying(10 * HOUR, 9 * HOUR, replaced), []);
  assert.deepEqual(await saying(11 * HOUR, 1, replaced), []);
  assert.deepEqual(await saying(9 * HOUR, 11 * HOUR, replaced), []);
  const [whole = assert.fail()] = await saying(11 * HOUR, 11 * HOUR, { outgoingKey: idOf(ofWeb1) });
  assert.equal(whole.ledger?.size, 9, 'while it is not finished, the outgoing key says all');
  assert.deepEqual(await saying(9 * HOUR, 9 * HOUR, {}), []);
  assert.deepEqual(await saying(9 * HOUR, 9 * HOUR, { key: null, ...replaced }), []);
});

test('a host whose key is not recorded, or that is not in the configuration, is not believed', async () => {
  assert.deepEqual(await verdict(stored(web2, accepted, stranger), stored(unknown, accepted, stranger)), [0, 2]);
});

test('of a job that has ended, the end is found among what is forged, and whatever else was said', async () => {
  const fixture = runFixture(['web1', 'web2']);
  const say = (at: number, event: ReportEvent, key = ofWeb1): StoredReport => ({
    from: web1 ?? null,
    ...sealReport({ ...fixture.report('web1', event), at }, key ?? assert.fail()),
  });
  const done: ReportEvent = { kind: 'done', outcome: outcome('changed') };
  const forged = say(1, { kind: 'done', outcome: outcome('failed') }, stranger);
  const ended = [say(2, accepted), forged, say(5, done), say(3, cancelled)];
  const underWay = [say(2, accepted), forged];
  // What web1 says of the job of web2 hides nothing.
  const ofOther = say(0, done);
  const other = { ...ofOther, report: { ...fixture.report('web2', done), host: web1 ?? assert.fail() } };

  const kinds = async (entries: readonly StoredReport[]): Promise<readonly (readonly [string, number])[]> =>
    (await believeEnds(fixture.after([]), entries, witness())).map(({ event, at }) => [event.kind, at]);
  assert.deepEqual(await kinds(ended), [['done', 5]]);
  assert.deepEqual(await kinds(underWay), [['accepted', 2]]);
  assert.deepEqual(await kinds([other]), []);
});

test('what is no report counts for nothing', async () => {
  assert.deepEqual(await verdict({ from: null, report: null, text: '{', signature: '', key: '' }), [0, 0]);
});
