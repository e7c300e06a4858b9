import { parseStanzas } from './parse-stanzas.ts';

/**
 * `name:arch` of what apt installed as a dependency, from `/var/lib/apt/extended_states`. apt writes the native
 * architecture for packages that are for `all`.
 */
export function parseAutoMarks(text: string): ReadonlySet<string> {
  const marked = parseStanzas(text, ['Architecture', 'Auto-Installed']).filter(
    (stanza) => stanza.get('Auto-Installed') === '1',
  );
  return new Set(marked.map((stanza) => `${stanza.get('Package')}:${stanza.get('Architecture')}`));
}
