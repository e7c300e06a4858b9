import * as z from 'zod';

/**
 * What `system.check` found on a host: facts as they were seen, so that two of one host can be compared
 * (compare-checks.ts). What could not be found out is null or missing, never a guess.
 */
export const hostCheckSchema = z.strictObject({
  /** Units of systemd that failed; null where systemd could not be asked. */
  failedUnits: z.array(z.string().max(256)).max(1000).nullable(),
  /** Packages that dpkg does not call fully installed, with dpkg's three-letter state. */
  broken: z.array(z.strictObject({ package: z.string().max(256), state: z.string().max(3) })).max(1000),
  /** How many processes ran or waited on average in the last minute, and how many processors there are. */
  load: z.strictObject({ average: z.number().min(0), cores: z.int().min(1) }).nullable(),
  /** Local file systems that hold files. */
  disks: z
    .array(z.strictObject({ mount: z.string().max(1024), bytes: z.int().min(0), freeBytes: z.int().min(0) }))
    .max(200),
  /** The ports, URLs and checks that were asked about, in that order. */
  probes: z
    .array(
      z.strictObject({
        kind: z.enum(['port', 'url', 'check']),
        /** As it was asked: `80`, `404=/old`, the name of a check. */
        name: z.string().max(600),
        ok: z.boolean(),
        /** What it answered, or why that is not well. */
        detail: z.string().max(500),
      }),
    )
    .max(200),
});
export type HostCheck = Readonly<z.infer<typeof hostCheckSchema>>;
export type Probe = HostCheck['probes'][number];
export type Disk = HostCheck['disks'][number];

/** Load by processor: 1 when all are busy and nothing waits. */
export function loadPerCore({ average, cores }: NonNullable<HostCheck['load']>): number {
  return average / cores;
}

/** How much of a file system is free, in percent. */
export function freePercent({ bytes, freeBytes }: Disk): number {
  return bytes === 0 ? 100 : (freeBytes / bytes) * 100;
}
