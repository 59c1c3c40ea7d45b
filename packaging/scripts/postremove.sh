#!/bin/sh
# Called with "remove", "purge" and others by dpkg, with the number of versions that are left by
# rpm.
set -e

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
# A history cannot be had back, so it is left to whom it belongs, and so is the user that owns it.
if [ "$1" = purge ] && [ -d /var/lib/wanstore ]; then
  echo 'wanstore: the history in /var/lib/wanstore was left there'
fi
