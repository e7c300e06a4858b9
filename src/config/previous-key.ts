/** A key that a host had, and until when, milliseconds since 1970. */
export type PreviousKey = { readonly key: string; readonly until: number };

const FORM = /^(ed25519:[A-Za-z0-9+/]{43}=) until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/;

/** Null when the text is none. */
export function parsePreviousKey(text: string): PreviousKey | null {
  const [, key, time] = FORM.exec(text) ?? [];
  const until = Date.parse(time ?? '');
  return key === undefined || Number.isNaN(until) ? null : { key, until };
}

export function formatPreviousKey({ key, until }: PreviousKey): string {
  return `${key} until ${new Date(until).toISOString()}`;
}
