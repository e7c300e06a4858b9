import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jobIdFor, makeRunId } from '../core/ids.ts';
import { hostNameSchema } from '../core/names.ts';
import { sealEnvelope } from './dsse.ts';
import { makeSigningKey } from './key.ts';
import { reportHolds, sealReport } from './sign-report.ts';

const [key, other] = [makeSigningKey(), makeSigningKey()];
const web1 = hostNameSchema.parse('web1');
const report = { job: jobIdFor(makeRunId(1, new Uint8Array(10)), web1), host: web1, at: 1 };

test('a report holds for the key that signed it, for its exact text, and for nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 500 }), fc.string(), async (message, another) => {
      const sealed = sealReport({ ...report, event: { kind: 'cancelled', message } }, key);
      assert.ok(await reportHolds(sealed, key.id));
      assert.ok(!(await reportHolds(sealed, other.id)));
      assert.ok(!(await reportHolds({ ...sealed, text: another }, key.id)));
    }),
    { numRuns: 200 },
  );
});

test('rubbish for a signature or a key does not hold and does not throw', async () => {
  const sealed = sealReport({ ...report, event: { kind: 'accepted' } }, key);
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string(), async (signature, id) => {
      assert.ok(!(await reportHolds({ ...sealed, signature }, key.id)));
      assert.ok(!(await reportHolds(sealed, id)));
    }),
    { numRuns: 500 },
  );
});

test('the signature of an order is none of a report with its text', async () => {
  const envelope: { signatures: { sig: string }[] } = JSON.parse(sealEnvelope('another type', '{}', key));

  assert.ok(!(await reportHolds({ text: '{}', signature: envelope.signatures[0]?.sig ?? '' }, key.id)));
});
