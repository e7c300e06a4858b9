import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Argv } from '../../src/core/step.ts';
import { waitUntil } from './redis.ts';

/** An `apt-get` that is a script which writes down that it began, and ends when it is let go. */
export type SlowApt = AsyncDisposable & {
  /** A folder of the test's own; `apt-get` lives below it. */
  readonly place: string;
  /** How to start an executor whose work goes as `what` says; see slow-executor.ts. */
  readonly self: (what: string) => Argv;
  /** Lets every `apt-get`, of now and later, end. */
  readonly letGo: () => Promise<void>;
  /** What the scripts wrote down: `begun attempt 1 pid 812`, `ended attempt 1`. */
  readonly journal: () => Promise<readonly string[]>;
  /** The process id of the `apt-get` that began last, once there is one. */
  readonly begun: () => Promise<number>;
};

export async function slowApt(): Promise<SlowApt> {
  const place = await mkdtemp(join(tmpdir(), 'celeroot-executor-'));
  const [go, journalFile, bin] = [join(place, 'go'), join(place, 'journal'), join(place, 'bin')];
  await mkdir(bin);
  await writeFile(join(bin, 'apt-get'), script(place));
  await chmod(join(bin, 'apt-get'), 0o755);
  await writeFile(journalFile, '');
  const journal = async (): Promise<readonly string[]> =>
    (await readFile(journalFile, 'utf8')).split('\n').filter((line) => line !== '');
  return {
    place,
    self: (what) => [process.execPath, join(import.meta.dirname, 'slow-executor.ts'), what, bin],
    letGo: async () => await writeFile(go, ''),
    journal,
    begun: async () => {
      let begun: string | undefined;
      await waitUntil(async () => {
        begun = (await journal()).findLast((line) => line.startsWith('begun'));
        return begun !== undefined;
      }, 'apt-get to begin');
      return Number(begun?.split(' ').at(-1));
    },
    [Symbol.asyncDispose]: async () => await rm(place, { recursive: true }),
  };
}

const script = (place: string): string => `#!/bin/sh
cd ${place}
trap 'echo "terminated $1" >> journal; exit 143' TERM
echo "begun $1 pid $$" >> journal
echo 'pmstatus:slow:10.0000:Unpacking slow' >&3
echo "working on $1"
while [ ! -e go ]; do sleep 0.02; done
echo "ended $1" >> journal
echo "done $1" >&2
`;
