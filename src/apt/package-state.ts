/** What dpkg's database says of one package on the host. */
export type PackageState = {
  readonly name: string;
  /** As dpkg says it: `all`, or a machine's architecture. */
  readonly arch: string;
  /** dpkg's letters for what is wanted, what is there and what is wrong, e.g. `ii`, `hi`, `iHR` (dpkg-query(1)). */
  readonly state: string;
  /** Null when dpkg knows none. */
  readonly version: string | null;
  /** dpkg refuses to remove it: `Essential: yes` or `Protected: yes`. */
  readonly essential: boolean;
};

/** Some version of it is on the disk, be it half installed. */
export function isPresent(state: PackageState | null): boolean {
  return state !== null && !'nc'.includes(state.state.charAt(1));
}

/** Removed, but not purged. */
export function isOnlyConfiguration(state: PackageState | null): boolean {
  return state !== null && state.state.charAt(1) === 'c';
}

/** Unpacked, configured and without a flag. */
export function isInstalled(state: PackageState | null): boolean {
  return state !== null && state.state.charAt(1) === 'i' && !needsReinstall(state);
}

/** The version on the disk; null when there is none, empty when dpkg does not know what the half of it is. */
export function presentVersion(state: PackageState | null): string | null {
  return isPresent(state) ? (state?.version ?? '') : null;
}

/** On the disk, but not fully installed. */
export function isBroken(state: PackageState): boolean {
  return needsReinstall(state) || (isPresent(state) && !isInstalled(state));
}

/** dpkg was stopped while it replaced the files; only unpacking the package again mends that. */
export function needsReinstall(state: PackageState): boolean {
  return state.state.charAt(2) === 'R';
}

export function isHeld(state: PackageState | null): boolean {
  return state !== null && state.state.startsWith('h');
}
