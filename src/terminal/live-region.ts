import type { Output } from './output.ts';
import { formatLine, lineWidth, type StyledLine } from './styled-line.ts';

/** Some lines at the bottom of a terminal that are redrawn in place; what is printed goes above them for good. */
export type LiveRegion = {
  /** Prints lines above the region, which is then drawn with `lines`, in one write. */
  readonly draw: (above: readonly StyledLine[], lines: readonly StyledLine[]) => void;
};

const ESCAPE = '\u001B[';
const CLEAR_BELOW = `${ESCAPE}0J`;

/**
 * Keeps no cursor hidden and no mode set, so that a process killed in between leaves the terminal as it was. Lines are
 * cut one column short of the width: terminals differ in what a full line does to the cursor.
 */
export function openLiveRegion(output: Output): LiveRegion {
  let drawnWidths: readonly number[] = [];
  return {
    draw: (above, lines) => {
      const width = Math.max(1, output.columns - 1);
      const rows = rowsTaken(drawnWidths, output.columns);
      const back = rows === 0 ? '' : `${ESCAPE}${rows}A\r${CLEAR_BELOW}`;
      const text = [...above, ...lines].map((line) => `${formatLine(output, line, width)}\n`).join('');
      output.write(back + text);
      drawnWidths = lines.map((line) => Math.min(lineWidth(line), width));
    },
  };
}

/** Rows that lines drawn earlier take now: a terminal that was made narrower has wrapped what stands in it. */
function rowsTaken(widths: readonly number[], columns: number): number {
  return widths.reduce((rows, width) => rows + Math.max(1, Math.ceil(width / Math.max(1, columns))), 0);
}
