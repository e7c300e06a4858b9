import { BugError } from '../core/errors.ts';
import type { PackageState } from './package-state.ts';

/** All packages of a host at one moment. */
export type Snapshot = {
  /** The architecture dpkg itself is built for; what `all` packages count as. */
  readonly nativeArch: string;
  readonly packages: ReadonlyMap<string, PackageState>;
  /** `name:arch` of what came as a dependency, which apt may propose to remove when nothing needs it any more. */
  readonly autoMarks: ReadonlySet<string>;
};

export function makeSnapshot(states: readonly PackageState[], autoMarks: ReadonlySet<string>): Snapshot {
  const nativeArch = states.find((state) => state.name === 'dpkg')?.arch;
  if (nativeArch === undefined) throw new BugError('dpkg’s database does not list dpkg itself');
  const packages = new Map(states.map((state) => [packageKey(state.name, state.arch, nativeArch), state]));
  return { nativeArch, packages, autoMarks };
}

/** `arch` may be `all`, which apt takes for the native architecture; a package may change between the two. */
export function findPackage(snapshot: Snapshot, name: string, arch: string): PackageState | null {
  return snapshot.packages.get(packageKey(name, arch, snapshot.nativeArch)) ?? null;
}

/** `name:arch`, as apt takes it on its command line. */
export function packageKey(name: string, arch: string, nativeArch: string): string {
  return `${name}:${arch === 'all' ? nativeArch : arch}`;
}
