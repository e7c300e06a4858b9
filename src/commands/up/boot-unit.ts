import { existsSync } from 'node:fs';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { quoteWord } from '../../core/quote-word.ts';
import { systemdRuns } from '../../host/start-detached.ts';
import { UP_UNIT, UP_UNIT_FILE, upUnit } from '../../host/up-unit.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { requireEmbedded, thisHost } from './find-or-make-fleet.ts';

/** Prints the unit that does at each boot what `celeroot up` does now; where it goes is the administrator's to say. */
export async function printBootUnit(cli: Cli, command: CommandUnknownOpts, asked: string | null): Promise<void> {
  const fleet = requireEmbedded(await loadFleetConfig(cli, command));
  const host = thisHost(command, fleet, asked);
  const unit = upUnit({ self: cli.self, configFile: fleet.file, host, stateDir: cli.stateDir });
  if (sharedFlags(command).json) return writeJson(cli.stdout, { unit });
  cli.stdout.write(unit);
}

/** How to have them start with the machine; empty where that is done, or there is no systemd to do it. */
export function bootSteps(command: CommandUnknownOpts, asked: string | null): string {
  if (!systemdRuns() || existsSync(UP_UNIT_FILE)) return '';
  const which = asked === null ? '' : ` --host ${quoteWord(asked)}`;
  return `
After a boot, Redis and the worker wait for  celeroot up.  To have systemd start them then:
  ${celerootFor(command)} up${which} --print-unit > ${UP_UNIT_FILE} && systemctl enable ${UP_UNIT}
`;
}
