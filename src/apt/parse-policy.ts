/** One package of `apt-cache policy NAME…`. */
export type PackagePolicy = {
  readonly name: string;
  /** Null where apt leaves the native architecture out. */
  readonly arch: string | null;
  /** What apt would install; null when it would install nothing. */
  readonly candidate: string | null;
  /** Newest first; empty for a name that only other packages provide. */
  readonly versions: readonly PolicyVersion[];
};
export type PolicyVersion = {
  readonly version: string;
  /** This machine's turn has not come yet, in apt's words `(phased 20%)`. */
  readonly phased: boolean;
  /** Lines that say where it is to be had, e.g. `http://mirror.example.org/debian bookworm/main amd64 Packages`. */
  readonly sources: readonly string[];
};

/** Packages apt does not know are missing from the answer. */
export function parsePolicy(output: string): readonly PackagePolicy[] {
  const blocks = output.split(/^(?=[^\s:]+(?::[^\s:]+)?:$)/m);
  return blocks.flatMap((block) => {
    const heading = /^([^\s:]+)(?::([^\s:]+))?:$/m.exec(block);
    if (heading?.index !== 0) return [];
    const candidate = /^ {2}Candidate: (\S+)$/m.exec(block)?.[1] ?? '(none)';
    return {
      name: heading[1] ?? '',
      arch: heading[2] ?? null,
      candidate: candidate === '(none)' ? null : candidate,
      versions: parseVersions(block),
    };
  });
}

/** ` *** VERSION PRIORITY`, or blanks for the stars, and below it the sources, indented further. */
function parseVersions(block: string): readonly PolicyVersion[] {
  return block.split(/^(?= (?:\*\*\*| {3}) \S)/m).flatMap((part) => {
    const version = /^ (?:\*\*\*| {3}) (\S+) -?\d+( \(phased )?/.exec(part);
    if (version === null) return [];
    const sources = [...part.matchAll(/^ {8,} *-?\d+ (\S.*)$/gm)].map((source) => source[1] ?? '');
    return { version: version[1] ?? '', phased: version[2] !== undefined, sources };
  });
}
