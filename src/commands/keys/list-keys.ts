import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig } from '../../config/fleet-config.ts';
import type { Clock } from '../../core/clock.ts';
import { hearPresences } from '../../fleet/hear-hosts.ts';
import { overtakenBy } from '../../fleet/fetch-trust.ts';
import { readTrustFile, type SignedTrust } from '../../fleet/trust-on-disk.ts';
import type { ControllerBroker } from '../../queue/broker.ts';
import { NO_END } from '../../trust/change-trust.ts';
import { kindOf, type Grant } from '../../trust/trust-file.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeTable, type Cell } from '../../terminal/table.ts';
import { formatMoment } from '../../terminal/time-text.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { askBroker } from '../hosts/ask-broker.ts';
import { loadFleetConfig } from '../open-fleet.ts';

/** Lists the keys of the controller's trust file, and says how many of the hosts that are on have its version. */
export async function listKeys(cli: Cli, command: CommandUnknownOpts): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const here = await readTrustFile(fleet, cli.clock.now());
  const { trust } = here;
  const { answer: spread, error } = await askBroker(
    cli,
    fleet,
    async (broker) => await askSpread(broker, { fleet, here }, cli.clock),
  );
  if (spread !== null && spread.overtakenBy !== null) {
    writeWarning(
      cli.stderr,
      `hosts obey version ${spread.overtakenBy} of the trust file, which another controller made, and not what is here`,
      `take theirs:  ${celerootFor(command)} keys fetch`,
    );
  }
  if (sharedFlags(command).json) return writeJson(cli.stdout, { file: fleet.trustFile, trust, spread, error });
  writeTable(cli.stdout, {
    head: ['NAME', 'KIND', 'STATE', 'TASKS', 'HOSTS', 'UNTIL', 'KEY'],
    rows: trust.grants.map((grant) => rowOf(grant, cli.clock.now())),
  });
  const isKnown = spread !== null && spread.overtakenBy === null;
  const known = isKnown ? `; ${spread.have} of ${spread.online} hosts that are online have it` : '';
  cli.stdout.write(`\nversion ${trust.version}, good until ${formatMoment(trust.expiresAt)}${known}\n`);
  cli.stdout.write(`root ${trust.roots.join(', ')}\n`);
}

type Spread = {
  /** The version of another controller that hosts are shown instead; null for none. */
  readonly overtakenBy: number | null;
  readonly online: number;
  readonly have: number;
};

type Known = { readonly fleet: FleetConfig; readonly here: SignedTrust };

/** How far the version has spread; null when the broker cannot be asked. */
async function askSpread(
  broker: ControllerBroker | null,
  { fleet, here }: Known,
  clock: Clock,
): Promise<Spread | null> {
  if (broker === null) return null;
  const presences = await hearPresences(broker, { fleet: fleet.fleet, hosts: [...fleet.hosts.values()] }, clock);
  const online = [...presences.values()].flatMap((each) => (each.online ? [each.presence] : []));
  const have = online.filter((presence) => presence.trust >= here.trust.version).length;
  const by = await overtakenBy(broker, fleet, { here, now: clock.now() });
  return { overtakenBy: by, online: online.length, have };
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
