/** A repository index, as `apt-cache policy` without names lists it. */
export type PackageFile = {
  readonly priority: number;
  /** As in a package's version table, e.g. `http://mirror.example.org/debian bookworm/main amd64 Packages`. */
  readonly source: string;
  /** The fields of its Release file by apt's letters (`o`, `a`, `n`, `l`, `c`, `v`, `b`), without the empty ones. */
  readonly release: ReadonlyMap<string, string>;
};

type Draft = { priority: number; source: string; release: ReadonlyMap<string, string> };

/** In apt's order. Includes `/var/lib/dpkg/status`, whose archive is `now`. */
export function parsePackageFiles(output: string): readonly PackageFile[] {
  const files: Draft[] = [];
  for (const line of output.split('\n')) {
    if (line === 'Pinned packages:') break;
    const file = /^ *(-?\d+) (\S.*)$/.exec(line);
    if (file) files.push({ priority: Number(file[1]), source: file[2] ?? '', release: new Map() });
    const release = /^ +release (.*)$/.exec(line)?.[1];
    const last = files.at(-1);
    if (release !== undefined && last) last.release = parseFields(release);
  }
  return files;
}

/** `o=Debian,l=Debian,c=main`; a comma may also be part of a value. */
function parseFields(text: string): ReadonlyMap<string, string> {
  const fields = text.split(/,(?=[a-z]=)/).map((field) => [field.slice(0, 1), field.slice(2)] as const);
  return new Map(fields.filter(([, value]) => value !== ''));
}
