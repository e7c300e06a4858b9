import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as z from 'zod';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import { readStatement, signStatement, type StatementKind } from './host-statement.ts';
import { makeSigningKey } from './key.ts';

const [key, other] = [makeSigningKey(), makeSigningKey()];
const [fleet, otherFleet] = ['a', 'b'].map((name) => fleetNameSchema.parse(name)) as [Fleet, Fleet];
const [web1, web2] = ['web1', 'web2'].map((name) => hostNameSchema.parse(name)) as [Host, Host];
type Fleet = z.infer<typeof fleetNameSchema>;
type Host = z.infer<typeof hostNameSchema>;
const schema = z.strictObject({ word: z.string() });
const kinds: readonly StatementKind[] = ['presence', 'facts', 'refusal'];
const expected = { fleet, host: web1, key: key.id, schema };

test('a host is heard as what it said, of the kind it said, under its own name, in its own fleet', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...kinds), fc.string(), async (kind, word) => {
      const signed = signStatement(kind, { fleet, host: web1, said: { word } }, key);
      assert.deepEqual(await readStatement(kind, signed, expected), { word });
      for (const another of kinds) {
        if (another !== kind) assert.equal(await readStatement(another, signed, expected), null);
      }
      assert.equal(await readStatement(kind, signed, { ...expected, host: web2 }), null);
      assert.equal(await readStatement(kind, signed, { ...expected, fleet: otherFleet }), null);
      assert.equal(await readStatement(kind, signed, { ...expected, key: other.id }), null);
    }),
    { numRuns: 100 },
  );
});

test('what was altered in any place is nothing, and never throws', async () => {
  const signed = signStatement('facts', { fleet, host: web1, said: { word: 'true' } }, key);
  await fc.assert(
    fc.asyncProperty(fc.nat(signed.text.length - 1), fc.string({ maxLength: 3 }), async (at, piece) => {
      const text = signed.text.slice(0, at) + piece + signed.text.slice(at + 1);
      const heard = await readStatement('facts', { ...signed, text }, expected);
      assert.deepEqual(heard, text === signed.text ? { word: 'true' } : null);
    }),
    { numRuns: 300 },
  );
});
