import { RejectedError, UsageError } from '../../core/errors.ts';
import type { JoinAnswer } from '../../trust/join-answer.ts';
import { isFingerprintOf, looksLikeFingerprint } from '../../trust/key-fingerprint.ts';
import type { Cli } from '../context.ts';

/**
 * Has a person, or whoever gave `--fingerprint`, say that this is the key of the machine that is meant; false when
 * nothing was typed.
 * @throws RejectedError FINGERPRINT_DIFFERS.
 */
export type FingerprintAsker = (answer: JoinAnswer, signal: AbortSignal) => Promise<boolean>;

/**
 * The fingerprint is not shown here, also not afterwards, so that it has to be read where the machine shows it.
 * @throws UsageError when what was given is none; RejectedError CONFIRMATION_NEEDED when there is nobody to ask.
 */
export function fingerprintAsker({ ask, stderr }: Cli, given: string | undefined): FingerprintAsker {
  if (given !== undefined) {
    if (!looksLikeFingerprint(given)) {
      throw new UsageError('USAGE', `${JSON.stringify(given)} is no fingerprint of a host’s key`, {
        hint: 'the one that  celeroot join --show-fingerprint  prints on the host',
      });
    }
    return async ({ host, key }) => {
      if (!isFingerprintOf(given, key)) throw differs(host);
      return true;
    };
  }
  if (ask === null) {
    throw new RejectedError(
      'CONFIRMATION_NEEDED',
      'somebody must type the fingerprint of the host’s key, and there is no terminal to ask on',
      {
        hint: 'give it with --fingerprint:  celeroot join --show-fingerprint  on the host prints it',
      },
    );
  }
  return async ({ host, key }, signal) => {
    for (let tries = 1; ; tries += 1) {
      const typed = await ask(`Type the fingerprint that ${host} shows: `, { signal });
      if (typed.trim() === '') return false;
      if (isFingerprintOf(typed, key)) return true;
      if (tries === MOST_TRIES) throw differs(host);
      stderr.write('That is not the fingerprint of the key that came. Is it a typing error?\n');
    }
  };
}

const MOST_TRIES = 3;

/** Without that of the key that came: whoever had the token made it, and it would only have to be pasted. */
function differs(host: string): RejectedError {
  return new RejectedError('FINGERPRINT_DIFFERS', `the key that came as ${host} has another fingerprint`, {
    hint: `nothing was recorded; look again at what  celeroot join --show-fingerprint  prints on ${host}: if that is what was given here, somebody else had the token`,
    details: { host },
  });
}
