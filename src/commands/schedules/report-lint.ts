import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { countText } from '../../core/count-text.ts';
import { RejectedError } from '../../core/errors.ts';
import type { ScheduleFinding } from '../../fleet/schedule-finding.ts';
import { lintSchedules } from '../../fleet/lint-schedules.ts';
import { unsignedFindings } from '../../fleet/lint-signatures.ts';
import { readCalendars } from '../../fleet/read-calendars.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeTable } from '../../terminal/table.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';

/** Shows what is wrong with schedules. @throws RejectedError SCHEDULES_FAULTY on errors; with `strict` on warnings too. */
export async function reportLint(cli: Cli, command: CommandUnknownOpts, strict: boolean): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const now = cli.clock.now();
  const findings = [...(await unsignedFindings(fleet, now)), ...lintSchedules(fleet, await readCalendars(fleet), now)];
  const count = fleet.schedules.size;
  if (sharedFlags(command).json) writeJson(cli.stdout, { schedules: count, findings });
  else if (findings.length === 0) cli.stdout.write(`nothing found in ${countText(count, 'schedule')}\n`);
  else {
    const rows = findings.map(({ schedule, level, code, text }) => [schedule, level, code, text]);
    writeTable(cli.stdout, { head: ['SCHEDULE', 'LEVEL', 'CODE', 'WHAT'], rows });
  }
  const errors = findings.filter(({ level }) => level === 'error').length;
  if (errors === 0 && !(strict && findings.length > 0)) return;
  const warnings = findings.length - errors;
  throw new RejectedError(
    'SCHEDULES_FAULTY',
    `schedules have ${countText(errors, 'error')} and ${countText(warnings, 'warning')}`,
    {
      hint: hintFor(findings),
      details: { errors, warnings },
    },
  );
}

function hintFor(findings: readonly ScheduleFinding[]): string {
  const unsigned = findings.filter(({ code }) => code === 'NOT_SIGNED').length;
  return [
    ...(unsigned === 0 ? [] : ['an operator signs what is not signed:  celeroot schedules sign']),
    ...(unsigned === findings.length ? [] : ['what is allowed:  celeroot config explain schedules']),
  ].join('\n');
}
