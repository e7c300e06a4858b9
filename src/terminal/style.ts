import { styleText } from 'node:util';
import type { Output } from './output.ts';

/** The few styles celeroot uses; each is a format name of `util.styleText`. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** The text in that style where the output wants colour, else the text. */
export function paint(output: Output, style: Style | null, text: string): string {
  if (style === null || !output.colour || text === '') return text;
  return styleText(style, text, { validateStream: false });
}
