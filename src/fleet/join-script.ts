import type { FleetName, HostName } from '../core/names.ts';
import { quoteWord } from '../core/quote-word.ts';
import { VERSION } from '../core/version.ts';

/** The Debian package that travels inside a script. */
export type JoiningPackage = { readonly sha256: string; readonly bytes: number };

export type JoinScriptParts = {
  readonly fleet: FleetName;
  readonly host: HostName;
  /** The whole /etc/celeroot/worker.yaml. */
  readonly workerFile: string;
  /** Null: celeroot must be installed there already. */
  readonly package: JoiningPackage | null;
  /** The name that the machine may have had until now. */
  readonly renamedFrom: HostName | null;
  /** Whether the host makes a new key and a new password even if it has them. */
  readonly newSecrets: boolean;
  /** Whether the host uses the fleet's password of Redis, which must be there already. */
  readonly sharedPassword: boolean;
};

/** A script around the package: between the two parts goes the package in base64, when there is one. */
export type JoinScript = { readonly head: string; readonly tail: string };

/**
 * The script that makes a machine a host of the fleet, for a POSIX shell; an administrator reads it before it runs as
 * root. The shell takes its last command as a whole before it begins it, so a script that was cut off does nothing.
 */
export function renderJoinScript(parts: JoinScriptParts): JoinScript {
  const functions = [
    REQUIRE_MACHINE,
    REQUIRE_NAME,
    ...(parts.sharedPassword ? [REQUIRE_PASSWORD] : []),
    parts.package === null ? REQUIRE_CELEROOT : INSTALL_CELEROOT,
    REQUIRE_RESTART,
    writeWorkerFile(parts.workerFile),
    ANSWER,
    USE_WORKER_FILE,
    START_WORKER,
    mainFunction(parts),
  ];
  const head = [introduction(parts), settings(parts), ...functions].join('\n');
  if (parts.package === null) return { head: `${head}\nmain </dev/null\n`, tail: '' };
  const note =
    '# The package, in base64. A shell takes all of this before it begins, so a script that was cut off does nothing.';
  return { head: `${head}\n${note}\n{\nmain <<'${PACKAGE_END}'\n`, tail: `${PACKAGE_END}\n}\n` };
}

const PACKAGE_END = 'END_OF_PACKAGE';

function introduction({ fleet, host, package: carried }: JoinScriptParts): string {
  return `#!/bin/sh
# Makes this machine the host ${host} of the celeroot fleet ${fleet}.
# Written by: celeroot hosts join ${host} (celeroot ${VERSION}). It is meant for:
#
#   celeroot hosts join ${host} | ssh root@MACHINE sh | celeroot hosts accept ${host}
#
# What it does, each step a function below:
#   1. looks whether this is a Debian or Ubuntu with systemd, and not another host already
#   2. ${carried === null ? 'looks whether celeroot is installed' : 'installs the package celeroot that is at the end of this script, unless it is there'}
#   3. writes /etc/celeroot/worker.yaml.new: who this host is, whom it obeys, where Redis is
#   4. has celeroot make the host’s key and its password for Redis; neither leaves this machine
#   5. puts that file in the place of /etc/celeroot/worker.yaml
#   6. enables and starts celeroot-worker.service
#   7. prints one line for  celeroot hosts accept : the public key, and the digest of the password
#
# Nothing in it is secret. Standard output is for that one line; everything else goes to standard error.
# Run again, it changes only what differs.
`;
}

function settings(parts: JoinScriptParts): string {
  const { fleet, host, package: carried, renamedFrom, newSecrets } = parts;
  return `set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
DEBIAN_FRONTEND=noninteractive
NEEDRESTART_MODE=l
export PATH DEBIAN_FRONTEND NEEDRESTART_MODE

FLEET=${quoteWord(fleet)}
HOST=${quoteWord(host)}
RENAMED_FROM=${quoteWord(renamedFrom ?? '')}
VERSION=${quoteWord(VERSION)}
${carried === null ? '' : `PACKAGE_SHA256=${quoteWord(carried.sha256)}\n`}SECRETS=${quoteWord(newSecrets ? '--new-secrets' : '')}
SETTINGS=/etc/celeroot
RESTART_DUE=/run/celeroot-worker.restart-due

say() {
  echo "$HOST: $1" >&2
}

fail() {
  echo "$HOST: error: $1" >&2
  exit 1
}
`;
}

const REQUIRE_MACHINE = `require_fit_machine() {
  [ "$(id -u)" = 0 ] || fail 'this needs root: … | ssh root@MACHINE sh | …'
  [ -e /etc/debian_version ] && command -v apt-get >/dev/null || fail 'this is neither Debian nor Ubuntu'
  [ -d /run/systemd/system ] || fail 'systemd does not run here, and the worker is a service of it'
}
`;

