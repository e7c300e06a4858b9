import { displayWidth, fitWidth } from './display-width.ts';
import type { Output } from './output.ts';
import { paint, type Style } from './style.ts';

/** A piece of a line. Its text must be plain: what comes from hosts goes through `plainText` first. */
export type Span = { readonly text: string; readonly style: Style | null };
export type StyledLine = readonly Span[];

export function span(text: string, style: Style | null = null): Span {
  return { text, style };
}

export function lineWidth(line: StyledLine): number {
  return line.reduce((width, piece) => width + displayWidth(piece.text), 0);
}

/** The line as it is written, cut to `width` columns. */
export function formatLine(output: Output, line: StyledLine, width: number): string {
  let room = width;
  let text = '';
  for (const piece of line) {
    const fitted = fitWidth(piece.text, room);
    text += paint(output, piece.style, fitted);
    room -= displayWidth(fitted);
    if (fitted !== piece.text) break;
  }
  return text;
}

/** Left and right part of a line with space between, so that the right part ends at `width`; cuts the left part. */
export function justify(left: StyledLine, right: StyledLine, width: number): StyledLine {
  const room = width - lineWidth(right);
  if (room < MIN_LEFT) return left;
  const kept = cutLine(left, room - 2);
  return [...kept, span(' '.repeat(room - lineWidth(kept))), ...right];
}

const MIN_LEFT = 20;

function cutLine(line: StyledLine, width: number): StyledLine {
  let room = width;
  const kept: Span[] = [];
  for (const piece of line) {
    const text = fitWidth(piece.text, room);
    kept.push({ text, style: piece.style });
    room -= displayWidth(text);
  }
  return kept;
}
