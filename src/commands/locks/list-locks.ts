import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { reapLocks } from '../../fleet/reap-locks.ts';
import { roleLimits } from '../../fleet/role-limits.ts';
import { witnessOf } from '../../fleet/witness.ts';
import type { Lock } from '../../queue/rollout-broker.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeTable } from '../../terminal/table.ts';
import { formatMoment, formatTime } from '../../terminal/time-text.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';

/** Lists the hosts in their turns, after giving back those whose turn is over, and what counts against roles' limits. */
export async function listLocks(cli: Cli, command: CommandUnknownOpts): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  await using broker = await openBroker(cli, fleet);
  const now = cli.clock.now();
  const { locks, forged } = await reapLocks(broker, await witnessOf(fleet, now), now);
  const limits = roleLimits(fleet);
  if (forged > 0) writeWarning(cli.stderr, forgedText(forged));
  if (sharedFlags(command).json) {
    writeJson(cli.stdout, { locks, limits: Object.fromEntries(limits), forged });
    return;
  }
  if (limits.size > 0) writeLimits(cli, limits, locks);
  else if (locks.length === 0) {
    cli.stdout.write(
      `no host is in a turn, and no role limits how many are changed at once; see  ${celerootFor(command)} config explain roles/NAME/max_unavailable\n`,
    );
  }
  if (limits.size > 0 && locks.length > 0) cli.stdout.write('\n');
  if (locks.length > 0) writeLocks(cli, locks, now);
}

function writeLimits(cli: Cli, limits: ReturnType<typeof roleLimits>, locks: readonly Lock[]): void {
  const rows = [...limits].map(([role, limit]) => {
    const used = new Set(locks.filter((lock) => lock.roles.includes(role)).map(({ host }) => host)).size;
    return [role, `${used} of ${limit}`];
  });
  writeTable(cli.stdout, { head: ['ROLE', 'IN USE'], rows });
}

function writeLocks(cli: Cli, locks: readonly Lock[], now: number): void {
  const rows = locks
    .toSorted((a, b) => a.at - b.at || (a.host < b.host ? -1 : 1))
    .map(({ host, roles, alone, run, at, until }) => [
      host,
      roles.join(', '),
      alone ? 'yes' : 'no',
      run,
      formatMoment(at),
      formatTime(until, now),
    ]);
  writeTable(cli.stdout, { head: ['HOST', 'ROLES', 'ALONE', 'RUN', 'SINCE', 'AT MOST UNTIL'], rows });
}

function forgedText(forged: number): string {
  const what = forged === 1 ? '1 lock that fits' : `${forged} locks that fit`;
  return `left out ${what} no run that somebody you trust has signed; hosts may have to wait for it all the same`;
}
