import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerConfig } from '../config/fleet-config.ts';
import { loadWorker } from '../config/load.ts';
import { parseWorker } from '../config/parse-config.ts';
import { tokenBroker } from '../config/token-broker.ts';
import { PASSWORD_FILE } from '../config/worker-file.ts';
import { MAX_CLOCK_SKEW_MS, type Clock } from '../core/clock.ts';
import { messageOf, RejectedError } from '../core/errors.ts';
import { openHostKey } from '../executor/host-key.ts';
import { writeDurably } from '../host/durable-file.ts';
import { makeFolder } from '../host/make-folder.ts';
import type { JoinKnock } from '../queue/broker.ts';
import { openJoinKnock } from '../queue/join-knock.ts';
import { joinSealOf, type JoinSeal } from '../trust/join-seal.ts';
import { isoTime } from '../trust/iso-time.ts';
import type { JoinToken } from '../trust/join-token.ts';
import { keyFingerprint, rootsDigest } from '../trust/key-fingerprint.ts';
import { answerAs } from './answer-join.ts';
import { hasOwnLogin } from './has-own-login.ts';

export type TokenJoining = {
  /** Where the worker file will be, and the password beside it. */
  readonly workerFile: string;
  readonly stateDir: string;
  readonly clock: Clock;
  /** Gives up with its reason. */
  readonly signal: AbortSignal;
  /** Called when the controller can see the key and somebody there must be told its fingerprint. */
  readonly onOffered: (fingerprint: string) => void;
};

/**
 * Makes this machine the host of the token: offers its key to the controller that waits, and writes the worker file that
 * comes back once somebody there has confirmed the key. That file is written last, so that a join which ends halfway
 * leaves at most a key and a password that nobody knows.
 * @throws RejectedError JOIN_TOKEN_UNUSABLE, JOIN_REFUSED; ConnectionError; the reason of `signal`.
 */
export async function joinByToken(token: JoinToken, joining: TokenJoining): Promise<void> {
  const { workerFile, stateDir, clock, onOffered } = joining;
  requireOwnName(token, workerFile);
  requireTime(token, clock);
  const settings = tokenBroker(token.broker) ?? fail(unusable('the token does not say where Redis is'));
  const seal = joinSealOf(token);
  const { host, expiresAt } = token;
  await using knock = await openJoinKnock(settings, { host, expiresAt, id: seal.id }, seal.password);
  await makeFolder(dirname(workerFile));
  const key = await openHostKey(stateDir);
  const passwordFile = join(dirname(workerFile), PASSWORD_FILE);
  const answer = await answerAs(token, { key, passwordFile, newSecrets: false, clock });
  if (!(await knock.offerFirst(seal.seal({ kind: 'offer', text: answer })))) {
    throw unusable('another machine has used this token already');
  }
  onOffered(keyFingerprint(key.id));
  try {
    const text = await awaitAcceptance({ knock, seal, token }, joining);
    requireThatHost(parseWorker({ file: workerFile, text }, null, {}), token);
    await writeDurably(workerFile, text);
    await knock.offerAnew(seal.seal({ kind: 'receipt', text: '' }));
  } catch (error) {
    await knock.offerAnew(seal.seal({ kind: 'withdrawal', text: messageOf(error) })).catch(() => undefined);
    throw error;
  }
}

function fail(error: Error): never {
  throw error;
}

function unusable(message: string): RejectedError {
  return new RejectedError('JOIN_TOKEN_UNUSABLE', message, {
    hint: 'make a new one on the controller:  celeroot hosts join NAME --token',
  });
}

/** A machine is one host of one fleet. */
function requireOwnName({ fleet, host }: JoinToken, workerFile: string): void {
  if (!existsSync(workerFile)) return;
  const is = loadWorker(workerFile, null, { CELEROOT_REDIS_PASSWORD: 'does not matter' });
  if (is.fleet === fleet && is.host === host) return;
  throw new RejectedError(
    'JOIN_REFUSED',
    `this machine is the host ${is.host} of the fleet ${is.fleet}; the token is for ${host} of ${fleet}`,
    { hint: `to take it out there first:  apt-get purge celeroot  (this is said by ${workerFile})` },
  );
}

/** Orders too are refused where clocks are further apart. */
function requireTime({ expiresAt }: JoinToken, clock: Clock): void {
  const lateMs = clock.now() - expiresAt;
  if (lateMs <= MAX_CLOCK_SKEW_MS) return;
  throw new RejectedError('JOIN_TOKEN_UNUSABLE', `the time of the token was over at ${isoTime(expiresAt)}`, {
    hint: `make a new one on the controller; or is the clock here wrong, which says ${isoTime(clock.now())}?`,
  });
}

type Waiting = { readonly knock: JoinKnock; readonly seal: JoinSeal; readonly token: JoinToken };

const POLL_MS = 250;

async function awaitAcceptance(
  { knock, seal, token }: Waiting,
  { signal, clock }: Pick<TokenJoining, 'signal' | 'clock'>,
): Promise<string> {
  for (;;) {
    signal.throwIfAborted();
    const reply = await knock.replied();
    if (reply !== null) return accepted(seal, reply);
    requireTime(token, clock);
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

function accepted(seal: JoinSeal, reply: string): string {
  const word = seal.open(reply);
  if (word?.kind === 'acceptance') return word.text;
  if (word?.kind === 'refusal') {
    throw new RejectedError('JOIN_REFUSED', `the controller refuses: ${word.text}`, {
      hint: 'mend that, and make a new token there',
    });
  }
  throw new RejectedError('JOIN_REFUSED', 'what came is not from the controller that made the token', {
    hint: 'somebody else writes to its Redis: look there, and join again with a new token',
  });
}

function requireThatHost(config: WorkerConfig, token: JoinToken): void {
  const { fleet, host, roots } = config;
  const isThat = fleet === token.fleet && host === token.host && rootsDigest(roots) === token.roots;
  if (isThat && hasOwnLogin(config)) return;
  throw new RejectedError(
    'JOIN_REFUSED',
    'what the controller sent is not what the token says: host or root keys differ',
    {
      hint: 'make a new token on the controller; were its root keys replaced just now?',
    },
  );
}
