import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sealEnvelope } from './dsse.ts';
import { makeSigningKey } from './key.ts';
import { reportHolds, signReport } from './sign-report.ts';

const [key, other] = [makeSigningKey(), makeSigningKey()];

test('a report holds for the key that signed it, for its exact text, and for nothing else', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (text, another) => {
      const signature = signReport(text, key);
      assert.ok(reportHolds(text, signature, key.id));
      assert.ok(!reportHolds(text, signature, other.id));
      assert.equal(reportHolds(another, signature, key.id), another === text);
    }),
    { numRuns: 200 },
  );
});

test('rubbish for a signature or a key does not hold and does not throw', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (signature, id) => {
      assert.ok(!reportHolds('{}', signature, key.id));
      assert.ok(!reportHolds('{}', signReport('{}', key), id));
    }),
    { numRuns: 500 },
  );
});

test('the signature of an order is none of a report with its text', () => {
  const envelope: { signatures: { sig: string }[] } = JSON.parse(sealEnvelope('another type', '{}', key));

  assert.ok(!reportHolds('{}', envelope.signatures[0]?.sig ?? '', key.id));
});
