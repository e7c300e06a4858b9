/** Lets the jobs that change the host through one at a time, in the order they asked. */
export type Turn = {
  /**
   * Resolves when it is this job's turn; disposing gives the turn back.
   * @throws the signal's reason when it is aborted before that.
   */
  readonly take: (job: string, wait: TurnWait) => Promise<Disposable>;
  readonly isFree: () => boolean;
};

export type TurnWait = {
  /** Called once, when the turn is not free, with the job that has it. */
  readonly onWaiting: (holder: string) => void;
  readonly signal: AbortSignal;
};

type Waiting = { readonly job: string; readonly go: () => void };

export function createTurn(): Turn {
  const waiting: Waiting[] = [];
  let holder: string | null = null;

  const give = (): void => {
    const next = waiting.shift();
    holder = next?.job ?? null;
    next?.go();
  };
  const ownTurn = (): Disposable => {
    let given = false;
    return {
      [Symbol.dispose]: () => {
        if (!given) give();
        given = true;
      },
    };
  };
  return {
    isFree: () => holder === null,
    take: async (job, { onWaiting, signal }) => {
      signal.throwIfAborted();
      if (holder === null) {
        holder = job;
        return ownTurn();
      }
      onWaiting(holder);
      await standInLine(waiting, job, signal);
      return ownTurn();
    },
  };
}

async function standInLine(line: Waiting[], job: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const place: Waiting = { job, go: resolve };
  const leave = (): void => {
    const index = line.indexOf(place);
    if (index < 0) return;
    line.splice(index, 1);
    reject(signal.reason);
  };
  signal.addEventListener('abort', leave, { once: true });
  line.push(place);
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
