import type { JobId, RunId } from '../core/ids.ts';
import type { HostName, RoleName } from '../core/names.ts';
import type { SignedByKey } from '../core/signed.ts';
import type { Release } from './broker.ts';

/** The right to drive a roll-out. Who takes it over has a higher token, and what comes with a lower one is refused. */
export type DrivingLease = { readonly token: number };
export type DrivingHeld = { readonly by: string; readonly forMs: number };

/** Something in the history of a roll-out, not believed yet. `at` is Redis' time, milliseconds since 1970. */
export type StoredStep = { readonly id: string; readonly at: number } & (
  | { readonly kind: 'entry'; readonly text: string }
  | { readonly kind: 'act'; readonly act: SignedByKey }
);

/** Hosts whose turn it is, and how many of each role may have theirs at once, whoever drives them. */
export type TurnRequest = {
  readonly run: RunId;
  readonly token: number;
  /** With those of its roles that have a limit. */
  readonly hosts: readonly { readonly host: HostName; readonly roles: readonly RoleName[] }[];
  readonly limits: ReadonlyMap<RoleName, number>;
  /** Whether no other run may have a turn on a host meanwhile. */
  readonly alone: boolean;
  /** From then on the host is certainly not at work on it any more, milliseconds since 1970. */
  readonly until: number;
};

export type TurnAnswer =
  | { readonly kind: 'granted'; readonly hosts: readonly HostName[] }
  /** Somebody else drives it by now, or it was cancelled. */
  | { readonly kind: 'lost' | 'cancelled' };

/** A host in its turn: it counts against what its roles allow, and keeps turns of other runs off it that may not share. */
export type Lock = {
  readonly host: HostName;
  readonly run: RunId;
  /** Those that limit how many of their hosts are changed at once. */
  readonly roles: readonly RoleName[];
  readonly alone: boolean;
  /** Milliseconds since 1970, by Redis. */
  readonly at: number;
  readonly until: number;
};

/** What whoever drives a roll-out, or steers it, does with Redis. */
export type RolloutBroker = {
  /** Keeps the orders of a run with it, until their hosts have their turn. */
  readonly keepOrders: (run: RunId, orders: readonly Release[]) => Promise<void>;
  /** Has schedulers look after a roll-out, until it has ended or that time, milliseconds since 1970, has passed. */
  readonly announce: (run: RunId, until: number) => Promise<void>;
  /** Roll-outs that were announced. */
  readonly announced: () => Promise<readonly RunId[]>;
  /** Has nobody look after it any more. */
  readonly conclude: (run: RunId) => Promise<void>;
  /** Stores the record of a run that is a step of a roll-out; no list of runs has it. */
  readonly saveStep: (run: RunId, record: SignedByKey) => Promise<void>;
  /** Those of these jobs that are kept. */
  readonly keptOrders: (run: RunId, jobs: readonly JobId[]) => Promise<readonly Release[]>;
  /** Takes the wheel if nobody has it; `owner` tells one driver from another. */
  readonly takeDriving: (
    run: RunId,
    driver: { readonly by: string; readonly owner: string },
  ) => Promise<DrivingLease | DrivingHeld>;
  /** Who drives now; null when nobody does. */
  readonly drivenBy: (run: RunId) => Promise<DrivingHeld | null>;
  /** False once another has taken over. */
  readonly keepDriving: (run: RunId, token: number) => Promise<boolean>;
  readonly dropDriving: (run: RunId, token: number) => Promise<void>;
  /**
   * Gives hosts their turn, as far as the limits of their roles have room and turns of other runs let them: locks them
   * and writes it into the history, all at once.
   */
  readonly grantTurns: (request: TurnRequest) => Promise<TurnAnswer>;
  /** Writes into the history; false once another has taken over. */
  readonly writeEntry: (run: RunId, token: number, text: string) => Promise<boolean>;
  readonly addAct: (run: RunId, act: SignedByKey) => Promise<void>;
  /** What came into the history after the step of that id; all of it for null. */
  readonly history: (run: RunId, after: string | null) => Promise<readonly StoredStep[]>;
  readonly locks: () => Promise<readonly Lock[]>;
  readonly freeLocks: (locks: readonly Pick<Lock, 'host' | 'run'>[]) => Promise<void>;
};
