import { RejectedError } from '../core/errors.ts';
import type { Cli } from './context.ts';

/**
 * Goes on only with a yes: that of `--yes`, or of whoever sits at the terminal.
 * @throws RejectedError CONFIRMATION_NEEDED without one.
 */
export async function requireYes(cli: Cli, what: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (cli.confirm === null) {
    throw new RejectedError('CONFIRMATION_NEEDED', `${what} needs a yes, and there is no terminal to ask on`, {
      hint: 'add --yes if you mean it',
    });
  }
  if (await cli.confirm(`${what}: go on?`)) return;
  throw new RejectedError('CONFIRMATION_NEEDED', `${what} was not confirmed`, { hint: 'nothing was changed' });
}
