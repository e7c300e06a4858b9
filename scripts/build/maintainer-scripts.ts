import { SCHEDULER_UNIT } from '../../src/host/scheduler-unit.ts';
import { WORKER_UNIT } from '../../src/host/worker-unit.ts';

/**
 * What dpkg runs. All of it works in a chroot without systemd, and through deb-systemd-invoke obeys an administrator's
 * policy-rc.d. An upgrade restarts the worker only, which leaves apt at work alone: that runs in units of its own.
 * What a host was told (its worker file and password) and its record of jobs go with `purge`, not with `remove`. What a
 * controller keeps in the same folder is nobody's but its administrator's: a root key is not there twice.
 */
export const MAINTAINER_SCRIPTS: Readonly<Record<'postinst' | 'prerm' | 'postrm', string>> = {
  postinst: `#!/bin/sh
set -e
case "$1" in
  configure | abort-upgrade | abort-deconfigure | abort-remove)
    deb-systemd-helper unmask ${WORKER_UNIT} >/dev/null || true
    # What the administrator has disabled stays so.
    if deb-systemd-helper --quiet was-enabled ${WORKER_UNIT}; then
      deb-systemd-helper enable ${WORKER_UNIT} >/dev/null || true
    else
      deb-systemd-helper update-state ${WORKER_UNIT} >/dev/null || true
    fi
    # Who wants a controller enables it; what that made is taken away with the package.
    deb-systemd-helper update-state ${SCHEDULER_UNIT} >/dev/null || true
    if [ -d /run/systemd/system ]; then
      systemctl --system daemon-reload >/dev/null || true
      deb-systemd-invoke restart ${WORKER_UNIT} >/dev/null || true
      # One that runs goes on with the new program.
      if systemctl --quiet is-active ${SCHEDULER_UNIT}; then
        deb-systemd-invoke restart ${SCHEDULER_UNIT} >/dev/null || true
      fi
    fi
    ;;
esac
`,
  prerm: `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop ${WORKER_UNIT} ${SCHEDULER_UNIT} >/dev/null || true
fi
`,
  postrm: `#!/bin/sh
set -e
if [ "$1" = purge ]; then
  deb-systemd-helper purge ${WORKER_UNIT} ${SCHEDULER_UNIT} >/dev/null || true
  rm -f /etc/celeroot/worker.yaml /etc/celeroot/worker.yaml.new /etc/celeroot/redis.password
  rmdir --ignore-fail-on-non-empty /etc/celeroot 2>/dev/null || true
  rm -rf /var/lib/celeroot
fi
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
fi
`,
};
