#!/bin/bash
# Starts systemd as the first process of namespaces of its own, on a copy of this machine's files
# that is thrown away, and runs testdata/visit.sh in it: unshare -m -p -f -i -u -C -n machine.sh
# FOLDER. FOLDER is on a file system of its own that can be written, has visit.sh and the packages
# in it, and gets what the visit finds out. It ends with 77 where the kernel lets nobody do that.
set -eu

readonly folder=$1 root=$1/root

prepare() {
  mount --make-rprivate /
  local disk=$folder/disk
  mkdir -p "$root" "$disk"
  mount -t tmpfs disk "$disk"
  mkdir -p "$disk/changed" "$disk/work"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$disk/changed,workdir=$disk/work" "$root"
  mount -t proc proc "$root/proc"
  mount -t sysfs sysfs "$root/sys"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs tmpfs "$root/run"
  mount -t tmpfs tmpfs "$root/tmp"
  mkdir -p "$root/run/visit" "$root/run/changed" "$root/run/old" "$root/run/systemd/system"
  mount --bind "$folder" "$root/run/visit"
  mount --bind "$disk/changed" "$root/run/changed"
}

prepare || exit 77
cat >"$root/run/systemd/system/visit.service" <<UNIT
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
ExecStart=/bin/bash /run/visit/visit.sh
ExecStopPost=/bin/systemctl --no-block exit
UNIT
cat >"$root/run/systemd/system/visit.target" <<UNIT
[Unit]
DefaultDependencies=no
Wants=visit.service
AllowIsolate=yes
UNIT
cd "$root"
pivot_root . run/old || exit 77
cd /
umount -l /run/old
mount --make-shared /
exec env -i container=docker PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system --unit=visit.target --show-status=0 --log-target=console \
  --log-level=err
