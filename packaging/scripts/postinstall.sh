#!/bin/sh
# Called with "configure" and the version that was there by dpkg, with the number of installed
# versions by rpm.
set -e

if ! getent passwd wanstore >/dev/null; then
  useradd --system --user-group --home-dir /var/lib/wanstore --no-create-home \
    --shell /usr/sbin/nologin wanstore
fi
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  # After an upgrade the new program goes on. Where nothing was recorded, nothing is.
  systemctl try-restart wanstore.service || true
fi
if [ "$1" = 1 ] || { [ "$1" = configure ] && [ -z "$2" ]; }; then
  echo 'wanstore: nothing is recorded yet, "systemctl enable --now wanstore" begins'
fi
