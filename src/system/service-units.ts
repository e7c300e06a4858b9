import * as z from 'zod';
import type { Failure } from '../core/outcome.ts';
import { listNames, outdatedServices, type Argv, type Work } from '../core/step.ts';
import { tryRun } from './try-run.ts';

const LIMIT_MS = 10_000;

/** Other kinds of units; a name that ends so means one of them to systemctl (systemd.unit(5)). */
const OTHER_KINDS = /\.(?:socket|device|mount|automount|swap|target|path|timer|slice|scope)$/;

/** A service by its name in systemd, with or without `.service`: no option, no pattern, no other kind of unit. */
export const serviceNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9:_\\][A-Za-z0-9:_.\\@-]{0,239}$/, {
    error: 'expected the name of a service: letters, digits and any of  : _ . \\ @ -',
  })
  .refine((name) => !OTHER_KINDS.test(name), { error: 'expected a service, not another kind of unit' })
  .refine((name) => !name.startsWith('celeroot-job-'), { error: 'this is a job of celeroot itself' });

export function unitOf(service: string): string {
  return service.endsWith('.service') ? service : `${service}.service`;
}

/** What systemd knows of a service. */
export const unitStateSchema = z.strictObject({
  unit: z.string(),
  /** `loaded`, `not-found`, `masked`, …; empty when systemd knows no such name. */
  load: z.string(),
  /** `active`, `inactive`, `failed`, `activating`, …. */
  active: z.string(),
  sub: z.string(),
  /** How it ended last; `success` while nothing went wrong. */
  result: z.string(),
  type: z.string(),
  /** Another one each time it is started. */
  invocation: z.string(),
});
export type UnitState = Readonly<z.infer<typeof unitStateSchema>>;

/** Whether systemd is the init here, as sd_booted(3) finds out. */
export function* systemdRuns(): Work<boolean> {
  return (yield* listNames('/run/systemd')).includes('system');
}

export const NO_SYSTEMD: Failure = {
  kind: 'no_systemd',
  message: 'systemd does not run on this host',
  hint: 'services are restarted, and hosts rebooted, through systemd only',
};

export function* unitStates(units: readonly string[]): Work<readonly UnitState[]> {
  const states: UnitState[] = [];
  for (const unit of units) states.push(yield* unitState(unit));
  return states;
}

/** One at a time: a name that systemctl does not like would spoil the answer about the others. */
function* unitState(unit: string): Work<UnitState> {
  const output = yield* tryRun(['systemctl', 'show', `--property=${PROPERTIES}`, '--', unit], LIMIT_MS);
  const text = typeof output === 'string' || output.exitCode !== 0 ? '' : output.stdout;
  const properties = new Map([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
  const valueOf = (name: string): string => properties.get(name) ?? '';
  return {
    unit,
    load: valueOf('LoadState'),
    active: valueOf('ActiveState'),
    sub: valueOf('SubState'),
    result: valueOf('Result'),
    type: valueOf('Type'),
    invocation: valueOf('InvocationID'),
  };
}

const PROPERTIES = 'Type,LoadState,ActiveState,SubState,Result,InvocationID';

const UP: readonly string[] = ['active', 'activating', 'reloading', 'refreshing'];

export function isUp({ active }: UnitState): boolean {
  return UP.includes(active);
}

/** Runs, or has done what it is for and ended well. */
export function isWell({ active, result, type }: UnitState): boolean {
  return (
    active === 'active' ||
    active === 'reloading' ||
    (active === 'inactive' && type === 'oneshot' && result === 'success')
  );
}

/** Ends by itself in any case: systemd may wait for a service for ever. What systemd has begun goes on. */
export function restartArgv(unit: string): Argv {
  return ['timeout', `${RESTART_SECONDS}`, 'systemctl', 'restart', '--', unit];
}

export const RESTART_SECONDS = 300;

/**
 * The services that run code which was replaced on the disk, and of them those that a restart would hurt more than it
 * mends: whoever is logged in is thrown out, or half the system loses its bus. These wait for a reboot.
 */
export function* findOutdated(): Work<{
  readonly restartable: readonly string[];
  readonly forReboot: readonly string[];
}> {
  const all = yield* outdatedServices();
  return {
    restartable: all.filter((unit) => !WAITS_FOR_REBOOT.test(unit)),
    forReboot: all.filter((unit) => WAITS_FOR_REBOOT.test(unit)),
  };
}

const WAITS_FOR_REBOOT =
  /^(?:dbus|dbus-broker|systemd-logind|gdm3?|lightdm|sddm|display-manager|(?:serial-)?getty@.*|container-getty@.*|console-getty|user@.*)\.service$/;
