/** Offset of the first character of the line. */
export function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
}

/** Offset behind the last character of the line, before `\n` or `\r\n`. */
export function lineEnd(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  if (newline === -1) return text.length;
  return newline > offset && text[newline - 1] === '\r' ? newline - 1 : newline;
}

/** Offset of the line after this one; the end of the text when there is none. */
export function nextLine(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  return newline === -1 ? text.length : newline + 1;
}

export function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset);
}

/** The line end the text uses; the one of its first line. */
export function lineBreakOf(text: string): string {
  return /\r\n|\n/.exec(text)?.[0] ?? '\n';
}

/**
 * Where what belongs to an entry ends: the end of its last line, or of the comment lines right below it that are
 * indented deeper than the entry itself.
 */
export function endOfEntry(text: string, contentEnd: number, indent: number): number {
  let end = lineEnd(text, contentEnd);
  for (let start = nextLine(text, end); start < text.length; start = nextLine(text, end)) {
    const comment = /^( *)#/.exec(text.slice(start, lineEnd(text, start)));
    if (comment?.[1] === undefined || comment[1].length <= indent) break;
    end = lineEnd(text, start);
  }
  return end;
}

/** Whether the line that starts at the offset is blank; the end of the text is not a line. */
export function isBlankLine(text: string, start: number): boolean {
  return start < text.length && text.slice(start, lineEnd(text, start)).trim() === '';
}
