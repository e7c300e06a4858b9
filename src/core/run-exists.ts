import { RejectedError } from './errors.ts';
import type { RunId } from './ids.ts';

/** That a run cannot be sent, because it was. */
export function runExists(id: RunId): RejectedError {
  return new RejectedError('RUN_EXISTS', `run ${id} is stored already`, {
    hint: `it was sent; what became of it:  celeroot runs show ${id}`,
  });
}
