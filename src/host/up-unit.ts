import type { Argv } from '../core/step.ts';
import { programUnit } from './program-unit.ts';

export const UP_UNIT = 'celeroot-up.service';
/** Where the administrator's own units are, systemd.unit(5). */
export const UP_UNIT_FILE = `/etc/systemd/system/${UP_UNIT}`;

export type UpUnit = {
  /** Program and first arguments that start this celeroot again. */
  readonly self: Argv;
  /** Absolute, like the folder. */
  readonly configFile: string;
  readonly host: string;
  readonly stateDir: string;
};

/**
 * The unit that starts this machine's embedded Redis and its worker when the machine has booted. Both run in units of
 * their own, so this one is over once they are there; `celeroot down` stops them.
 */
export function upUnit({ self, configFile, host, stateDir }: UpUnit): string {
  const [program, ...args] = [...self, '--config', configFile, 'up', '--only-start', '--host', host];
  return programUnit({
    description: 'Redis and worker of this machine, as celeroot up starts them',
    // systemd puts variables into arguments; $$ is a plain $.
    start: [program, ...args.map((arg) => arg.replaceAll('$', '$$$$'))].map(unitWord).join(' '),
    file: configFile.replaceAll('%', '%%'),
    service: [
      'Type=oneshot',
      // An address at which Redis is to listen may come after the network is said to be there.
      'Restart=on-failure',
      'RestartSec=5',
      `Environment=${unitWord(`CELEROOT_STATE_DIR=${stateDir}`)}`,
    ],
  });
}

/** A word as systemd.syntax(7) reads it whole: JSON's escapes in quotes are among those of C that it knows. */
function unitWord(word: string): string {
  const plain = word.replaceAll('%', '%%');
  return /^[\w@%+=:,./$-]+$/.test(plain) ? plain : JSON.stringify(plain);
}
