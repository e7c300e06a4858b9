import * as z from 'zod';

/** A text and its signature beside it, as it stands in Redis; nothing of it is believed before the signature is seen. */
export const signedSchema = z.strictObject({ text: z.string(), signature: z.string().max(200) });
export type Signed = Readonly<z.infer<typeof signedSchema>>;

/** One that says which key it was signed with, where several might have. */
export const signedByKeySchema = signedSchema.extend({ key: z.string().max(200) });
export type SignedByKey = Readonly<z.infer<typeof signedByKeySchema>>;
