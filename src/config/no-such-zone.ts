import { didYouMean } from '../core/close-matches.ts';

/** What to say of a time zone that is not there. */
export function noSuchZone(name: string): string {
  const known = Intl.supportedValuesOf('timeZone');
  return `there is no time zone ${name}; ${didYouMean(name, known, 'for example Europe/Amsterdam or UTC')}`;
}
