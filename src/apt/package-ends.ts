import * as z from 'zod';
import type { Ends } from './change-packages.ts';
import { presentVersion } from './package-state.ts';
import { findPackage } from './snapshot.ts';

/** One package at both ends of a job; null where it was not on the host. */
export const packageEndSchema = z.strictObject({
  package: z.string().max(256),
  arch: z.string().max(64),
  before: z.string().max(256).nullable(),
  after: z.string().max(256).nullable(),
});
export type PackageEnd = z.infer<typeof packageEndSchema>;

/** For each package that was asked for. */
export function packageEnds(
  requests: readonly { readonly name: string; readonly arch: string }[],
  { before, after }: Ends,
): PackageEnd[] {
  return requests.map(({ name, arch }) => {
    const [was, is] = [findPackage(before, name, arch), findPackage(after, name, arch)];
    return {
      package: name,
      arch: is?.arch ?? was?.arch ?? arch,
      before: presentVersion(was),
      after: presentVersion(is),
    };
  });
}
