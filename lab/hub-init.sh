#!/bin/sh
# PID 1 of a lab's hub: the namespace that has the bridge, Redis and the package repository.
# Arguments: the mark by which the lab finds this process again, and the hub's address with its prefix length.
set -eu
mark=$1 address=$2

mount -t proc proc /proc
echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null || true
ip link set lo up
# Made from the address, so that no neighbour holds a stale one after a host's link joins or leaves the bridge.
mac=$(printf '02:00:%02x:%02x:%02x:%02x' $(echo "${address%/*}" | tr . ' '))
ip link add name lab0 address "$mac" type bridge
ip address add "$address" dev lab0
ip link set lab0 up

# The kernel reaps for a PID 1 that ignores SIGCHLD.
echo ready >&3
exec env -i "CELEROOT_LAB_PLACE=$mark" env --ignore-signal=CHLD sleep infinity 3>&-
