import type { RunSnapshot } from '../../core/run-snapshot.ts';
import { writeWarning } from '../../terminal/error.ts';
import type { Cli } from '../context.ts';

/**
 * Says that somebody who can write to Redis, and is not the host, has made reports in its name; and which hosts have
 * written more than any host reports.
 */
export function warnOfForgeries(cli: Cli, { forged, oversized = [] }: Pick<RunSnapshot, 'forged' | 'oversized'>): void {
  if (forged > 0) {
    const what = forged === 1 ? '1 report was' : `${forged} reports were`;
    writeWarning(
      cli.stderr,
      `${what} left out: not signed with the key recorded for the host they name. Either the host was installed anew ` +
        '(celeroot hosts accept NAME --replace), or somebody else writes to Redis',
    );
  }
  if (oversized.length > 0) {
    writeWarning(
      cli.stderr,
      `what ${oversized.join(', ')} reported is left out: it is more than a host has to say. Whoever has its login to Redis fills it`,
    );
  }
}
