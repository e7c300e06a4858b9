import type { Output } from './output.ts';

/** One JSON document, indented, as the whole answer of a command. */
export function writeJson(output: Output, value: unknown): void {
  output.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** One JSON object on a line of its own, for what goes on for a while. */
export function writeJsonLine(output: Output, value: unknown): void {
  output.write(`${JSON.stringify(value)}\n`);
}
