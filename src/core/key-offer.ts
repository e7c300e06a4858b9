import * as z from 'zod';

/** What a host says when it offers another key as its own: a text, signed by the key it has and by the one it offers. */
export const keyOfferSchema = z.strictObject({
  text: z.string().max(1000),
  byOld: z.string().max(200),
  byNew: z.string().max(200),
});
export type KeyOffer = Readonly<z.infer<typeof keyOfferSchema>>;
