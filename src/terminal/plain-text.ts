import { stripVTControlCharacters } from 'node:util';

/**
 * Text from a host made safe for a terminal: no control characters, escape sequences or characters that reorder
 * the line (Unicode bidirectional controls). Tabs become a space.
 */
export function plainText(text: string): string {
  if (!UNSAFE.test(text)) return text;
  return stripVTControlCharacters(text).replaceAll('\t', ' ').replaceAll(CONTROLS, '');
}

/** Like `plainText` for text of several lines: newlines stay, a carriage return counts as one. */
export function plainLines(text: string): readonly string[] {
  return text.split(/\r\n|\r|\n/).map(plainText);
}

/** What moves a cursor, starts an escape sequence or reorders a line. */
export const CONTROLS = /[\p{Cc}\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;
const UNSAFE = /[\p{Cc}\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;
