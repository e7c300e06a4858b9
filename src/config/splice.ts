/** A piece of text to put in the place of another: everything before `start` and from `end` on stays. */
export type Splice = { readonly start: number; readonly end: number; readonly text: string };

export function applySplice(text: string, splice: Splice): string {
  return text.slice(0, splice.start) + splice.text + text.slice(splice.end);
}
