import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jobIdFor, makeRunId } from '../core/ids.ts';
import type { KeyOffer } from '../core/key-offer.ts';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import { readKeyOffer, signKeyOffer } from './key-offer.ts';
import { makeSigningKey } from './key.ts';
import { signText } from './signed-text.ts';

const [from, to, thief] = [makeSigningKey(), makeSigningKey(), makeSigningKey()];
const [web1, web2] = [hostNameSchema.parse('web1'), hostNameSchema.parse('web2')];
const job = jobIdFor(makeRunId(1, new Uint8Array(10)), web1);
const said = { fleet: fleetNameSchema.parse('test'), host: web1, job };
const expected = { ...said, from: from.id };
const offer = signKeyOffer(said, { from, to });

test('an offer names the new key to whoever asked for it', async () => {
  assert.equal(await readKeyOffer(offer, expected), to.id);
});

test('one for another fleet, host, job or key, or not signed by both, is none', async () => {
  const other = jobIdFor(makeRunId(2, new Uint8Array(10)), web1);
  const byThief = signKeyOffer(said, { from: thief, to });
  const text = offer.text;
  const plain = 'application/vnd.celeroot.report+json;v=1';
  const wrong: readonly KeyOffer[] = [
    signKeyOffer({ ...said, fleet: fleetNameSchema.parse('other') }, { from, to }),
    signKeyOffer({ ...said, host: web2 }, { from, to }),
    signKeyOffer({ ...said, job: other }, { from, to }),
    signKeyOffer(said, { from, to: from }),
    byThief,
    { ...offer, byOld: byThief.byOld },
    { ...offer, byNew: signKeyOffer(said, { from, to: thief }).byNew },
    { text, byOld: offer.byNew, byNew: offer.byOld },
    { text, byOld: signText(plain, text, from).signature, byNew: signText(plain, text, to).signature },
  ];
  for (const each of wrong) assert.equal(await readKeyOffer(each, expected), null, JSON.stringify(each));
});

test('one that was altered in any place is none, and never throws', async () => {
  const parts = ['text', 'byOld', 'byNew'] as const;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...parts), fc.nat(), fc.string({ maxLength: 3 }), async (part, place, piece) => {
      const at = place % offer[part].length;
      const altered = { ...offer, [part]: offer[part].slice(0, at) + piece + offer[part].slice(at + 1) };
      const isSame = parts.every((each) =>
        each === 'text' ? altered.text === offer.text : bytes(altered[each]) === bytes(offer[each]),
      );
      assert.equal(await readKeyOffer(altered, expected), isSame ? to.id : null);
    }),
    { numRuns: 300 },
  );
});

/** Base64 has more than one way to write some bytes. */
function bytes(signature: string): string {
  return Buffer.from(signature, 'base64').toString('hex');
}
