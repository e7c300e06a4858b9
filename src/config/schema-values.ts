import * as z from 'zod';

export const path = z.string().min(1).max(4096);

/** Trimmed, because a text by `>` ends with a line end. */
export const oneLine = z
  .string()
  .trim()
  .max(200)
  .refine((text) => !/[\p{Cc}\u2028\u2029]/u.test(text), { error: 'expected one line without control characters' });
