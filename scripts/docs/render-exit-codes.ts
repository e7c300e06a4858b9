import { ERROR_CODES } from '../../src/core/errors.ts';
import { EXIT } from '../../src/core/exit-codes.ts';

/** docs/exit-codes.md. */
export function renderExitCodes(): string {
  const exits = Object.values(EXIT).map(({ code, meaning }) => `| ${code} | ${meaning} |`);
  const errors = Object.entries(ERROR_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  return `# Exit codes and errors

An error is one line \`error[CODE]: what: why\` on standard error, and a line \`hint:\` with what to type next. With
\`--json\` it is one object: \`{"error":{"code","message","hint","details"}}\`.

| exit code | meaning |
|---|---|
${exits.join('\n')}

| error | meaning |
|---|---|
${errors.join('\n')}
`;
}
