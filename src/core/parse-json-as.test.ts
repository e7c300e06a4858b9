import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { reportSchema } from './report.ts';
import { parseJsonAs } from './parse-json-as.ts';

test('whatever is stored is read or null, and never throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.constant(null), fc.constant(undefined)), (text) => {
      assert.equal(parseJsonAs(reportSchema, text), null);
    }),
  );
});

test('a report comes back as it was', () => {
  const report = { job: '01J9ABCDEFGHJKMNPQRSTVWXYZ.web1', host: 'web1', at: 1, event: { kind: 'accepted' } };

  assert.deepEqual(parseJsonAs(reportSchema, JSON.stringify(report)), report);
});
