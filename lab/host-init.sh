#!/bin/sh
# PID 1 of a lab host, in new mount, network, PID, UTS and IPC namespaces, until it becomes what the host runs as
# PID 1. All mounts are made in the host's own mount namespace: they vanish with its last process.
# Arguments: boot (`plain` or `systemd`), place (the host's folder, also the mark by which the lab finds it), base (root
# file system below the overlay), opt and node (celeroot and its Node), hub (process whose network namespace has the
# bridge), port (name of the host's link there), address (with prefix length), name, and without (capabilities root
# lacks on the host).
set -eu
boot=$1 place=$2 base=$3 opt=$4 node=$5 hub=$6 port=$7 address=$8 name=$9 without=${10}

# Through the machine's /proc, which still shows the hub's process.
nsenter --net="/proc/$hub/ns/net" ip link delete "$port" 2>/dev/null || true
# Made from the address, so that no neighbour holds a stale one after the host's next start.
mac=$(printf '02:00:%02x:%02x:%02x:%02x' $(echo "${address%/*}" | tr . ' '))
ip link add name eth0 address "$mac" type veth peer name "$port" netns "/proc/$hub/ns/net"
nsenter --net="/proc/$hub/ns/net" ip link set "$port" master lab0 up
echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null || true
ip link set lo up
ip address add "$address" dev eth0
ip link set eth0 up
hostname "$name"

mount -t overlay -o "lowerdir=$base,upperdir=$place/upper,workdir=$place/work" overlay "$place/root"
cd "$place/root"
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t tmpfs -o mode=755,nosuid,size=4m tmpfs dev
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs tmp
for device in null:3 zero:5 full:7 random:8 urandom:9; do
  mknod -m 666 "dev/${device%:*}" c 1 "${device#*:}"
done
mknod -m 666 dev/tty c 5 0
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,mode=620,ptmxmode=666,gid=5,nosuid,noexec devpts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mkdir -p run/lock

# A host must not change the machine's kernel, and each start of it is a boot of its own.
for file in proc/sys proc/sysrq-trigger; do
  test -e "$file" || continue
  mount --bind "$file" "$file"
  mount -o remount,bind,ro "$file"
done
cat proc/sys/kernel/random/uuid >run/boot-id
mount --bind run/boot-id proc/sys/kernel/random/boot_id

mount --bind "$opt" opt/celeroot
mount --bind "$node" opt/celeroot/node
mount -o remount,bind,ro opt/celeroot
mount -o remount,bind,ro opt/celeroot/node

if [ "$boot" = systemd ]; then mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup; fi

pivot_root . .
umount -l .
cd /

echo ready >&3
mark=CELEROOT_LAB_PLACE=$place
if [ "$boot" = systemd ]; then
  exec env -i container=celeroot-lab "$mark" setpriv --bounding-set "$without" /lib/systemd/systemd 3>&-
fi
# The kernel reaps for a PID 1 that ignores SIGCHLD.
exec env -i "$mark" setpriv --bounding-set "$without" env --ignore-signal=CHLD sleep infinity 3>&-
