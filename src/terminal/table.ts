import { displayWidth, fitWidth, padWidth } from './display-width.ts';
import type { Output } from './output.ts';
import { plainText } from './plain-text.ts';
import { paint, type Style } from './style.ts';

/** A cell: text, or text with a style. What is in it may come from a host; it is cleaned here. */
export type Cell = string | { readonly text: string; readonly style: Style };

export type Table = {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
};

const GAP = '  ';

/**
 * Writes aligned columns under a heading. On a terminal the last column is cut to what is left of the line; into a
 * pipe nothing is cut. Writes one string, so that 5,000 rows cost one system call.
 */
export function writeTable(output: Output, table: Table): void {
  const rows = table.rows.map((row) => row.map(cleanCell));
  const widths = columnWidths(table.head, rows);
  const lines = [
    formatRow(
      table.head.map((text) => ({ text, style: 'bold' as const })),
      widths,
      output,
    ),
  ];
  for (const row of rows) lines.push(formatRow(row, widths, output));
  output.write(`${lines.join('\n')}\n`);
}

type CleanCell = { readonly text: string; readonly style: Style | null };

function cleanCell(cell: Cell): CleanCell {
  return typeof cell === 'string'
    ? { text: plainText(cell), style: null }
    : { text: plainText(cell.text), style: cell.style };
}

function columnWidths(head: readonly string[], rows: readonly (readonly CleanCell[])[]): readonly number[] {
  const widths = head.map(displayWidth);
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell.text));
  }
  return widths;
}

function formatRow(cells: readonly CleanCell[], widths: readonly number[], output: Output): string {
  let used = 0;
  const parts = cells.map((cell, index) => {
    const width = widths[index] ?? 0;
    const isLast = index === cells.length - 1;
    const room = isLast && output.isTTY ? Math.max(8, output.columns - used) : Infinity;
    used += width + GAP.length;
    const fitted = fitWidth(cell.text, room);
    const padding = isLast ? '' : padWidth(fitted, width).slice(fitted.length);
    return paint(output, cell.style, fitted) + padding;
  });
  return parts.join(GAP).trimEnd();
}
