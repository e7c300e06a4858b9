/** Milliseconds since 1970, as the machine believes. Injected so that pure code has no clock. */
export type Clock = { readonly now: () => number };

/** How far the clocks of controller, hosts and Redis may be apart: an order issued later than that is refused. */
export const MAX_CLOCK_SKEW_MS = 120_000;
