import type { Output } from './output.ts';

export type WaitingLine = {
  /** Shows the note behind what is waited for. */
  readonly tick: (note: string) => void;
  /** Takes the line away. */
  readonly end: () => void;
};

/** One line that is written anew with every note on a terminal, one line in all elsewhere, and none with JSON. */
export function waitingLine(output: Output, what: string, json: boolean): WaitingLine {
  if (json) return { tick: () => undefined, end: () => undefined };
  let told: string | null = null;
  return {
    tick: (note) => {
      if (output.isTTY && note !== told) output.write(`\r${what} (${note})\u001B[K`);
      else if (told === null) output.write(`${what}\n`);
      told = note;
    },
    end: () => {
      if (output.isTTY && told !== null) output.write('\r\u001B[K');
    },
  };
}
