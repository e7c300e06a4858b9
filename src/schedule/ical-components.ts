import type { ContentLine } from './ical-lines.ts';

/** What stands between a BEGIN and its END: an event, a time zone, or what is nested in them. */
export type Component = {
  /** In capitals, such as `VEVENT`. */
  readonly kind: string;
  readonly begin: ContentLine;
  /** Without those of what is nested in it, such as alarms. */
  readonly lines: readonly ContentLine[];
  readonly parts: readonly Component[];
};

/** All components of a file, each nested one also in that which it is part of. */
export function readComponents(lines: readonly ContentLine[]): readonly Component[] {
  type Open = { kind: string; begin: ContentLine; lines: ContentLine[]; parts: Open[] };
  const all: Open[] = [];
  const open: Open[] = [];
  for (const line of lines) {
    const within = open.at(-1);
    if (line.name === 'BEGIN') {
      const begun = { kind: line.value.toUpperCase(), begin: line, lines: [], parts: [] };
      within?.parts.push(begun);
      open.push(begun);
      all.push(begun);
    } else if (line.name === 'END') open.pop();
    else within?.lines.push(line);
  }
  return all;
}

/** The first line of that name. */
export function lineOf({ lines }: Component, name: string): ContentLine | undefined {
  return lines.find((line) => line.name === name);
}
