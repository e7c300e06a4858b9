import * as z from 'zod';

/** A worker says that it is there two and a half times in that; two of these may be lost before its host is shown offline. */
export const PRESENCE_TTL_MS = 75_000;

/** What a running worker says of itself. */
export const presenceSchema = z.strictObject({
  /** celeroot's version. */
  version: z.string().max(64),
  /** Milliseconds since 1970. */
  startedAt: z.int().min(0),
  seenAt: z.int().min(0),
  /** Host clock minus Redis clock, milliseconds. */
  clockOffsetMs: z.int(),
  queues: z.array(z.string().max(80)).max(100),
  /** Version of the trust file it has; 0 for none. */
  trust: z.int().min(0),
  /** Tells machines apart that answer to the same name; empty where the machine has no id. */
  machine: z.string().max(64),
  /** The policy of the host's owner; null where there is none. */
  policy: z
    .strictObject({
      /** Why it cannot be read, so that nothing changes the host; null when it is in force. */
      problem: z.string().max(1000).nullable(),
      /** Orders that need a second operator: patterns of tasks. */
      twoSigners: z.array(z.string().max(128)).max(200),
    })
    .nullable()
    .optional(),
  /** The last thing it says: from then on it is away. */
  leaving: z.boolean(),
});
export type Presence = Readonly<z.infer<typeof presenceSchema>>;

/** What the worker last found out about its host; kept after the worker is gone. */
export const hostFactsSchema = z.strictObject({
  /** e.g. `Debian GNU/Linux 12 (bookworm)`. */
  os: z.string().max(200),
  osId: z.string().max(64),
  osVersion: z.string().max(64),
  arch: z.string().max(64),
  kernel: z.string().max(200),
  /** Installed packages. */
  packages: z.int().min(0),
  /** Pending upgrades by apt's lists as they are; null when apt cannot say. */
  upgrades: z.strictObject({ total: z.int().min(0), security: z.int().min(0) }).nullable(),
  rebootRequired: z.boolean(),
  /** Packages dpkg does not call fully installed. */
  broken: z.int().min(0),
  /** Milliseconds since 1970 by the host's clock. */
  gatheredAt: z.int().min(0),
  /** A job has been at work on the host since; new facts are being gathered. */
  outdated: z.boolean(),
});
export type HostFacts = Readonly<z.infer<typeof hostFactsSchema>>;
