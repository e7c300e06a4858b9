/** When the repository offers a version: from the start, or after `lab repo publish updates`. */
export type Wave = 'base' | 'updates';
/** `lab-security` is a second suite whose label ends in `-Security`, as Debian's does. */
export type Suite = 'lab' | 'lab-security';

/** A made Debian package: a few lines of control data, files and maintainer scripts. */
export type LabPackage = {
  readonly name: string;
  readonly version: string;
  readonly wave: Wave;
  readonly suite: Suite;
  /** Control fields beside the usual ones, such as `Depends`. */
  readonly fields: Readonly<Record<string, string>>;
  /** Path below / and content; paths in /etc are conffiles, paths in /usr/bin are executable. */
  readonly files: Readonly<Record<string, string>>;
  /** `preinst`, `postinst`, `prerm`, `postrm` and `config` as shell without the first line; `templates` as it is. */
  readonly scripts: Readonly<Record<string, string>>;
};

type Details = Partial<Omit<LabPackage, 'name' | 'version'>>;

/** A package with the usual choices: in suite `lab` from the start, with one file that names it and its version. */
export function labPackage(name: string, version: string, details: Details = {}): LabPackage {
  return {
    name,
    version,
    wave: details.wave ?? 'base',
    suite: details.suite ?? 'lab',
    fields: details.fields ?? {},
    files: { [`/usr/share/celeroot-lab/${name}`]: `${name} ${version}\n`, ...details.files },
    scripts: details.scripts ?? {},
  };
}

/** The file name dpkg and apt give a package's archive; `:` of an epoch is left out. */
export function archiveName(made: LabPackage, arch: string): string {
  return `${made.name}_${made.version.replace(/^\d+:/, '')}_${arch}.deb`;
}
