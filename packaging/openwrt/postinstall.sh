#!/bin/sh
# Nothing runs where an image is being built.
[ -z "$IPKG_INSTROOT" ] || exit 0

# opkg cannot tell: its names of processors are those of boards, and the package is for all of a
# kind.
if ! /usr/bin/wanstore version >/dev/null 2>&1; then
  echo 'wanstore: this package is for another processor, remove it and install the right one' >&2
  exit 1
fi
# After an upgrade the new program goes on. Where nothing was recorded, nothing is.
if /etc/init.d/wanstore enabled; then
  /etc/init.d/wanstore restart
else
  echo 'wanstore: nothing is recorded yet, "service wanstore enable; service wanstore start" begins'
fi
