import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { requireEditable } from '../../config/write-config.ts';
import { EXIT } from '../../core/exit-codes.ts';
import { selectHosts, type Target } from '../../core/host-selector.ts';
import { rotateHostKeys, type Rotation } from '../../fleet/rotate-host-keys.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeTable, type Cell } from '../../terminal/table.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { withAskOptions } from '../with-ask-options.ts';

/** Replaces the keys of hosts, and says what came of it for each. */
export async function rotateHosts(cli: Cli, command: CommandUnknownOpts, target: Target): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const hosts = selectHosts(fleet, target);
  await requireEditable(fleet.file);
  const rotations = await withAskOptions(cli, command, {
    fleet,
    doing: 'rotating keys',
    ask: async (options) => await rotateHostKeys({ ...options, hosts, env: cli.env }),
  });
  const isDone = rotations.every(({ state }) => state === 'rotated');
  if (!isDone) cli.exitWith(EXIT.pending.code);
  if (sharedFlags(command).json) return writeJson(cli.stdout, { hosts: rotations });
  writeTable(cli.stdout, { head: ['HOST', 'KEY', 'STATE', 'WHY'], rows: rotations.map(rowOf) });
  const done = `\nother copies of celeroot.yaml have to say the same; these hosts are believed by it alone\n`;
  const again = `\nthe same command goes on where it stopped; see  ${celerootFor(command)} keys rotate --help\n`;
  cli.stdout.write(isDone ? done : again);
}

function rowOf({ host, key, state, why }: Rotation): readonly Cell[] {
  return [host, key ?? 'none', { text: state, style: state === 'rotated' ? 'green' : 'yellow' }, why ?? ''];
}
