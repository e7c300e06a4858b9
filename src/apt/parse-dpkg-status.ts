import type { PackageState } from './package-state.ts';
import { parseStanzas, type Stanza } from './parse-stanzas.ts';

/**
 * Packages from the text of `/var/lib/dpkg/status`. Complete only while `/var/lib/dpkg/updates` is empty: dpkg keeps
 * newer states there.
 */
export function parseDpkgStatus(text: string): readonly PackageState[] {
  return parseStanzas(text, ['Status', 'Architecture', 'Version', 'Essential', 'Protected']).flatMap(parseStanza);
}

function parseStanza(stanza: Stanza): readonly PackageState[] {
  const field = (name: string): string => stanza.get(name) ?? '';
  const [want = '', flag = '', status = ''] = field('Status').split(' ');
  const letters = `${WANT[want] ?? ''}${STATUS[status] ?? ''}`;
  if (letters.length !== 2) return [];
  return [
    {
      name: field('Package'),
      arch: field('Architecture'),
      state: flag === 'reinstreq' ? `${letters}R` : letters,
      version: stanza.get('Version') ?? null,
      essential: field('Essential') === 'yes' || field('Protected') === 'yes',
    },
  ];
}

/** The letters of dpkg-query(1), `db:Status-Abbrev`. */
const WANT: Readonly<Record<string, string>> = { unknown: 'u', install: 'i', hold: 'h', deinstall: 'r', purge: 'p' };
const STATUS: Readonly<Record<string, string>> = {
  'not-installed': 'n',
  'config-files': 'c',
  'half-installed': 'H',
  unpacked: 'U',
  'half-configured': 'F',
  'triggers-awaited': 'W',
  'triggers-pending': 't',
  installed: 'i',
};
