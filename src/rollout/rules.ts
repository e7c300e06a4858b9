import type { CheckLimits } from '../core/compare-checks.ts';
import type { Json } from '../core/json.ts';
import type { Size } from './size.ts';

/** A task before or after the one that is rolled out. */
export type StepRule = {
  readonly task: string;
  readonly args: Readonly<Record<string, Json>>;
  readonly always: boolean;
  readonly mayFail: boolean;
};

/** What is looked at before and after a host's turn, and must not have got worse. */
export type CheckRule = {
  readonly args: Readonly<Record<string, Json>>;
  readonly limits: CheckLimits;
  readonly waitMs: number;
};

export const ORDERS = ['listed', 'name', 'shuffled'] as const;

/** How an operator wants hosts changed, before it is known which. */
export type RolloutRules = {
  /** The hosts that go first: so many, or those of these names and globs. Null for none. */
  readonly canary: Size | readonly string[] | null;
  /** Sizes of the batches after that; the last one counts for all that follow. */
  readonly batches: readonly Size[];
  /** A label of hosts: none that differ in it are under way at once. */
  readonly by: string | null;
  readonly order: (typeof ORDERS)[number];
  readonly maxFailures: Size;
  readonly maxFailuresPerBatch: Size;
  readonly maxUnreachable: Size;
  readonly soakMs: number;
  readonly check: CheckRule | null;
  readonly before: readonly StepRule[];
  readonly after: readonly StepRule[];
};

/** What a command line says of it: the name of a roll-out in the configuration, and what is to differ from that. */
export type RolloutChoice = { readonly name: string | null; readonly changes: Partial<RolloutRules> };

const ALL: Size = { kind: 'percent', value: 100 };

/** What counts where nothing else is said: one batch, and the first failure stops it. */
export const DEFAULT_RULES: RolloutRules = {
  canary: null,
  batches: [ALL],
  by: null,
  order: 'listed',
  maxFailures: { kind: 'count', value: 0 },
  maxFailuresPerBatch: ALL,
  maxUnreachable: ALL,
  soakMs: 0,
  check: null,
  before: [],
  after: [],
};
