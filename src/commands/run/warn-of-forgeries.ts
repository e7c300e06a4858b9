import { writeWarning } from '../../terminal/error.ts';
import type { Cli } from '../context.ts';

/** Says that somebody who can write to Redis, and is not the host, has made reports in its name. */
export function warnOfForgeries(cli: Cli, forged: number): void {
  if (forged === 0) return;
  const what = forged === 1 ? '1 report was' : `${forged} reports were`;
  writeWarning(
    cli.stderr,
    `${what} left out: not signed with the key recorded for the host they name. Either the host was installed anew ` +
      '(celeroot hosts accept NAME --replace), or somebody else writes to Redis',
  );
}
