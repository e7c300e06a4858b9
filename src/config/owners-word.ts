import { lstatSync } from 'node:fs';
import { messageOf } from '../core/errors.ts';
import { NO_WORD, type OwnersWord } from '../core/owner-policy.ts';
import { hasCode } from '../core/system-error.ts';

/**
 * What the owner of a host says in a file, for who must go on without it: what is wrong is said, and a file that is not
 * there says nothing. What reads YAML is loaded only where there is some: executors start often, and most hosts have none.
 */
export async function ownersWordIn(file: string): Promise<OwnersWord> {
  try {
    if (isAbsent(file)) return NO_WORD;
    const { readOwnerPolicy } = await import('./read-owner-policy.ts');
    return { policy: readOwnerPolicy(file), problem: null, given: true };
  } catch (error) {
    return { policy: null, problem: messageOf(error).slice(0, 1000) };
  }
}

/** A symbolic link to nothing is no file that is not there. */
function isAbsent(file: string): boolean {
  try {
    lstatSync(file);
    return false;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true;
    throw error;
  }
}
