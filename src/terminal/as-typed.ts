/** First words of what is typed where this error is read; `join` and `policy` are typed on hosts. */
export const TYPED_HERE: readonly string[] = [
  'apply',
  'apt',
  'audit',
  'broker',
  'config',
  'down',
  'hook',
  'hosts',
  'init',
  'keys',
  'locks',
  'release',
  'roles',
  'run',
  'runs',
  'scheduler',
  'schedules',
  'service',
  'system',
  'tasks',
  'up',
  'worker',
];

const COMMAND = new RegExp(String.raw`(?<![\w./-])celeroot (?=(?:${TYPED_HERE.join('|')})\b)`, 'g');

/**
 * Hints name the program `celeroot`, wherever they are thought of; this puts there what has to be typed here to mean
 * this program and this configuration, such as `./celeroot --config web.yaml`.
 */
export function asTyped(text: string, celeroot: string): string {
  return text.replaceAll(COMMAND, () => `${celeroot} `);
}
