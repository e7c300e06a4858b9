import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import { CommandError, RejectedError } from '../core/errors.ts';
import type { ControllerBroker, JoinDoor } from '../queue/broker.ts';
import { joinSealOf, type JoinSeal } from '../trust/join-seal.ts';
import type { JoinToken } from '../trust/join-token.ts';
import { TOKEN_VALID_MS } from './make-join-token.ts';

export type OfferWait = {
  /** Gives up with its reason. */
  readonly signal: AbortSignal;
  /** Called some times a second with how long the token is good for yet. */
  readonly onWait: (leftMs: number) => void;
};

/**
 * The controller's side of a join by token. The secret is in the token and in this process alone: when either is gone
 * nobody can join by it.
 *
 * The machine offers its signed join answer; the first offer is the only one that is looked at, which is what makes the
 * token good for one use. Once a person has confirmed the key, `accept` hands over the worker file and waits for the
 * receipt. Until then anything may end in a refusal, which tells the machine why. Closing takes away its way in.
 */
export type TokenJoin = AsyncDisposable & {
  /**
   * The join answer, proved to be from who has the token.
   * @throws CommandError JOIN_UNFINISHED when the time is over; RejectedError JOIN_ANSWER_INVALID; the signal's reason.
   */
  readonly awaitOffer: (wait: OfferWait) => Promise<string>;
  /** @throws the same when the offer is not what it was, or withdrawn, or the time is over. */
  readonly requireUnchanged: () => Promise<void>;
  /** @throws CommandError JOIN_UNFINISHED when the machine does not say that it has the file. */
  readonly accept: (workerFile: string) => Promise<void>;
  /** Tells a machine that has made an offer. */
  readonly refuse: (reason: string) => Promise<void>;
};

/**
 * Lets who has the token in.
 * @throws ConnectionError when Redis keeps no users for us.
 */
export async function openTokenJoin(broker: ControllerBroker, token: JoinToken, clock: Clock): Promise<TokenJoin> {
  const seal = joinSealOf(token);
  const { host, expiresAt } = token;
  const door = await broker.openJoinDoor({ host, expiresAt, id: seal.id }, seal.password);
  let first = '';
  const secondOffer = async (withinMs: number): Promise<string> =>
    (await lookUntil(door, withinMs, (offered) => offered !== first)) ?? first;
  return {
    awaitOffer: async (wait) => {
      first = await awaitFirst(door, { token, clock, wait });
      const word = seal.open(first);
      if (word?.kind === 'offer') return word.text;
      throw invalid('what came was not sealed with the token: it was changed on the way, or is from somebody else');
    },
    requireUnchanged: async () => {
      if (clock.now() >= expiresAt) throw expired(token);
      const offered = await door.offered();
      if (offered === first) return;
      throw withdrawn(token, seal.open(offered)) ?? invalid('what came was changed before the join was done');
    },
    accept: async (workerFile) => {
      await door.reply(seal.seal({ kind: 'acceptance', text: workerFile }));
      const word = seal.open(await secondOffer(RECEIPT_WITHIN_MS));
      if (word?.kind !== 'receipt') throw withdrawn(token, word) ?? notTaken(token);
    },
    refuse: async (reason) => {
      if (first === '') return;
      await door.reply(seal.seal({ kind: 'refusal', text: reason }));
      // It answers by withdrawing; after that its way in may go.
      await secondOffer(REFUSAL_WITHIN_MS);
    },
    [Symbol.asyncDispose]: async () => await door[Symbol.asyncDispose](),
  };
}

const RECEIPT_WITHIN_MS = 30_000;
const REFUSAL_WITHIN_MS = 2000;
const POLL_MS = 250;

type First = { readonly token: JoinToken; readonly clock: Clock; readonly wait: OfferWait };

async function awaitFirst(door: JoinDoor, { token, clock, wait }: First): Promise<string> {
  const { signal, onWait } = wait;
  for (;;) {
    signal.throwIfAborted();
    const leftMs = token.expiresAt - clock.now();
    if (leftMs <= 0) throw expired(token);
    const offered = await door.offered();
    if (offered !== '') return offered;
    onWait(leftMs);
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** What is offered once it is as wanted; null when it was not within that time. */
async function lookUntil(
  door: JoinDoor,
  withinMs: number,
  isWanted: (offered: string) => boolean,
): Promise<string | null> {
  const end = performance.now() + withinMs;
  for (;;) {
    const offered = await door.offered();
    if (isWanted(offered)) return offered;
    if (performance.now() > end) return null;
    await sleep(POLL_MS);
  }
}

function expired({ host }: JoinToken): CommandError {
  return new CommandError(
    'JOIN_UNFINISHED',
    `${host} did not join within the ${TOKEN_VALID_MS / 60_000} min of the token`,
    {
      hint: `make a new one:  celeroot hosts join ${host} --token`,
    },
  );
}

function invalid(message: string): RejectedError {
  return new RejectedError('JOIN_ANSWER_INVALID', message, {
    hint: 'somebody else writes to this Redis: look there, and join again with a new token',
  });
}

function withdrawn({ host }: JoinToken, word: ReturnType<JoinSeal['open']>): CommandError | null {
  if (word?.kind !== 'withdrawal') return null;
  return new CommandError('JOIN_UNFINISHED', `${host} gave up: ${word.text}`, {
    hint: `mend that there, and make a new token:  celeroot hosts join ${host} --token`,
  });
}

function notTaken({ host }: JoinToken): CommandError {
  return new CommandError('JOIN_UNFINISHED', `${host} is recorded, but does not say that it has its worker file`, {
    hint: `see what  celeroot join  says there; again with a new token:  celeroot hosts join ${host} --token`,
  });
}