const REQUIRE_NAME = `# A machine is one host of one fleet.
require_own_name() {
  [ -e "$SETTINGS/worker.yaml" ] || return 0
  fleet=$(sed -n 's/^fleet: *//p' "$SETTINGS/worker.yaml" | tr -d "\\"'")
  host=$(sed -n 's/^host: *//p' "$SETTINGS/worker.yaml" | tr -d "\\"'")
  [ "$fleet" = "$FLEET" ] ||
    fail "this machine is the host $host of the fleet $fleet; to take it out there: apt-get purge celeroot"
  [ "$host" = "$HOST" ] || [ "$host" = "$RENAMED_FROM" ] ||
    fail "this machine is the host $host already; if it shall be called $HOST, on the controller: celeroot hosts rm $HOST ; celeroot hosts rename $host $HOST, and the line that this prints; where $host is in the file no more: celeroot hosts join $HOST --rename $host | …"
}
`;

const REQUIRE_PASSWORD = `# The hosts of this fleet share one password, which is in no script.
require_password() {
  [ -s "$SETTINGS/redis.password" ] || fail "the password of Redis is not in $SETTINGS/redis.password yet"
}
`;

const REQUIRE_CELEROOT = `require_celeroot() {
  command -v celeroot >/dev/null ||
    fail "celeroot is not installed: install its package, or leave out --without-package"
  installed=$(celeroot --version)
  [ "$installed" = "$VERSION" ] || say "celeroot $installed is installed here; the controller has $VERSION"
}
`;

const INSTALL_CELEROOT = `# Installs what is read from standard input, unless that version or a newer one is there.
install_celeroot() {
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  trap 'exit 1' HUP INT TERM
  package=$folder/celeroot.deb
  base64 -d >"$package"
  echo "$PACKAGE_SHA256  $package" | sha256sum --check --status || fail 'the package arrived damaged'
  version=$(dpkg-deb --field "$package" Version)
  architecture=$(dpkg-deb --field "$package" Architecture)
  [ "$architecture" = "$(dpkg --print-architecture)" ] ||
    fail "the package is for $architecture; for this machine: hosts join $HOST --arch $(dpkg --print-architecture)"
  installed=$(dpkg-query --show --showformat '\${db:Status-Abbrev}\${Version}' celeroot 2>/dev/null) || installed=
  case $installed in
    ii*)
      if dpkg --compare-versions "\${installed#ii }" ge "$version"; then
        say "celeroot \${installed#ii } is installed already"
        return 0
      fi
      ;;
  esac
  say "installing celeroot $version"
  require_restart
  # apt reads the file as a user of its own.
  chmod 0755 "$folder"
  chmod 0644 "$package"
  apt_install "$package" || { apt-get update -q >&2 && apt_install "$package"; } ||
    fail 'the package could not be installed; see what apt says above'
}

apt_install() {
  apt-get install -q --yes --no-install-recommends -o DPkg::Lock::Timeout=300 "$1" >&2
}
`;

const REQUIRE_RESTART = `# A worker that runs has begun with what is changed now. It is noted for the next run of this too, if this one fails.
require_restart() {
  touch "$RESTART_DUE"
}
`;

function writeWorkerFile(text: string): string {
  const end = delimiterFor(text);
  return `write_worker_file() {
  install -d -m 0700 "$SETTINGS"
  (umask 077 && cat >"$SETTINGS/worker.yaml.new") <<'${end}'
${text.endsWith('\n') ? text : `${text}\n`}${end}
}
`;
}

/** A line that ends a here-document and is not in it. */
function delimiterFor(text: string): string {
  const lines = new Set(text.split('\n'));
  let delimiter = 'END_OF_WORKER_FILE';
  while (lines.has(delimiter)) delimiter += '_';
  return delimiter;
}

const ANSWER = `# The private key and the password are made here, mode 0600, and stay here.
make_answer() {
  [ -z "$SECRETS" ] || require_restart
  celeroot join-answer "$SETTINGS/worker.yaml.new" $SECRETS
}
`;

const USE_WORKER_FILE = `use_worker_file() {
  if cmp -s "$SETTINGS/worker.yaml.new" "$SETTINGS/worker.yaml"; then
    rm "$SETTINGS/worker.yaml.new"
    return 0
  fi
  require_restart
  sync "$SETTINGS/worker.yaml.new"
  mv -f "$SETTINGS/worker.yaml.new" "$SETTINGS/worker.yaml"
  say "wrote $SETTINGS/worker.yaml"
}
`;

const START_WORKER = `start_worker() {
  systemctl enable --quiet celeroot-worker.service >&2
  if [ -e "$RESTART_DUE" ]; then
    systemctl restart celeroot-worker.service >&2
    rm -f "$RESTART_DUE"
  else
    systemctl start celeroot-worker.service >&2
  fi
  say 'the worker runs'
}
`;

function mainFunction({ sharedPassword, package: carried }: JoinScriptParts): string {
  return `main() {
  require_fit_machine
  require_own_name
${sharedPassword ? '  require_password\n' : ''}  ${carried === null ? 'require_celeroot' : 'install_celeroot'}
  write_worker_file
  answer=$(make_answer)
  use_worker_file
  start_worker
  echo "$answer"
}
`;
}
