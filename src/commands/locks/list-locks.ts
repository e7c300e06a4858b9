import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { reapLocks } from '../../fleet/reap-locks.ts';
import { roleLimits } from '../../fleet/role-limits.ts';
import { witnessOf } from '../../fleet/witness.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeTable } from '../../terminal/table.ts';
import { formatMoment, formatTime } from '../../terminal/time-text.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';

/** Lists what counts against the limits of roles, after giving back what no longer does. */
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
  if (limits.size === 0) {
    cli.stdout.write(
      `no role limits how many of its hosts are changed at once; see  ${celerootFor(command)} config explain roles/NAME/max_unavailable\n`,
    );
    return;
  }
  const roles = [...limits].map(([role, limit]) => {
    const used = new Set(locks.filter((lock) => lock.roles.includes(role)).map(({ host }) => host)).size;
    return [role, `${used} of ${limit}`];
  });
  writeTable(cli.stdout, { head: ['ROLE', 'IN USE'], rows: roles });
  if (locks.length === 0) return;
  cli.stdout.write('\n');
  const rows = locks
    .toSorted((a, b) => a.at - b.at || (a.host < b.host ? -1 : 1))
    .map(({ host, roles: of, run, at, until }) => [host, of.join(', '), run, formatMoment(at), formatTime(until, now)]);
  writeTable(cli.stdout, { head: ['HOST', 'ROLES', 'RUN', 'SINCE', 'AT MOST UNTIL'], rows });
}

function forgedText(forged: number): string {
  const what = forged === 1 ? '1 lock that fits' : `${forged} locks that fit`;
  return `left out ${what} no run that somebody you trust has signed; hosts may have to wait for it all the same`;
}
