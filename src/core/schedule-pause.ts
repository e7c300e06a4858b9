import * as z from 'zod';
import { fleetNameSchema, scheduleNameSchema } from './names.ts';

/** That a schedule is paused: by whom, since when, and until when; null for as long as nobody resumes it. */
const schedulePauseSchema = z.strictObject({
  until: z.int().nullable(),
  by: z.string().max(256),
  at: z.int(),
});
export type SchedulePause = Readonly<z.output<typeof schedulePauseSchema>>;

/** The text that is signed. */
export const madePauseSchema = z.strictObject({
  fleet: fleetNameSchema,
  schedule: scheduleNameSchema,
  pause: schedulePauseSchema,
});
