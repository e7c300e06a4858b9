import type { Measured, Result, Unit } from './result.ts';

const HEAD = ['what', 'median', 'min', 'p25–p75', 'n', 'ratio', 'budget', ''] as const;

/** Aligned columns; numbers to the right. */
export function renderTable(results: readonly Result[]): string {
  const rows = results.filter((result) => result.kind === 'measured').map(row);
  const widths = HEAD.map((title, column) =>
    Math.max(...[HEAD, ...rows].map((cells) => cells[column]?.length ?? 0), title.length),
  );
  const table = [HEAD, ...rows].map((cells) =>
    cells
      .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  const skipped = results
    .filter((result) => result.kind === 'skipped')
    .map(({ what, why }) => `not measured: ${what}: ${why}`);
  return [...table, ...(skipped.length === 0 ? [] : ['', ...skipped])].join('\n');
}

/** One line for whoever waits. */
export function renderProgress(result: Result): string {
  if (result.kind === 'skipped') return `  ${result.what}: not measured: ${result.why}`;
  return `  ${result.what}: ${amount(result.summary.median, result.unit)}`;
}

function isNumber(column: number): boolean {
  return column >= 1 && column <= 5;
}

function row({ what, unit, summary, base, budget }: Measured): readonly string[] {
  const { median, min, p25, p75, n } = summary;
  return [
    what,
    amount(median, unit),
    number(min),
    `${number(p25)}–${number(p75)}`,
    `${n}`,
    base === null ? '' : `${number(base.ratio)} ×`,
    budget?.text ?? '',
    budget === null ? '' : budget.met ? 'met' : 'MISSED',
  ];
}

function amount(value: number, unit: Unit): string {
  return `${number(value)} ${unit}`;
}

/** Three digits say all that such a measurement can. */
function number(value: number): string {
  if (!Number.isFinite(value)) return '?';
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}
