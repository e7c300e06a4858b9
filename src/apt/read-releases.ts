import { listNames, readText, type Work } from '../core/step.ts';

export type ReleaseDate = { readonly file: string; readonly date: string | null };

/**
 * When each of the host's repositories was published, by the Release files apt keeps. A repository that has one
 * stands in the list once; one without any is not there.
 */
export function* readReleases(): Work<readonly ReleaseDate[]> {
  const folder = '/var/lib/apt/lists';
  const files = (yield* listNames(folder)).filter((name) => /_(In)?Release$/.test(name));
  const releases: ReleaseDate[] = [];
  for (const file of files) {
    const text = (yield* readText(`${folder}/${file}`)) ?? '';
    releases.push({ file, date: /^Date: (.+)$/m.exec(text)?.[1]?.slice(0, 100) ?? null });
  }
  return releases;
}
