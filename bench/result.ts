import { summarize, type Summary } from './statistics.ts';

export type Unit = 'ms' | 's' | 'MiB' | 'B' | '/s';

export type Measured = {
  readonly kind: 'measured';
  readonly what: string;
  readonly unit: Unit;
  readonly summary: Summary;
  /** Median over the median of what it is held against, which was measured in the same run. */
  readonly base: { readonly what: string; readonly ratio: number } | null;
  readonly budget: { readonly text: string; readonly met: boolean } | null;
};

/** What could not be measured here, and why. */
export type Skipped = { readonly kind: 'skipped'; readonly what: string; readonly why: string };

export type Result = Measured | Skipped;

export type Samples = { readonly what: string; readonly unit: Unit; readonly samples: readonly number[] };

/** Budgets of one measurement: of its median, of its ratio to the base, or of both. */
export type Limits = { readonly atMost?: number; readonly ratioAtMost?: number };

/** Judges samples against their budget. `base` is what they are held against, in the same unit. */
export function measured(of: Samples, limits: Limits = {}, base: Samples | null = null): Measured {
  const summary = summarize(of.samples);
  const ratio = base === null ? null : summary.median / summarize(base.samples).median;
  return {
    kind: 'measured',
    what: of.what,
    unit: of.unit,
    summary,
    base: base === null || ratio === null ? null : { what: base.what, ratio },
    budget: judge({ median: summary.median, ratio }, limits, of.unit),
  };
}

function judge(
  { median, ratio }: { readonly median: number; readonly ratio: number | null },
  { atMost, ratioAtMost }: Limits,
  unit: Unit,
): Measured['budget'] {
  const limits = [
    ...(atMost === undefined ? [] : [{ text: `≤ ${atMost} ${unit}`, met: median <= atMost }]),
    ...(ratioAtMost === undefined
      ? []
      : [{ text: `≤ ${Number(ratioAtMost.toPrecision(3))} ×`, met: (ratio ?? Infinity) <= ratioAtMost }]),
  ];
  if (limits.length === 0) return null;
  return { text: limits.map(({ text }) => text).join(' and '), met: limits.every(({ met }) => met) };
}
