import { ConfigError } from '../src/core/errors.ts';
import { run } from './run-command.ts';

/**
 * The Debian mirror this machine uses for a release, as apt itself understands its sources.
 * `CELEROOT_LAB_MIRROR` wins, for machines that follow another release.
 */
export async function findMirror(release: string): Promise<string> {
  const chosen = process.env['CELEROOT_LAB_MIRROR'];
  if (chosen !== undefined && chosen !== '') return chosen;
  const format = '$(RELEASE) $(COMPONENT) $(REPO_URI)';
  const targets = await run(['apt-get', 'indextargets', '--format', format, 'Created-By: Packages']);
  for (const line of targets.split('\n')) {
    const [of, component, uri] = line.split(' ');
    if (of === release && component === 'main' && uri !== undefined) return uri;
  }
  throw new ConfigError('CONFIG_INVALID', `no apt source of this machine has ${release} main`, {
    hint: `name a Debian mirror that has it: CELEROOT_LAB_MIRROR=http://… npm run lab -- up`,
  });
}
