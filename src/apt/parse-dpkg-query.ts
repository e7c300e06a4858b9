import type { PackageState } from './package-state.ts';

/** Made for `parseDpkgQuery`. Older versions of dpkg leave `Protected` empty. */
export const DPKG_QUERY_FORMAT =
  '${Package}\\t${Architecture}\\t${db:Status-Abbrev}\\t${Version}\\t${Essential}\\t${Protected}\\n';

/** Packages from what `dpkg-query -W` printed in DPKG_QUERY_FORMAT. */
export function parseDpkgQuery(output: string): readonly PackageState[] {
  const states: PackageState[] = [];
  for (const line of output.split('\n')) {
    const [name, arch, state, version, essential, isProtected] = line.split('\t');
    if (name === undefined || arch === undefined || state === undefined || state.length < 2) continue;
    states.push({
      name,
      arch,
      state: state.trimEnd(),
      version: version === undefined || version === '' ? null : version,
      essential: essential === 'yes' || isProtected === 'yes',
    });
  }
  return states;
}
