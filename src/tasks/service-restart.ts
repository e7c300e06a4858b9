import * as z from 'zod';
import type { Failure, Outcome } from '../core/outcome.ts';
import { change, enterPhase, remember, run, type Work } from '../core/step.ts';
import {
  findOutdated,
  NO_SYSTEMD,
  isUp,
  isWell,
  RESTART_SECONDS,
  restartArgv,
  serviceNameSchema,
  systemdRuns,
  unitOf,
  unitStates,
  unitStateSchema,
  type UnitState,
} from '../system/service-units.ts';
import { failedTask, NO_PACKAGES } from './task-outcome.ts';
import { defineTask, type Task } from './task.ts';

const argsSchema = z
  .strictObject({
    services: z
      .array(serviceNameSchema)
      .max(100)
      .default([])
      .describe('Services by their names in systemd, with or without `.service`.'),
    outdated: z
      .boolean()
      .default(false)
      .describe('Those, too, that still run programs or libraries which were replaced on the disk.'),
    start: z.boolean().default(false).describe('Start those that do not run; otherwise they are left so.'),
  })
  .refine(({ services, outdated }) => services.length > 0 || outdated, {
    error: 'name at least one service, or ask for the outdated ones',
    path: ['services'],
  });
type Args = z.output<typeof argsSchema>;

const resultSchema = z.strictObject({
  services: z.array(
    z.strictObject({ unit: z.string(), before: z.string(), after: z.string(), restarted: z.boolean() }),
  ),
  /** Outdated, but not restarted: they wait for a reboot. */
  forReboot: z.array(z.string()),
});
type Result = z.output<typeof resultSchema>;

/** What a service that fails at once, but only after it has said that it runs, has to show it. */
const SETTLE_SECONDS = 2;

/** Restarts services one after the other. Whether one was restarted is systemd's word: it has another invocation then. */
export const serviceRestart: Task = defineTask({
  name: 'service.restart',
  summary: 'Restart services, by name or those that run replaced code',
  args: argsSchema,
  result: resultSchema,
  changesHost: true,
  commandLine: {
    operands: { key: 'services', placeholder: 'SERVICE', required: false },
    options: [
      { key: 'outdated', flag: 'outdated', description: 'those that run replaced code, too', type: 'boolean' },
      { key: 'start', flag: 'start', description: 'start those that do not run', type: 'boolean' },
    ],
  },
  table: {
    head: ['SERVICE', 'BEFORE', 'AFTER', 'RESTARTED'],
    rows: (data) =>
      (resultSchema.safeParse(data).data?.services ?? []).map(({ unit, before, after, restarted }) => [
        unit,
        before,
        after,
        restarted ? 'yes' : 'no',
      ]),
  },
  example: 'celeroot service restart nginx --role webserver',
  *perform(args, { dryRun }) {
    if (!(yield* systemdRuns())) return conclude({ services: [], forReboot: [] }, NO_SYSTEMD);
    const { named, forReboot } = yield* findServices(args);
    const found = yield* unitStates(named);
    const before = dryRun ? found : recall(yield* remember('units-before', JSON.stringify(found)));
    const now = dryRun ? found : yield* unitStates(before.map(({ unit }) => unit));
    const unusable = before.map(objectionTo).find((objection) => objection !== null) ?? null;
    if (unusable !== null) return conclude(resultOf({ before, after: now, forReboot }), unusable);
    // After a crash, those that an attempt before has restarted are left out.
    const due = now.filter((state, at) => (args.start || isUp(state)) && state.invocation === before[at]?.invocation);
    if (dryRun) return plan(due, resultOf({ before, after: now, forReboot }));
    for (const { unit } of due) {
      yield* enterPhase('restarting');
      yield* change('restarting', restartArgv(unit));
    }
    if (due.length > 0) yield* run(['sleep', `${SETTLE_SECONDS}`]);
    const after = due.length > 0 ? yield* unitStates(before.map(({ unit }) => unit)) : now;
    return conclude(resultOf({ before, after, forReboot }), troubleIn(before, after));
  },
});

function* findServices({ services, outdated }: Args): Work<{ named: readonly string[]; forReboot: readonly string[] }> {
  const found = outdated ? yield* findOutdated() : { restartable: [], forReboot: [] };
  const named = [...new Set([...services.map(unitOf), ...found.restartable])];
  return { named, forReboot: found.forReboot.filter((unit) => !named.includes(unit)) };
}

function recall(text: string): readonly UnitState[] {
  return z.array(unitStateSchema).parse(JSON.parse(text));
}

function objectionTo({ unit, load }: UnitState): Failure | null {
  if (load === 'loaded') return null;
  if (load === 'masked') {
    return { kind: 'unit_masked', message: `${unit} is masked`, hint: `on the host: systemctl unmask ${unit}` };
  }
  const message = load === '' || load === 'not-found' ? `there is no ${unit}` : `systemd cannot load ${unit}: ${load}`;
  return { kind: 'no_such_unit', message, hint: 'on the host: systemctl list-unit-files --type=service' };
}

type Ends = {
  readonly before: readonly UnitState[];
  readonly after: readonly UnitState[];
  readonly forReboot: readonly string[];
};

function resultOf({ before, after, forReboot }: Ends): Result {
  const services = before.map(({ unit, active, invocation }, at) => ({
    unit,
    before: active,
    after: after[at]?.active ?? '',
    restarted: after[at] !== undefined && isAnother(after[at].invocation, invocation),
  }));
  return { services, forReboot: [...forReboot] };
}

/** One that was stopped and never started again has none. */
function isAnother(invocation: string, before: string): boolean {
  return invocation !== '' && invocation !== before;
}

/** Of those that were started, or that ran before: what does not run. */
function troubleIn(before: readonly UnitState[], after: readonly UnitState[]): Failure | null {
  const bad = after.filter((state, at) => {
    const was = before[at];
    const isTouched = was !== undefined && (isUp(was) || isAnother(state.invocation, was.invocation));
    return isTouched && !isWell(state);
  });
  const [first] = bad;
  if (first === undefined) return null;
  return {
    kind: 'restart_failed',
    message: bad.map(describeTrouble).join('; ').slice(0, 4000),
    hint: `on the host: journalctl -u ${first.unit} -n 50`,
  };
}

function describeTrouble({ unit, active, sub, result }: UnitState): string {
  if (active === 'activating' && sub !== 'auto-restart') return `${unit} is not up after ${RESTART_SECONDS} s`;
  return `${unit} is ${active} (${[sub, result].filter((word) => word !== '' && word !== active).join(', ')})`;
}

function plan(due: readonly UnitState[], data: Result): Outcome {
  const names = due.map(({ unit }) => unit);
  const summary = names.length === 0 ? idle(data) : `would restart ${names.join(', ')}`;
  return { ...NO_PACKAGES, status: 'planned', summary: summary.slice(0, 2000), data };
}

function conclude(data: Result, failure: Failure | null): Outcome {
  if (failure !== null) return failedTask(failure, data);
  const restarted = data.services.filter((service) => service.restarted).map(({ unit }) => unit);
  const status = restarted.length === 0 ? 'unchanged' : 'changed';
  const summary = restarted.length === 0 ? idle(data) : `restarted ${restarted.join(', ')}`;
  return { ...NO_PACKAGES, status, summary: summary.slice(0, 2000), data };
}

function idle({ services, forReboot }: Result): string {
  if (services.length > 0)
    return `left as they are: ${services.map(({ unit, after }) => `${unit} (${after})`).join(', ')}`;
  if (forReboot.length > 0) return `only a reboot renews ${forReboot.join(', ')}`;
  return 'no service runs replaced code';
}
