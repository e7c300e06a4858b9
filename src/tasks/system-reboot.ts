import * as z from 'zod';
import { assessHealth } from '../apt/health.ts';
import { isBroken } from '../apt/package-state.ts';
import { rebootReasons } from '../apt/reboot-reasons.ts';
import type { Snapshot } from '../apt/snapshot.ts';
import { takeSnapshot } from '../apt/take-snapshot.ts';
import type { Failure, Outcome } from '../core/outcome.ts';
import { awaitPackageLocks, awaitShutdown, change, enterPhase, readText, remember, type Work } from '../core/step.ts';
import { bootEnded, failedUnits, systemStops } from '../system/look-around.ts';
import { NO_SYSTEMD, systemdRuns } from '../system/service-units.ts';
import { failedTask, NO_PACKAGES } from './task-outcome.ts';
import { defineTask, type Task } from './task.ts';

const bootSchema = z.strictObject({ bootId: z.string(), kernel: z.string() });
type Boot = Readonly<z.output<typeof bootSchema>>;

const resultSchema = z.strictObject({
  /** Why a reboot is, or was, required; empty when nothing asks for one. */
  reasons: z.array(z.string()),
  before: bootSchema,
  /** Null when the host was not rebooted. */
  after: bootSchema.nullable(),
  /** Units that failed since the boot; null when it was not rebooted or systemd does not say. */
  failedUnits: z.array(z.string()).nullable(),
});
type Result = z.output<typeof resultSchema>;

/**
 * Reboots the host when something requires it. The job goes on in the next boot: the executor ends with the machine and
 * leaves no outcome, so the worker that comes up with the machine takes the job up again, and finds another boot id
 * than the one the job remembers. So what is told has come from a host that is back.
 */
export const systemReboot: Task = defineTask({
  name: 'system.reboot',
  summary: 'Reboot the host when something requires it, and tell when it is back',
  args: z.strictObject({
    always: z
      .boolean()
      .default(false)
      .describe('Also when nothing requires it, and when packages are not fully installed.'),
  }),
  result: resultSchema.nullable(),
  changesHost: true,
  needsYes: true,
  commandLine: {
    options: [{ key: 'always', flag: 'always', description: 'also when nothing requires it', type: 'boolean' }],
  },
  example: 'celeroot system reboot --role webserver --yes',
  *perform({ always }, { dryRun }) {
    if (!(yield* systemdRuns())) return failedTask(NO_SYSTEMD, null);
    const now = yield* currentBoot();
    const result: Result = { reasons: yield* rebootReasons(), before: now, after: null, failedUnits: null };
    const isDue = always || result.reasons.length > 0;
    if (dryRun) {
      const summary = isDue ? `would reboot: ${reasonText(result)}` : 'no reboot required';
      return { ...NO_PACKAGES, status: 'planned', summary, data: result };
    }
    const first = resultSchema.parse(JSON.parse(yield* remember('boot-before', JSON.stringify(result))));
    if (first.before.bootId !== now.bootId) return yield* tellOfBoot({ ...first, after: now });
    if (!isDue) return { ...NO_PACKAGES, status: 'unchanged', summary: 'no reboot required', data: result };
    yield* awaitPackageLocks();
    const broken = always ? null : unfinished(yield* takeSnapshot());
    if (broken !== null) return failedTask(broken, result);
    yield* enterPhase('rebooting');
    const { exitCode, stdout } = yield* change('rebooting', ['systemctl', 'reboot']);
    // An attempt before this one may have asked already; then systemd refuses to be asked again.
    if (exitCode !== 0 && !(yield* systemStops())) return failedTask(refused(stdout), result);
    yield* awaitShutdown(SHUTDOWN_MS);
    return failedTask(NOT_DOWN, result);
  },
});

/** Services that are asked to stop have some time for that; the executor is asked with them, at the beginning. */
const SHUTDOWN_MS = 600_000;

function* currentBoot(): Work<Boot> {
  const bootId = ((yield* readText('/proc/sys/kernel/random/boot_id')) ?? '').trim();
  return { bootId, kernel: ((yield* readText('/proc/sys/kernel/osrelease')) ?? '').trim() };
}

function reasonText({ reasons }: Result): string {
  return reasons.length === 0 ? 'nothing requires it' : reasons.join('; ');
}

/** A kernel whose scripts have not run may lack what it takes to boot it. */
function unfinished(snapshot: Snapshot): Failure | null {
  const names = [...snapshot.packages].filter(([, state]) => isBroken(state)).map(([key]) => key);
  if (names.length === 0) return null;
  return {
    kind: 'packages_broken',
    message: `not rebooted, since packages are not fully installed: ${names.slice(0, 10).join(', ')}`,
    hint: 'celeroot apt upgrade repairs them; --always reboots all the same',
  };
}

function refused(said: string): Failure {
  const why = said.trim().split('\n').at(-1) ?? '';
  return { kind: 'reboot_refused', message: `systemd refuses to reboot: ${why}`.slice(0, 4000), hint: null };
}

const NOT_DOWN: Failure = {
  kind: 'not_down',
  message: `the host did not go down within ${SHUTDOWN_MS / 60_000} min`,
  hint: 'on the host: systemctl list-jobs',
};

/** Of a host that is up again. It is told when systemd is through with the boot, for better or worse. */
function* tellOfBoot(result: Result & { readonly after: Boot }): Work<Outcome> {
  const isUp = yield* bootEnded();
  const failedNow = yield* failedUnits();
  const health = yield* assessHealth(yield* takeSnapshot());
  const { before, after } = result;
  const kernel = before.kernel === after.kernel ? after.kernel : `${before.kernel} → ${after.kernel}`;
  const parts = [
    `rebooted, kernel ${kernel}`,
    ...(isUp ? [] : ['still starting']),
    ...(failedNow === null || failedNow.length === 0 ? [] : [`failed: ${failedNow.join(', ')}`]),
  ];
  return {
    ...NO_PACKAGES,
    status: 'changed',
    summary: parts.join('; ').slice(0, 2000),
    data: { ...result, failedUnits: failedNow === null ? null : failedNow.slice(0, 1000) },
    health,
  };
}
