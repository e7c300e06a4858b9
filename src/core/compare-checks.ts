import { freePercent, loadPerCore, type HostCheck, type Probe } from './host-check.ts';

/** What a host must keep within afterwards, whatever it was before. */
export type CheckLimits = {
  readonly loadPerCore?: number;
  readonly diskFreePercent?: number;
};

/** One thing that got worse. */
export type Worsening = {
  readonly kind: 'unit' | 'package' | 'probe' | 'load' | 'disk';
  /** The unit, the package, the probe, the mount; with its kind it names the thing. */
  readonly name: string;
  /** For people: `nginx.service has failed`. */
  readonly message: string;
};

/**
 * What is worse on a host than it was before, from two checks of the same host that asked about the same. What was
 * wrong before already is not the change's doing and not named; what was known before and is not any more is.
 */
export function compareChecks(before: HostCheck, after: HostCheck, limits: CheckLimits = {}): readonly Worsening[] {
  return [
    ...newFailedUnits(before, after),
    ...newBroken(before, after),
    ...lostProbes(before, after),
    ...overLoad(after, limits),
    ...fullDisks(after, limits),
  ];
}

function newFailedUnits(before: HostCheck, after: HostCheck): readonly Worsening[] {
  if (after.failedUnits === null) {
    return before.failedUnits === null ? [] : [{ kind: 'unit', name: 'systemd', message: 'systemd does not answer' }];
  }
  const known = new Set(before.failedUnits);
  const fresh = after.failedUnits.filter((name) => !known.has(name));
  return fresh.map((name) => ({ kind: 'unit', name, message: `${name} has failed` }));
}

function newBroken(before: HostCheck, after: HostCheck): readonly Worsening[] {
  const known = new Set(before.broken.map((entry) => entry.package));
  const fresh = after.broken.filter((entry) => !known.has(entry.package));
  return fresh.map(({ package: name, state }) => ({
    kind: 'package',
    name,
    message: `${name} is not fully installed (${state})`,
  }));
}

/** A probe nobody asked about afterwards counts as one that does not answer. */
function lostProbes(before: HostCheck, after: HostCheck): readonly Worsening[] {
  const now = new Map(after.probes.map((probe) => [keyOf(probe), probe]));
  return before.probes.flatMap((probe): readonly Worsening[] => {
    const found = now.get(keyOf(probe));
    if (!probe.ok || found?.ok === true) return [];
    const why = found?.detail ?? 'it was not looked at again';
    return [{ kind: 'probe', name: keyOf(probe), message: `${keyOf(probe)} answered before: ${why}` }];
  });
}

function keyOf({ kind, name }: Probe): string {
  return `${kind} ${name}`;
}

function overLoad({ load }: HostCheck, { loadPerCore: limit }: CheckLimits): readonly Worsening[] {
  if (limit === undefined) return [];
  if (load === null) return [{ kind: 'load', name: 'load', message: 'the load is not known' }];
  const now = loadPerCore(load);
  if (now <= limit) return [];
  return [{ kind: 'load', name: 'load', message: `the load is ${now.toFixed(2)} per processor, more than ${limit}` }];
}

function fullDisks({ disks }: HostCheck, { diskFreePercent: limit }: CheckLimits): readonly Worsening[] {
  if (limit === undefined) return [];
  if (disks.length === 0) return [{ kind: 'disk', name: 'disks', message: 'the free space is not known' }];
  return disks
    .filter((disk) => freePercent(disk) < limit)
    .map((disk) => ({
      kind: 'disk',
      name: disk.mount,
      message: `${disk.mount} has ${freePercent(disk).toFixed(1)} % free, less than ${limit} %`,
    }));
}
