export type Stanza = ReadonlyMap<string, string>;

/**
 * The named fields of each package in a file that apt or dpkg wrote as stanzas (deb822(5)): `Package` is the first
 * field of each, and names have their usual spelling. One pass for the fields wanted, because
 * `/var/lib/dpkg/status` may have 100,000 lines and is read while somebody waits.
 */
export function parseStanzas(text: string, fields: readonly string[]): readonly Stanza[] {
  const stanzas: Map<string, string>[] = [];
  for (const [, field = '', value = ''] of text.matchAll(new RegExp(`^(Package|${fields.join('|')}): (.*)$`, 'gm'))) {
    if (field === 'Package') stanzas.push(new Map());
    stanzas.at(-1)?.set(field, value.trim());
  }
  return stanzas;
}
