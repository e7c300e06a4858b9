import { CommandError } from '../../core/errors.ts';
import { runAttached } from '../../host/run-attached.ts';
import type { Cli } from '../context.ts';

/**
 * Lets the user edit a file. Ctrl-C and Ctrl-\ on the terminal reach us too, and are for the editor to understand.
 * @throws CommandError MISSING_PROGRAM, COMMAND_FAILED when the editor fails, or INTERRUPTED when we are told to end.
 */
export async function runEditor(cli: Cli, file: string): Promise<void> {
  const leave = new AbortController();
  using _int = cli.onSignal('SIGINT', () => undefined);
  using _quit = cli.onSignal('SIGQUIT', () => undefined);
  using _term = cli.onSignal('SIGTERM', () => leave.abort());
  using _hangup = cli.onSignal('SIGHUP', () => leave.abort());
  const [program, ...args] = editorOf(cli);
  try {
    await runAttached([program, ...args, file], cli.env, leave.signal);
  } catch (error) {
    if (!leave.signal.aborted) throw explained(error, program);
  }
  if (leave.signal.aborted) throw new CommandError('INTERRUPTED', 'celeroot was told to end while the editor was open');
}

/** Words of the variable are program and arguments, as in `code --wait`; no shell reads them. */
function editorOf({ env }: Cli): readonly [string, ...string[]] {
  const [program = '', ...args] = (env['VISUAL'] || env['EDITOR'] || 'sensible-editor').split(' ').filter(Boolean);
  return [program, ...args];
}

function explained(error: unknown, program: string): unknown {
  if (!(error instanceof CommandError)) return error;
  const { code, message } = error;
  return code === 'MISSING_PROGRAM'
    ? new CommandError(code, `the editor ${program} is not installed`, {
        hint: 'name one that is:  EDITOR=nano celeroot config edit',
      })
    : new CommandError(code, message, { hint: 'nothing was changed' });
}
