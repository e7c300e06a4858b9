/** So many hosts, or such a part of them. */
export type Size = { readonly kind: 'count' | 'percent'; readonly value: number };

/** `3` or `25%`; null when it is neither. A whole number stands for itself, as YAML gives it. */
export function parseSize(text: string | number): Size | null {
  const [, digits, percent] = /^(\d{1,6})(%?)$/.exec(String(text)) ?? [];
  if (digits === undefined) return null;
  const value = Number(digits);
  if (percent === '%') return value <= 100 ? { kind: 'percent', value } : null;
  return { kind: 'count', value };
}

export function formatSize({ kind, value }: Size): string {
  return kind === 'percent' ? `${value}%` : String(value);
}

/** How many of `total` hosts that is: a percentage is rounded down, so that it is never more than was meant. */
export function countOf({ kind, value }: Size, total: number): number {
  return Math.min(total, kind === 'percent' ? Math.floor((total * value) / 100) : value);
}
