/** One line of an iCalendar file, unfolded: `DTSTART;TZID=Europe/Amsterdam:20261224T180000`. */
export type ContentLine = {
  /** In capitals; empty for a line that is none. */
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly value: string;
  /** Of its first line in the file, from 1. */
  readonly line: number;
};

/** The content lines of a text (RFC 5545 section 3.1). */
export function readContentLines(text: string): readonly ContentLine[] {
  const unfolded: { text: string; line: number }[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const last = unfolded.at(-1);
    if (/^[ \t]/.test(raw) && last !== undefined) last.text += raw.slice(1);
    else if (raw !== '') unfolded.push({ text: raw, line: index + 1 });
  }
  return unfolded.map(({ text: content, line }) => {
    const [, name = '', parameters = '', value = ''] = CONTENT.exec(content) ?? [];
    return { name: name.toUpperCase(), parameters: readParameters(parameters), value, line };
  });
}

const CONTENT = /^([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*):(.*)$/;

function readParameters(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(/;([A-Za-z0-9-]+)=("[^"]*"|[^";]*)/g)].map(([, name = '', value = '']) => [
      name.toUpperCase(),
      value.replaceAll('"', ''),
    ]),
  );
}
