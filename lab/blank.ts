import { editText } from '../src/config/edit.ts';
import { removeHost } from '../src/config/host-edits.ts';
import { changeConfig } from '../src/config/write-config.ts';
import { CommandError, UsageError } from '../src/core/errors.ts';
import { configFile } from './fleet.ts';
import { runOnHost } from './host.ts';
import { addressOf, type LabHost } from './lab-host.ts';

const STRIP = `
systemctl disable --quiet --now celeroot-worker.service
rm -f /usr/local/bin/celeroot /etc/systemd/system/celeroot-worker.service
rm -rf /etc/celeroot /var/lib/celeroot
systemctl daemon-reload`;

/** Takes off a host what the lab has instead of the package, and who it was. */
export const STRIP_ARGV: readonly string[] = ['sh', '-euc', STRIP];

/**
 * The lab reaches nothing but this machine, so root needs no password. All of it is in the host's memory, and gone
 * with the next boot.
 */
const SERVE = `
passwd --quiet --delete root
mkdir -p -m 0755 /run/sshd /run/lab-ssh
test -e /run/lab-ssh/host_key || ssh-keygen -q -t ed25519 -N '' -f /run/lab-ssh/host_key
test -e /run/lab-ssh/pid && kill -0 "$(cat /run/lab-ssh/pid)" 2>/dev/null && exit 0
/usr/sbin/sshd -f /dev/null -o "ListenAddress=$1" -o HostKey=/run/lab-ssh/host_key -o PidFile=/run/lab-ssh/pid \
  -o PermitRootLogin=yes -o PermitEmptyPasswords=yes -o UsePAM=no`;

/**
 * Makes a host of the lab a machine that celeroot has never been on, with a real SSH server, and forgets it in
 * celeroot.yaml. Returns what to type to have it join.
 * @throws UsageError on a host without systemd, which cannot run the service.
 */
export async function blankHost(host: LabHost): Promise<string> {
  if (!host.state.systemd) {
    throw new UsageError('USAGE', `${host.name} does not boot systemd, and a host that joins needs it`, {
      hint: 'npm run lab -- down  and then  npm run lab -- up 3 --systemd',
    });
  }
  await mustRun(host, STRIP_ARGV);
  await mustRun(host, ['sh', '-euc', SERVE, 'sh', addressOf(host)]);
  await changeConfig(configFile(host.paths), {}, (text, config) =>
    [...config.hosts.keys()].some((name) => name === host.name) ? editText(text, removeHost(config, host.name)) : text,
  );
  return whatToType(host);
}

async function mustRun(host: LabHost, argv: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await runOnHost(host, argv);
  if (code !== 0) throw new CommandError('COMMAND_FAILED', `${host.name}: ${(stderr + stdout).trim()}`);
}

function whatToType(host: LabHost): string {
  const address = addressOf(host);
  return `
${host.name} is a machine that celeroot has never been on. root gets in by SSH without a password, from this machine only.
Type this in the folder you started the lab from:

# The package that the host will get; once, some minutes
  npm run build

# The host, and then the line that this prints; to SSH, which has not seen the host yet, say yes
  export CELEROOT_CONFIG=${configFile(host.paths)}
  ./celeroot hosts add ${host.name} --address ${address} --role webserver

# If SSH says that the host's key has changed, it remembers an earlier lab
  ssh-keygen -R ${address}
`;
}
