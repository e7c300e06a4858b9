import type { Output } from './output.ts';
import { plainText } from './plain-text.ts';
import { paint } from './style.ts';

/** Writes commands to type, each under what it is for; whole lines, so that they can be copied. */
export function writeShellSteps(
  output: Output,
  steps: readonly { readonly what: string; readonly command: string }[],
): void {
  for (const [index, { what, command }] of steps.entries()) {
    output.write(`${index + 1}. ${plainText(what)}\n   ${paint(output, 'bold', plainText(command))}\n`);
  }
}
