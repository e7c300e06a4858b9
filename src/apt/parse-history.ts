import * as z from 'zod';

const ACTIONS = ['Install', 'Reinstall', 'Upgrade', 'Downgrade', 'Remove', 'Purge', 'Disappeared'] as const;

const MOST_CHANGES = 500;

/** One run of apt as `/var/log/apt/history.log` has it. Everything in it is text that somebody may have written. */
export const aptRunSchema = z.strictObject({
  /** As written, in the host's local time: `2026-11-25  04:48:44`. */
  start: z.string().max(40),
  /** Null when apt did not get to its end. */
  end: z.string().max(40).nullable(),
  commandLine: z.string().max(2000),
  /** Who was behind `sudo` or `pkexec`: `ada (1000)`. */
  requestedBy: z.string().max(200).nullable(),
  /** The job whose mark is on the command line. */
  job: z.string().max(128).nullable(),
  /** `Upgrade`, and `nginx:amd64` with the versions in the brackets behind it. */
  changes: z
    .array(z.strictObject({ action: z.enum(ACTIONS), package: z.string().max(256), versions: z.string().max(512) }))
    .max(MOST_CHANGES),
  /** Changes beyond those. */
  moreChanges: z.int().min(0),
  error: z.string().max(500).nullable(),
});
export type AptRun = Readonly<z.infer<typeof aptRunSchema>>;

/**
 * The runs in the text of a history.log, in its order. An entry begins with `Start-Date`, whatever was before it: a run
 * that was killed has no `End-Date`, and a line cut off has no end. A field that comes twice counts as it came first,
 * since the command line, which comes early, can hold anything, also line ends. Takes any text.
 */
export function parseHistory(text: string): readonly AptRun[] {
  const entries: Map<string, string>[] = [];
  for (const line of text.split('\n')) {
    const colon = line.indexOf(': ');
    if (colon < 0) continue;
    const field = line.slice(0, colon);
    if (field === 'Start-Date') entries.push(new Map());
    const entry = entries.at(-1);
    if (entry?.has(field) === false) entry.set(field, line.slice(colon + 2).trim());
  }
  return entries.map(toRun);
}

function toRun(entry: ReadonlyMap<string, string>): AptRun {
  const changes = ACTIONS.flatMap((action) =>
    changesOf(entry.get(action) ?? '').map((change) => ({ action, ...change })),
  );
  const commandLine = entry.get('Commandline') ?? '';
  return {
    start: (entry.get('Start-Date') ?? '').slice(0, 40),
    end: entry.get('End-Date')?.slice(0, 40) ?? null,
    commandLine: commandLine.slice(0, 2000),
    requestedBy: entry.get('Requested-By')?.slice(0, 200) ?? null,
    job: jobOf(commandLine),
    changes: changes.slice(0, MOST_CHANGES),
    moreChanges: Math.max(0, changes.length - MOST_CHANGES),
    error: entry.get('Error')?.slice(0, 500) ?? null,
  };
}

/** `name:arch (1.0, automatic), other:arch (1.0, 2.0)`. */
function changesOf(list: string): readonly { readonly package: string; readonly versions: string }[] {
  return [...list.matchAll(/(?:^|, )([^\s(),]+) \(([^()]*)\)/g)].map(([, name = '', versions = '']) => ({
    package: name.slice(0, 256),
    versions: versions.slice(0, 512),
  }));
}

/** What apt/argv.ts puts on every command line. */
function jobOf(commandLine: string): string | null {
  return /(?:^|\s)-o\s+Celeroot::Job=(\S{1,128})(?:\s|$)/.exec(commandLine)?.[1] ?? null;
}

/**
 * A date of history.log in milliseconds since 1970; null when it is none. apt writes local time without its zone, so
 * this is right on the machine that wrote it, but for the hour that comes twice when summer time ends.
 */
export function aptTime(text: string): number | null {
  const [, ...parts] = /^(\d{4})-(\d\d)-(\d\d)\s+(\d\d):(\d\d):(\d\d)$/.exec(text.trim()) ?? [];
  if (parts.length !== 6) return null;
  const [year = 0, month = 1, day = 1, hour, minute, second] = parts.map(Number);
  const time = new Date(year, month - 1, day, hour, minute, second).getTime();
  return Number.isNaN(time) ? null : time;
}

/** Whether a name in /var/log/apt is that of a history: apt's log, and what logrotate made of it, packed or not. */
export function isHistoryFile(name: string): boolean {
  return /^history\.log(?:[.-]\d{1,8})?(?:\.gz)?$/.test(name);
}
