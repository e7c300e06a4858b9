import type { FleetConfig, Host } from '../config/fleet-config.ts';
import { needsPassword, PASSWORD_FILE } from '../config/worker-file.ts';
import { quoteWord } from '../core/quote-word.ts';
import { PROGRAM_FOLDER } from '../host/program-archive.ts';
import { WORKER_UNIT } from '../host/worker-unit.ts';

/** Where a host keeps its worker file; the unit file names it. */
const FOLDER = '/etc/celeroot';

/** Something to type, and what it is for. */
export type ShellStep = { readonly what: string; readonly command: string };

/**
 * What an administrator types to bring celeroot to a host. celeroot never connects by SSH itself, and nothing secret
 * is on these command lines. `celeroot` is how this celeroot is called, with `--config` where it is needed.
 */
export function joinSteps(config: FleetConfig, host: Host, celeroot: string): readonly ShellStep[] {
  const ssh = sshTo(host);
  const password = {
    what: 'give it the password of Redis, which is in no file made here: type it, Enter, Ctrl-D',
    command: `${ssh} 'umask 077 && cat > ${FOLDER}/${PASSWORD_FILE}'`,
  };
  return [
    {
      what: 'copy the program',
      command: `${celeroot} program | ${ssh} 'mkdir -p ${PROGRAM_FOLDER} && tar -xz -C ${PROGRAM_FOLDER}'`,
    },
    workerFileStep(host, celeroot),
    ...(needsPassword(config.broker) ? [password] : []),
    {
      what: 'let it make its key, and record the public half: its reports are believed by it',
      command: `${ssh} '${PROGRAM_FOLDER}/celeroot host-key' | ${celeroot} hosts accept ${host.name}`,
    },
    {
      what: `start the worker (without systemd: ${PROGRAM_FOLDER}/celeroot worker ${FOLDER}/worker.yaml)`,
      command: `${ssh} 'systemctl enable --now ${PROGRAM_FOLDER}/${WORKER_UNIT}'`,
    },
    { what: 'look whether it is there', command: `${celeroot} hosts ${host.name}` },
  ];
}

/** What brings a change of its roles, or of their settings, to a host. */
export function refreshSteps(host: Host, celeroot: string): readonly ShellStep[] {
  const restart = `${sshTo(host)} 'systemctl restart ${WORKER_UNIT}'`;
  return [workerFileStep(host, celeroot), { what: 'let the worker read it; what it does goes on', command: restart }];
}

/** What is left on a host that was taken out of the configuration, and how to end it. */
export function leaveSteps(host: Host): readonly ShellStep[] {
  const ssh = sshTo(host);
  return [
    { what: 'stop the worker', command: `${ssh} 'systemctl disable --now ${WORKER_UNIT}'` },
    {
      what: 'remove celeroot, what it was told, and its record of jobs',
      command: `${ssh} 'rm -rf ${PROGRAM_FOLDER} ${FOLDER} /var/lib/celeroot'`,
    },
  ];
}

/** Why hosts elsewhere cannot reach this Redis; null when they may. */
export function unreachableBroker({ broker, file }: FleetConfig): string | null {
  const { endpoint } = broker;
  const mend = `name one they reach under broker: in ${file} (celeroot config explain broker)`;
  if (endpoint.kind === 'socket')
    return `this fleet’s Redis is a socket of this machine, which no other host reaches; ${mend}`;
  const nodes = endpoint.kind === 'tcp' ? [endpoint.node] : endpoint.nodes;
  if (!nodes.every(({ host }) => /^(localhost|127\..*|::1)$/.test(host))) return null;
  return `this fleet’s Redis is at ${nodes[0]?.host ?? ''}, which is each host itself; ${mend}`;
}

function workerFileStep(host: Host, celeroot: string): ShellStep {
  const write = `install -d -m 0700 ${FOLDER} && umask 077 && cat > ${FOLDER}/worker.yaml`;
  return {
    what: 'tell it who it is and whom to obey',
    command: `${celeroot} hosts worker-file ${host.name} | ${sshTo(host)} '${write}'`,
  };
}

function sshTo({ address }: Host): string {
  return `ssh ${quoteWord(`root@${address}`)}`;
}
