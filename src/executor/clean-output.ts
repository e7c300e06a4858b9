/**
 * What a terminal would show of a piece of output: a line that was written over shows its last state, and escape
 * sequences and other control characters are gone, so that nothing a package prints can act on an operator's screen.
 */
export function cleanOutput(text: string): string {
  return text
    .replaceAll(ESCAPE_SEQUENCE, '')
    .split('\n')
    .map((line) => lastState(line).replaceAll(CONTROL, ''))
    .join('\n');
}

/** CSI and OSC sequences and two-character escapes of ECMA-48. */
// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const ESCAPE_SEQUENCE = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)|[@-Z\\^_])/g;
const CONTROL = /[^\P{Cc}\t]|[\u202A-\u202E\u2066-\u2069]/gu;

/** The part after the last carriage return that is followed by something. */
function lastState(line: string): string {
  const shown = line.replace(/\r+$/, '');
  return shown.slice(shown.lastIndexOf('\r') + 1);
}
