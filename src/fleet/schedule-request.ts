import type { Schedule } from '../config/fleet-config.ts';
import type { RunRequest } from './prepare-run.ts';

/** The run that a schedule asks for at each of its slots. */
export function scheduleRequest({ task, args, target, startWithinMs, deadlineMs }: Schedule): RunRequest {
  return { task, args, to: { kind: 'hosts', target }, dryRun: false, expiresInMs: startWithinMs, deadlineMs };
}
