/** Where programs are looked up, whatever PATH celeroot itself was started with. */
export const SEARCH_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The whole environment of every program celeroot starts: nothing is inherited, so that an `APT_CONFIG`, a locale or
 * a proxy of whoever started celeroot cannot change what a job does. Debconf, needrestart, apt-listchanges and ucf are
 * told that nobody is there to answer.
 */
export function programEnvironment(
  extra: Readonly<Record<string, string>> = {},
  searchPath: string = SEARCH_PATH,
): Record<string, string> {
  return {
    PATH: searchPath,
    HOME: '/root',
    LC_ALL: 'C.UTF-8',
    TERM: 'dumb',
    DEBIAN_FRONTEND: 'noninteractive',
    DEBIAN_PRIORITY: 'critical',
    APT_LISTCHANGES_FRONTEND: 'none',
    NEEDRESTART_MODE: 'l',
    NEEDRESTART_SUSPEND: '1',
    UCF_FORCE_CONFFOLD: '1',
    ...extra,
  };
}
