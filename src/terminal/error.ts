import { BugError, CelerootError, messageOf } from '../core/errors.ts';
import { EXIT } from '../core/exit-codes.ts';
import { writeJsonLine } from './json.ts';
import type { Output } from './output.ts';
import { asTyped } from './as-typed.ts';
import { plainText, plainLines } from './plain-text.ts';
import { paint } from './style.ts';

export type ErrorForm = {
  readonly json: boolean;
  /** What has to be typed for `celeroot` in hints. */
  readonly celeroot: string;
};

/**
 * The one place errors are shown: `error[CODE]: message`, then `hint: …`; with `json` the same as one object.
 * Only what celeroot did not foresee shows a stack. Returns the exit code.
 */
export function writeError(output: Output, thrown: unknown, { json, celeroot }: ErrorForm): number {
  const error = thrown instanceof CelerootError ? thrown : bugFrom(thrown);
  const hint = error.hint === undefined ? undefined : asTyped(error.hint, celeroot);
  if (json) {
    const { code, message, details } = error;
    writeJsonLine(output, { error: { code, message, hint, details, stack: stackOf(error) } });
    return error.exitCode;
  }
  const [first = '', ...rest] = plainLines(error.message);
  output.write(`${paint(output, 'red', `error[${error.code}]:`)} ${first}\n`);
  for (const line of rest) output.write(`  ${line}\n`);
  writeHint(output, hint);
  for (const line of plainLines(stackOf(error) ?? '')) if (line !== '') output.write(`${line}\n`);
  return error.exitCode;
}

/** Something worth knowing that stops nothing; goes to stderr. */
export function writeWarning(output: Output, message: string, hint?: string): void {
  output.write(`${paint(output, 'yellow', 'warning:')} ${plainText(message)}\n`);
  writeHint(output, hint);
}

function writeHint(output: Output, hint: string | undefined): void {
  if (hint === undefined) return;
  output.write(`${paint(output, 'cyan', 'hint:')} ${plainLines(hint).join('\n      ')}\n`);
}

function bugFrom(thrown: unknown): BugError {
  return new BugError(messageOf(thrown), {
    cause: thrown,
    hint: 'this is a bug in celeroot; please report it with the lines below',
  });
}

function stackOf(error: CelerootError): string | undefined {
  if (error.exitCode !== EXIT.bug.code) return undefined;
  return error.cause instanceof Error ? error.cause.stack : error.stack;
}
