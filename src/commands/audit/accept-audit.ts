import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import * as z from 'zod';
import { firstOf } from '../../core/first-of.ts';
import { AuditError, UsageError } from '../../core/errors.ts';
import { EXIT } from '../../core/exit-codes.ts';
import { acceptFindings, unacceptable } from '../../fleet/accept-findings.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { openSender } from '../open-sender.ts';
import { requireYes } from '../require-yes.ts';
import { runVerification } from './run-verification.ts';
import { targetHosts } from './target.ts';
import { isChange, writeReport } from './verify-audit.ts';

const flagsSchema = z.object({ why: z.string(), yes: z.boolean().default(false) });
const MOST_TEXT = 500;
const MOST_NAMED = 5;

/**
 * Verifies, shows what is found, and with a yes writes the reason into the journal.
 * @throws AuditError HISTORY_CHANGED when a log or the journal does not hold in itself: then nothing is written.
 */
export async function acceptAudit(cli: Cli, command: CommandUnknownOpts): Promise<void> {
  const { why, yes } = flagsSchema.parse(command.opts());
  const { json } = sharedFlags(command);
  if (why.trim() === '' || why.length > MOST_TEXT) {
    throw new UsageError('USAGE', `--why takes a reason of 1 to ${MOST_TEXT} characters`);
  }
  const fleet = await loadFleetConfig(cli, command);
  const verified = await runVerification(cli, command, { fleet, hosts: targetHosts(fleet, command), full: false });
  const count = verified.findings.filter(isChange).length;
  if (!json) writeReport(cli, verified);
  const broken = unacceptable(verified);
  if (broken.length > 0) {
    const where = firstOf(
      broken.map((host) => host ?? 'the journal'),
      MOST_NAMED,
    );
    throw new AuditError('HISTORY_CHANGED', `nobody can go on from a log that does not hold in itself: ${where}`, {
      hint: `a host that was installed anew:  … | celeroot hosts accept NAME --replace\na journal: move ${fleet.journalFile} away, and the next order begins another`,
    });
  }
  if (count > 0) {
    const what = `accepting ${count === 1 ? 'what was found' : `the ${count} findings`}`;
    await requireYes(cli, what, { yes, question: `It is known why this is so, and it shall be found no more?` });
    await acceptFindings(await openSender(cli, fleet), verified, why);
  }
  if (json) writeJson(cli.stdout, { accepted: count, why, findings: verified.findings });
  else if (count > 0)
    cli.stdout.write('\naccepted, and written into the journal; what comes after is looked at as before\n');
  if (verified.unread.size > 0) cli.exitWith(EXIT.pending.code);
}
