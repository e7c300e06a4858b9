/** An architecture celeroot is shipped for, by the names that Debian, npm and the binutils have for it. */
export type Architecture = {
  readonly debian: 'amd64' | 'arm64';
  readonly npm: 'x64' | 'arm64';
  readonly strip: string;
  /** The Debian package that has `strip`, also on a machine of another architecture. */
  readonly stripPackage: string;
};

export const ARCHITECTURES: readonly Architecture[] = [
  { debian: 'amd64', npm: 'x64', strip: 'x86_64-linux-gnu-strip', stripPackage: 'binutils-x86-64-linux-gnu' },
  { debian: 'arm64', npm: 'arm64', strip: 'aarch64-linux-gnu-strip', stripPackage: 'binutils-aarch64-linux-gnu' },
];
