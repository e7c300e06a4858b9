import { CommandError } from '../core/errors.ts';
import type { Cli } from './context.ts';

/**
 * Aborted by a signal that asks us to end, with the error to end with. Until it is disposed such signals kill us no more,
 * so that what was begun is undone.
 */
export function leaveSignal(cli: Cli, what: string): Disposable & { readonly signal: AbortSignal } {
  const leave = new AbortController();
  const stop = (): void => leave.abort(new CommandError('INTERRUPTED', what));
  using handling = new DisposableStack();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) handling.use(cli.onSignal(signal, stop));
  const handled = handling.move();
  return { signal: leave.signal, [Symbol.dispose]: () => handled.dispose() };
}
