import * as z from 'zod';

/** SHA-256 in hexadecimal. */
export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/, { error: 'expected 64 hexadecimal digits' });

/**
 * How far a hash chain goes: its number of lines, and the SHA-256 of the last one. Whoever has seen a head can tell
 * whether a chain still begins as it did then.
 */
export const chainHeadSchema = z.strictObject({ size: z.int().min(0), head: digestSchema });
export type ChainHead = Readonly<z.infer<typeof chainHeadSchema>>;

/** How far a controller's journal went; `journal` is its id. Travels in every order. */
export const journalHeadSchema = chainHeadSchema.extend({ journal: digestSchema });
export type JournalHead = Readonly<z.infer<typeof journalHeadSchema>>;

/** What a host remembers of a journal: the furthest head that an order has brought, and who signed that order. */
export const rememberedJournalSchema = journalHeadSchema.extend({
  /** When that order was issued, milliseconds since 1970. */
  issuedAt: z.int().min(0),
  key: z.string().max(64),
});
export type RememberedJournal = Readonly<z.infer<typeof rememberedJournalSchema>>;
