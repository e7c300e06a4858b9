import * as z from 'zod';
import { runIdSchema } from './ids.ts';
import { fleetNameSchema, hostNameSchema, scheduleNameSchema } from './names.ts';

const reasonSchema = z.strictObject({ code: z.string().max(64), text: z.string().max(2000) });
const leftOutSchema = z.array(z.strictObject({ host: hostNameSchema, reason: reasonSchema })).max(100_000);

/**
 * What was decided on a slot of a schedule: made once, by whichever scheduler was first, and kept as what has happened.
 * Times are milliseconds since 1970.
 */
const slotRecordSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('fire'),
    slot: z.int(),
    decidedAt: z.int(),
    by: z.string().max(256),
    run: runIdSchema,
    /** When each host gets its order. */
    starts: z.array(z.strictObject({ host: hostNameSchema, at: z.int() })).max(100_000),
    leftOut: leftOutSchema,
  }),
  z.strictObject({
    kind: z.literal('miss'),
    slot: z.int(),
    decidedAt: z.int(),
    by: z.string().max(256),
    reason: reasonSchema,
    leftOut: leftOutSchema,
    /** How many slots up to this one were missed at once, by an outage; each for the same reason. */
    count: z.int().min(1),
  }),
]);
export type SlotRecord = Readonly<z.output<typeof slotRecordSchema>>;
export type FireRecord = Extract<SlotRecord, { kind: 'fire' }>;

/** The text that is signed. */
export const decidedSlotSchema = z.strictObject({
  fleet: fleetNameSchema,
  schedule: scheduleNameSchema,
  record: slotRecordSchema,
});
