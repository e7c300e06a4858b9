import * as z from 'zod';

/** That a schedule is paused: by whom, since when, and until when; null for as long as nobody resumes it. */
export const schedulePauseSchema = z.strictObject({
  until: z.int().nullable(),
  by: z.string().max(200),
  at: z.int(),
});
export type SchedulePause = z.output<typeof schedulePauseSchema>;
