import * as z from 'zod';
import { keyOfferSchema } from '../core/key-offer.ts';
import type { Outcome } from '../core/outcome.ts';
import { offerKey, takeKey } from '../core/step.ts';
import { defineTask, type Task } from './task.ts';

const argsSchema = z.strictObject({
  take: z
    .string()
    .max(64)
    .nullable()
    .default(null)
    .describe('The key that the host has offered and the controller has recorded. By default it offers one.'),
});

export const keyOfferedSchema = z.strictObject({ offer: keyOfferSchema });
const resultSchema = z.union([keyOfferedSchema, z.strictObject({ took: z.string() }), z.null()]);

/** Both halves of replacing the key by which a host is believed: `celeroot keys rotate --host` asks for them. */
export const keysRotate: Task = defineTask({
  name: 'keys.rotate',
  summary: 'Offer another key by which the host is believed, or take the one that was offered',
  args: argsSchema,
  result: resultSchema,
  changesHost: false,
  commandLine: { options: [] },
  example: 'celeroot run keys.rotate --host web1',
  *perform({ take }, { dryRun }) {
    if (dryRun) return ended('a dry run, which replaces no key', null);
    if (take === null) return ended('offers another key', { offer: yield* offerKey() });
    if (yield* takeKey(take)) return ended(`signs with ${take}`, { took: take });
    const message = `the host has not offered the key ${take}`;
    return {
      ...ended(message, null),
      status: 'failed',
      failure: { kind: 'key_not_offered', message, hint: 'join it again, with --replace' },
    };
  },
});

function ended(summary: string, data: z.output<typeof resultSchema>): Outcome {
  return { status: 'unchanged', summary, transaction: null, data, health: null, failure: null };
}
