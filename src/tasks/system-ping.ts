import * as z from 'zod';
import { readText } from '../core/step.ts';
import { defineTask, type Task } from './task.ts';

/** Answers with the host's uptime, and so proves the whole path: signature, broker, worker, reports. */
export const systemPing: Task = defineTask({
  name: 'system.ping',
  summary: 'Answer, to show that orders reach the host and reports come back',
  args: z.strictObject({}),
  result: z.strictObject({ uptimeSeconds: z.number().nullable() }),
  changesHost: false,
  commandLine: { options: [] },
  example: 'celeroot run system.ping --all',
  *perform() {
    const uptimeSeconds = parseUptime((yield* readText('/proc/uptime')) ?? '');
    return {
      status: 'unchanged',
      summary: uptimeSeconds === null ? 'pong' : `pong, up ${describeUptime(uptimeSeconds)}`,
      transaction: null,
      data: { uptimeSeconds },
      health: null,
      failure: null,
    };
  },
});

/** Seconds since the kernel started: the first number of `/proc/uptime` (proc(5)). */
function parseUptime(text: string): number | null {
  const seconds = Number.parseFloat(text);
  return Number.isFinite(seconds) ? Math.trunc(seconds) : null;
}

function describeUptime(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}
