import { jobIdFor } from '../../src/core/ids.ts';
import { fleetNameSchema, hostNameSchema, scheduleNameSchema } from '../../src/core/names.ts';
import type { SigningKey } from '../../src/trust/key.ts';
import type { Order } from '../../src/trust/order.ts';
import { runIdOfStep, signStandingOrder, type StandingOrder } from '../../src/trust/standing-order.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const host = hostNameSchema.parse('web1');

/** A slot, and a standing order of fleet lab in whose time it is: `apt.install jq` on all hosts called web…. */
export const SLOT = Date.UTC(2026, 10, 23, 3);
export const standing: StandingOrder = {
  fleet: fleetNameSchema.parse('lab'),
  schedule: scheduleNameSchema.parse('nightly'),
  when: '0 3 * * *',
  to: { hosts: ['web*'], except: [] },
  task: 'apt.install',
  args: { packages: ['jq'] },
  dryRun: false,
  limits: { expiresInMs: DAY_MS, deadlineMs: MINUTE_MS, lateMs: 60 * MINUTE_MS },
  slots: { anchor: 0, everyMs: MINUTE_MS },
  notBefore: SLOT - 30 * DAY_MS,
  notAfter: SLOT + 30 * DAY_MS,
  issuedAt: SLOT - 30 * DAY_MS,
  by: 'ada@controller',
};

/** The order that fires it on web1 for a slot, a second later. */
export function firedOrder(operator: SigningKey, of: StandingOrder = standing, slot = SLOT): Order {
  const run = runIdOfStep(of.fleet, of, slot);
  const { task, args, dryRun, limits, fleet } = of;
  const issuedAt = slot + 1000;
  return {
    fleet,
    id: jobIdFor(run, host),
    run,
    to: { kind: 'host', host },
    trust: 1,
    issuedAt,
    expiresAt: issuedAt + limits.expiresInMs,
    task,
    args,
    dryRun,
    exclude: [],
    expectedPlan: null,
    deadlineMs: limits.deadlineMs,
    by: 'scheduler@controller',
    log: null,
    firing: { request: signStandingOrder(of, operator), slot },
  };
}
