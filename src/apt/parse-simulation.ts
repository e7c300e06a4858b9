/** What `apt-get -s -V` says it would do. Architectures are null where apt leaves the native one out. */
export type Simulation = {
  readonly installs: readonly SimulatedInstall[];
  readonly removals: readonly SimulatedRemoval[];
  readonly keptBack: readonly SimulatedKeptBack[];
  /** Names that apt counts as essential and would remove. */
  readonly essential: readonly string[];
};
export type SimulatedInstall = {
  readonly name: string;
  readonly arch: string;
  readonly from: string | null;
  readonly to: string;
  /** apt's own words, e.g. `Debian-Security:12/stable-security`; empty when the repository has no Release file. */
  readonly origin: string;
};
export type SimulatedRemoval = { readonly name: string; readonly arch: string | null; readonly purge: boolean };
export type SimulatedKeptBack = {
  readonly name: string;
  readonly arch: string | null;
  readonly from: string;
  readonly to: string;
  /** This machine's turn has not come yet. apt before 2.7 says so only by `apt-cache policy`. */
  readonly phased: boolean;
};

/** Lines that are none of the known ones are passed over: apt says much more for people. */
export function parseSimulation(output: string): Simulation {
  const lines = output.split('\n');
  return {
    installs: lines.flatMap(parseInstall),
    removals: lines.flatMap(parseRemoval),
    keptBack: [
      ...listAfter(lines, /kept back:$|^Not upgrading:$/).flatMap((line) => parseKeptBack(line, false)),
      ...listAfter(lines, /due to phasing:$/).flatMap((line) => parseKeptBack(line, true)),
    ],
    essential: listAfter(lines, /^WARNING: The following essential packages will be removed/).flatMap(namesIn),
  };
}

/** `Inst NAME[:ARCH] [OLD] (NEW ORIGINS [ARCH]) [PACKAGES THAT BREAK MEANWHILE]` */
function parseInstall(line: string): readonly SimulatedInstall[] {
  const match = /^Inst (\S+) (?:\[([^\]]*)\] )?\((\S+) (.*?)\s*\[([a-z0-9-]+)\]\)/.exec(line);
  if (match === null) return [];
  const [, name = '', from = null, to = '', origin = '', arch = ''] = match;
  return [{ name: nameOf(name), arch, from, to, origin }];
}

/** `Remv NAME[:ARCH] [VERSION]`, `Purg` when its configuration goes too. */
function parseRemoval(line: string): readonly SimulatedRemoval[] {
  const match = /^(Remv|Purg) (\S+)/.exec(line);
  if (match === null) return [];
  const [, verb = '', name = ''] = match;
  return [{ name: nameOf(name), arch: archOf(name), purge: verb === 'Purg' }];
}

/** `   NAME[:ARCH] (OLD => NEW)` */
function parseKeptBack(line: string, phased: boolean): readonly SimulatedKeptBack[] {
  const match = /^\s+(\S+) \((\S+) => (\S+)\)/.exec(line);
  if (match === null) return [];
  const [, name = '', from = '', to = ''] = match;
  return [{ name: nameOf(name), arch: archOf(name), from, to, phased }];
}

/** The indented lines below a heading. */
function listAfter(lines: readonly string[], heading: RegExp): readonly string[] {
  const start = lines.findIndex((line) => heading.test(line));
  if (start < 0) return [];
  const rest = lines.slice(start + 1);
  // The warning about essential packages has a second line before its list.
  const list = rest[0]?.startsWith('This should NOT') ? rest.slice(1) : rest;
  const end = list.findIndex((line) => !/^\s/.test(line));
  return end < 0 ? list : list.slice(0, end);
}

const namesIn = (line: string): readonly string[] => line.match(/[a-z0-9][a-z0-9+.-]+/)?.slice(0, 1) ?? [];
const nameOf = (qualified: string): string => qualified.split(':')[0] ?? '';
const archOf = (qualified: string): string | null => qualified.split(':')[1] ?? null;
