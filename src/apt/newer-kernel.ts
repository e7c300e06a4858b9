import { compareVersions } from './compare-versions.ts';

/** The newest kernel in a `/boot` when it is newer than the running one and of its flavour; null when there is none. */
export function newestAbove(running: string, names: readonly string[]): string | null {
  const own = splitRelease(running);
  const releases = names.flatMap((name) => /^vmlinu[xz]-(.+)$/.exec(name)?.[1] ?? []).map(splitRelease);
  const newer = releases.filter(
    ({ version, flavour }) => flavour === own.flavour && compareVersions(version, own.version) > 0,
  );
  return newer.toSorted((one, other) => compareVersions(other.version, one.version))[0]?.release ?? null;
}

type Release = { readonly release: string; readonly version: string; readonly flavour: string };

/** Kernels of another flavour (`amd64`, `cloud-amd64`, `generic`) are not what this host boots. */
function splitRelease(release: string): Release {
  const [, version = release, flavour = ''] = /^(.*?)-([a-z][a-z0-9_-]*)$/.exec(release) ?? [];
  return { release, version, flavour };
}
