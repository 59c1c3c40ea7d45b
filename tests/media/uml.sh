#!/bin/sh
# Runs the tests of this folder in a User-mode Linux, whose kernel has file systems that this
# machine's may lack:
#
#   tests/media/uml.sh [PATTERN]
#
# As root, with Debian's user-mode-linux, kmod, dosfstools, exfatprogs, exfat-fuse and f2fs-tools.
# It sees the files of this machine and cannot change them: what it makes lies in its memory.
set -eu

if [ $$ -eq 1 ]; then # the first process of that Linux, which ends with it
  export PATH=/usr/sbin:/usr/bin:/sbin:/bin TMPDIR=/mnt
  mount -t proc proc /proc
  mount -t tmpfs tmpfs /mnt
  mount -t tmpfs tmpfs /run # where mount takes notes
  for module in loop fat vfat nls_cp437 nls_ascii nls_utf8 nls_iso8859-1 fuse overlay \
    crc32_generic lz4_compress lz4hc_compress f2fs; do
    insmod "$(find "/usr/lib/uml/modules/$(uname -r)" -name "$module.ko")" || echo "no $module"
  done
  cd "$WANSTORE_UML_DIR"
  ./media.test -test.v -test.run "$WANSTORE_UML_RUN" || true
  echo o >/proc/sysrq-trigger
  sleep 60
fi

script=$(realpath "$0")
cd "$(dirname "$script")"
WANSTORE_UML_DIR=$(mktemp -d)
trap 'rm -rf "$WANSTORE_UML_DIR"' EXIT
CGO_ENABLED=0 go test -c -o "$WANSTORE_UML_DIR/media.test" .
linux.uml mem=1500M rootfstype=hostfs rootflags=/ ro con=null con0=fd:0,fd:1 "init=$script" \
  "WANSTORE_UML_DIR=$WANSTORE_UML_DIR" "WANSTORE_UML_RUN=${1:-.}" </dev/null |
  tee "$WANSTORE_UML_DIR/log"
grep -q '^PASS' "$WANSTORE_UML_DIR/log"
