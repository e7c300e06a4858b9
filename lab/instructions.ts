import { configFile } from './fleet.ts';
import type { LabPaths } from './paths.ts';
import type { LabState } from './state.ts';

type Chapter = { readonly says: string; readonly commands: readonly string[] };

/** What to type next: one tour of what celeroot does, with what is to be seen. test/hosts/ types all of it. */
export function instructions(paths: LabPaths, state: LabState): string {
  const chapters = tour(paths, state).map(({ says, commands }) =>
    [`# ${says}`, ...commands.map((command) => `  ${command}`)].join('\n'),
  );
  const [first = '', last = ''] = [state.hosts[0], state.hosts.at(-1)];
  const hosts = first === last ? `Host ${first} is` : `Hosts ${first} to ${last} are`;
  return `
${hosts} up: Debian, each with a worker. Type this in the folder you started the lab from.

${chapters.join('\n\n')}
`;
}

/** The commands of the tour, in their order. */
export function tour(paths: LabPaths, state: LabState): Chapter[] {
  const host = state.hosts.at(1) ?? state.database;
  const name = paths.name === 'default' ? [] : [`export CELEROOT_LAB_NAME=${paths.name}`];
  return [
    {
      says: 'The fleet, and what it can be asked',
      commands: [`export CELEROOT_CONFIG=${configFile(paths)}`, ...name, './celeroot hosts ls', './celeroot tasks ls'],
    },
    {
      says: 'Install on all hosts of a role; the second time nothing changes',
      commands: [
        './celeroot apt update --role webserver',
        './celeroot apt install hello-lab lab-web --role webserver',
        './celeroot apt install hello-lab lab-web --role webserver',
      ],
    },
    {
      says: 'Newer versions appear; a full upgrade would remove lab-engine1, so it does nothing until you name it',
      commands: [
        'npm run -s lab -- publish updates',
        './celeroot apt update --role webserver',
        './celeroot apt upgrade --mode full --role webserver --dry-run',
        './celeroot apt upgrade --mode full --role webserver --allow-remove lab-engine1',
      ],
    },
    {
      says: `Without its worker ${host} is offline and its job waits; the run is complete when the worker is back`,
      commands: [
        `npm run -s lab -- worker stop ${host}`,
        './celeroot hosts ls',
        './celeroot apt install lab-app --role webserver',
        `npm run -s lab -- worker start ${host}`,
        './celeroot runs show latest --follow',
      ],
    },
    {
      says: `kill -9 of ${host}'s worker in the middle of an install of 15 seconds: apt goes on, the result is told once`,
      commands: [
        './celeroot apt install lab-slow --role webserver --detach',
        `npm run -s lab -- sh ${host} sh -c 'until dpkg -s lab-slow 2>&1 | grep half-configured; do sleep 1; done'`,
        `npm run -s lab -- worker kill ${host}`,
        `npm run -s lab -- sh ${host} ps -ef`,
        `npm run -s lab -- worker start ${host}`,
        './celeroot runs show latest --follow',
        `npm run -s lab -- sh ${host} dpkg --audit`,
        `npm run -s lab -- sh ${host} dpkg -l lab-slow`,
      ],
    },
    {
      says: 'A shell on a host; all hosts as new; the end of the lab (docs/lab.md has more)',
      commands: [`npm run -s lab -- sh ${host}`, 'npm run -s lab -- reset', 'npm run -s lab -- down'],
    },
  ];
}
