/** A place to write text to: a process stream, or memory in a test. */
export type Output = {
  readonly write: (text: string) => void;
  readonly isTTY: boolean;
  /** Whether escape sequences for colour are wanted here (NO_COLOR, FORCE_COLOR, terminal). */
  readonly colour: boolean;
  /** Size in characters now; 80 by 24 where there is no terminal. */
  readonly columns: number;
  readonly rows: number;
  /** Calls `listener` whenever the size changes, until disposed. */
  readonly onResize: (listener: () => void) => Disposable;
};
