import { displayWidth, padWidth } from './display-width.ts';
import type { Output } from './output.ts';
import { paint } from './style.ts';
import type { Cell } from './table.ts';
import { plainText } from './plain-text.ts';

/** Writes names and values in two columns, for one thing shown in full. */
export function writeProperties(output: Output, properties: readonly (readonly [name: string, value: Cell])[]): void {
  const width = Math.max(...properties.map(([name]) => displayWidth(name)));
  for (const [name, value] of properties) {
    const { text, style } = typeof value === 'string' ? { text: value, style: null } : value;
    output.write(`${paint(output, 'dim', padWidth(name, width))}  ${paint(output, style, plainText(text))}\n`);
  }
}
