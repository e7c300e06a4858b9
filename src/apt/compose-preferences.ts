import type { PackageFile } from './parse-package-files.ts';
import { isSecurityOrigin } from './security-origin.ts';

/**
 * The text of a preferences file (apt_preferences(5)) for one run of apt: our records, then the administrator's own.
 * apt reads this file before the folder beside it and lets the first record that fits a version decide, so ours win
 * where they speak and the administrator's rule everywhere else.
 */
export function composePreferences(records: readonly string[], administrators: string): string {
  return [...records, administrators].join('\n\n');
}

/**
 * Keeps a package as it is, or away: none of its versions may be chosen, for any architecture. The pattern becomes a
 * regular expression, because apt takes a leading `?` of its own patterns for something else.
 */
export function excludeRecord(pattern: string): string {
  const expression = pattern.replace(/[.+]/g, '[$&]').replaceAll('*', '.*').replaceAll('?', '.');
  return `Package: /^${expression}$/:any\nPin: version *\nPin-Priority: -1`;
}

/**
 * Puts everything that is not from a security archive below what is installed (priority 100) in its old order, so
 * that an upgrade chooses the newest security version even where something newer exists, while a new dependency may
 * still come from anywhere the administrator allows. Security archives keep their priority. For use without a default
 * release, which would outrank records.
 */
export function rankBelowSecurity(files: readonly PackageFile[]): readonly string[] {
  const others = files.filter(({ priority, release }) => {
    const archive = release.get('a') ?? '';
    return priority > 0 && archive !== 'now' && !isSecurityOrigin(`${release.get('l') ?? ''}:${archive}`);
  });
  const priorities = [...new Set(others.map(({ priority }) => priority))].toSorted((a, b) => a - b);
  return others.flatMap(({ priority, release }) => {
    const fields = [...release]
      .filter(([, value]) => !value.includes(','))
      .map(([field, value]) => `${field}=${value}`);
    if (fields.length === 0) return [];
    const rank = Math.min(99, priorities.indexOf(priority) + 1);
    return `Package: *\nPin: release ${fields.join(',')}\nPin-Priority: ${rank}`;
  });
}
