/** A line that apt wrote to its status descriptor (`APT::Status-Fd`, README.progress-reporting of apt). */
export type StatusLine =
  | {
      readonly kind: 'download' | 'package';
      readonly package: string | null;
      readonly percent: number;
      readonly text: string;
    }
  | { readonly kind: 'error'; readonly package: string; readonly text: string }
  /** The administrator changed a configuration file that the new version changes too. */
  | { readonly kind: 'conffile'; readonly path: string };

/**
 * Null for a line of another kind or half a line. A package may carry an architecture, so that the percentage is
 * what ends the name.
 */
export function parseStatusLine(line: string): StatusLine | null {
  const match = /^(dlstatus|pmstatus|pmerror|pmconffile):(.*?):(\d{1,3}(?:\.\d+)?):(.*)$/.exec(line);
  if (match === null) return null;
  const [, word = '', subject = '', number = '', rest = ''] = match;
  const [percent, text] = [Math.min(100, Number(number)), rest.slice(0, 500)];
  switch (word) {
    case 'dlstatus':
      return { kind: 'download', package: null, percent, text };
    case 'pmstatus':
      return { kind: 'package', package: subject === 'dpkg-exec' ? null : subject.slice(0, 256), percent, text };
    case 'pmerror':
      return { kind: 'error', package: subject.slice(0, 256), text };
    default:
      return { kind: 'conffile', path: subject.slice(0, 500) };
  }
}
