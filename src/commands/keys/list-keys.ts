import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig } from '../../config/fleet-config.ts';
import type { Clock } from '../../core/clock.ts';
import { hearPresences } from '../../fleet/hear-hosts.ts';
import { publishedVersion } from '../../fleet/publish-trust.ts';
import { readTrustFile } from '../../fleet/trust-on-disk.ts';
import type { ControllerBroker } from '../../queue/broker.ts';
import { NO_END } from '../../trust/change-trust.ts';
import { kindOf, type Grant, type Trust } from '../../trust/trust-file.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeTable, type Cell } from '../../terminal/table.ts';
import { formatMoment } from '../../terminal/time-text.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';
import { askBroker } from '../hosts/ask-broker.ts';
import { loadFleetConfig } from '../open-fleet.ts';

/** Lists the keys of the controller's trust file, and says how many of the hosts that are on have its version. */
export async function listKeys(cli: Cli, command: CommandUnknownOpts): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const { trust } = await readTrustFile(fleet, cli.clock.now());
  const { answer: spread, error } = await askBroker(
    cli,
    fleet,
    async (broker) => await askSpread(broker, { fleet, trust }, cli.clock),
  );
  if (sharedFlags(command).json) return writeJson(cli.stdout, { file: fleet.trustFile, trust, spread, error });
  writeTable(cli.stdout, {
    head: ['NAME', 'KIND', 'STATE', 'TASKS', 'HOSTS', 'UNTIL', 'KEY'],
    rows: trust.grants.map((grant) => rowOf(grant, cli.clock.now())),
  });
  const known = spread === null ? '' : `; ${spread.have} of ${spread.online} hosts that are online have it`;
  cli.stdout.write(`\nversion ${trust.version}, good until ${formatMoment(trust.expiresAt)}${known}\n`);
  cli.stdout.write(`root ${trust.roots.join(', ')}\n`);
}

type Known = { readonly fleet: FleetConfig; readonly trust: Trust };

/** How far the version has spread; null when the broker cannot be asked. */
async function askSpread(
  broker: ControllerBroker | null,
  { fleet, trust }: Known,
  clock: Clock,
): Promise<{ readonly published: number | null; readonly online: number; readonly have: number } | null> {
  if (broker === null) return null;
  const presences = await hearPresences(broker, { fleet: fleet.fleet, hosts: [...fleet.hosts.values()] }, clock);
  const online = [...presences.values()].flatMap((each) => (each.online ? [each.presence] : []));
  const have = online.filter((presence) => presence.trust >= trust.version).length;
  return { published: await publishedVersion(broker, fleet, clock.now()), online: online.length, have };
}

function rowOf(grant: Grant, now: number): readonly Cell[] {
  const { name, key, tasks, hosts, notAfter } = grant;
  const until = notAfter >= NO_END ? '' : formatMoment(notAfter);
  const kind = kindOf(grant);
  const scope = kind === 'release' ? ['', ''] : [tasks.join(', '), hosts.join(', ')];
  return [name, kind, stateOf(grant, now), ...scope, until, key];
}

function stateOf({ revokedAt, notBefore, notAfter }: Grant, now: number): Cell {
  if (revokedAt !== null) return { text: `revoked ${formatMoment(revokedAt)}`, style: 'red' };
  if (now >= notAfter) return { text: 'ended', style: 'dim' };
  return now < notBefore ? { text: `from ${formatMoment(notBefore)}`, style: 'dim' } : { text: 'good', style: 'green' };
}
