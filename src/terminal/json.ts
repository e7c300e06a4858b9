import type { Output } from './output.ts';
import { CONTROLS } from './plain-text.ts';

/** One JSON document, indented, as the whole answer of a command. */
export function writeJson(output: Output, value: unknown): void {
  output.write(`${jsonText(value, 2)}\n`);
}

/** One JSON object on a line of its own, for what goes on for a while. */
export function writeJsonLine(output: Output, value: unknown): void {
  output.write(`${jsonText(value)}\n`);
}

/**
 * JSON that steers no terminal. JSON itself escapes only the control characters below a space; the others, which some
 * terminals obey too, and those that reorder a line are written as `\uXXXX`, which says the same to who parses it.
 */
function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replaceAll(CONTROLS, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
