import * as z from 'zod';

/** Words that `celeroot hosts WORD` and `celeroot roles WORD` already mean; no host or role may be called so. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'accept',
  'add',
  'all',
  'edit',
  'help',
  'join',
  'list',
  'ls',
  'remove',
  'rename',
  'retire',
  'rm',
  'show',
  'worker-file',
]);

const notReserved = (name: string): boolean => !RESERVED_NAMES.has(name);
const reservedMessage = { error: 'this is a word of the command line; choose another name' };

/**
 * A host's name in the fleet: letters, digits, dots and hyphens as in a host name (RFC 1123 section 2.1), in lower
 * case so that a name has one spelling, at most 63 characters. It is part of Redis keys, job ids and folder names.
 */
export const hostNameSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/, {
    error: 'expected 1 to 63 lower-case letters, digits, dots or hyphens, starting and ending with a letter or digit',
  })
  .refine((name) => !name.includes('..'), { error: 'expected no two dots in a row' })
  .refine(notReserved, reservedMessage)
  .brand<'HostName'>();
export type HostName = z.infer<typeof hostNameSchema>;

/** A role's name; also its default queue. */
export const roleNameSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/, {
    error:
      'expected 1 to 63 lower-case letters, digits, hyphens or underscores, starting and ending with a letter or digit',
  })
  .refine(notReserved, reservedMessage)
  .brand<'RoleName'>();
export type RoleName = z.infer<typeof roleNameSchema>;

/** The part after `role.` of a queue that any one host of a role may serve. */
export const queueNameSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/, {
    error: 'expected 1 to 63 lower-case letters, digits, hyphens or underscores',
  })
  .brand<'QueueName'>();
export type QueueName = z.infer<typeof queueNameSchema>;

/** Words that `celeroot schedules WORD` already means; no schedule may be called so. */
export const SCHEDULE_VERBS: ReadonlySet<string> = new Set([
  'help',
  'lint',
  'list',
  'ls',
  'next',
  'pause',
  'resume',
  'run',
  'show',
  'sign',
]);

/** A schedule's name; part of Redis keys and of the ids of its runs. */
export const scheduleNameSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/, {
    error:
      'expected 1 to 63 lower-case letters, digits, hyphens or underscores, starting and ending with a letter or digit',
  })
  .refine((name) => !SCHEDULE_VERBS.has(name), reservedMessage)
  .brand<'ScheduleName'>();
export type ScheduleName = z.infer<typeof scheduleNameSchema>;

/** The fleet's name, signed into every order so that one fleet's orders mean nothing to another. */
export const fleetNameSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/, {
    error: 'expected 1 to 63 lower-case letters, digits, dots or hyphens',
  })
  .brand<'FleetName'>();
export type FleetName = z.infer<typeof fleetNameSchema>;
