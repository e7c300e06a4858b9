import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetConfig } from '../../test/support/fleet-config.ts';
import { jobIdFor, makeRunId } from '../core/ids.ts';
import { hostNameSchema } from '../core/names.ts';
import type { Report, ReportEvent } from '../core/report.ts';
import type { StoredReport } from '../queue/broker.ts';
import { makeSigningKey, type SigningKey } from '../trust/key.ts';
import { sealReport } from '../trust/sign-report.ts';
import { believeReports, type Witness } from './believe-reports.ts';

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
  return { hosts: new Map(keyed), controllerKeys: [idOf(operator)] };
}

function idOf(key: SigningKey | undefined): string {
  return key?.id ?? assert.fail();
}

function stored(host: typeof web1, event: ReportEvent, key: SigningKey | undefined): StoredReport {
  const name = host ?? assert.fail();
  const report: Report = { job: jobIdFor(run, name), host: name, at: 1, event };
  return { from: name, ...sealReport(report, key ?? assert.fail()) };
}

const verdict = (...entries: readonly StoredReport[]): readonly [believed: number, forged: number] => {
  const { reports, forged } = believeReports(entries, witness());
  return [reports.length, forged];
};

test('a host is believed by its own signature only', () => {
  assert.deepEqual(verdict(stored(web1, accepted, ofWeb1)), [1, 0]);
  assert.deepEqual(verdict(stored(web1, accepted, ofWeb2), stored(web1, accepted, stranger)), [0, 2]);
});

test('a report that was altered, or has no signature, is not believed', () => {
  const good = stored(web1, accepted, ofWeb1);

  assert.deepEqual(
    verdict({ ...good, text: good.text.replace('"at":1', '"at":2') }, { ...good, signature: '' }),
    [0, 2],
  );
});

test('an operator is believed to have withdrawn a job, and nothing else', () => {
  assert.deepEqual(verdict(stored(web1, cancelled, operator)), [1, 0]);
  assert.deepEqual(verdict(stored(web1, accepted, operator), stored(web1, cancelled, stranger)), [0, 2]);
});

test('a host whose key is not recorded is believed as it is', () => {
  assert.deepEqual(verdict(stored(web2, accepted, stranger), stored(unknown, accepted, stranger)), [2, 0]);
});

test('a host that is not in the configuration is not believed to have taken a job for any host', () => {
  const taken = stored(unknown, accepted, stranger);
  const report = { ...taken.report, job: jobIdFor(run, null), host: unknown ?? assert.fail(), at: 1, event: accepted };

  assert.deepEqual(verdict({ ...taken, report }), [0, 1]);
});

test('what is no report counts for nothing', () => {
  assert.deepEqual(verdict({ from: null, report: null, text: '{', signature: '' }), [0, 0]);
});
