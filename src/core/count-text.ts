/** A number of things for a sentence: `1 host`, `3 hosts`. */
export function countText(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
