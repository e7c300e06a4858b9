import { RejectedError } from '../core/errors.ts';
import type { Cli } from './context.ts';

export type YesOptions = {
  /** There is one already: that of `--yes`. */
  readonly yes: boolean;
  /** What to ask where somebody sits at a terminal. */
  readonly question?: string;
  /** What is true when the answer is no. */
  readonly otherwise?: string;
};

/**
 * Goes on only with a yes: that of `--yes`, or of whoever sits at the terminal.
 * @throws RejectedError CONFIRMATION_NEEDED without one.
 */
export async function requireYes(
  cli: Cli,
  what: string,
  { yes, question = `${what}: go on?`, otherwise = 'nothing was changed' }: YesOptions,
): Promise<void> {
  if (yes) return;
  if (cli.confirm === null) {
    throw new RejectedError('CONFIRMATION_NEEDED', `${what} needs a yes, and there is no terminal to ask on`, {
      hint: 'add --yes if you mean it',
    });
  }
  if (await cli.confirm(question)) return;
  throw new RejectedError('CONFIRMATION_NEEDED', `${what} was not confirmed`, { hint: otherwise });
}
