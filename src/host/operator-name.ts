import { hostname, userInfo } from 'node:os';

/** `user@machine` of whoever runs this process. */
export function operatorName(): string {
  return `${userName()}@${hostname()}`;
}

/** The operator's own name also under sudo; a uid without a passwd entry has none. */
function userName(): string {
  const sudoUser = process.env['SUDO_USER'];
  if (sudoUser !== undefined && sudoUser !== '') return sudoUser;
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
