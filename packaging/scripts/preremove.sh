#!/bin/sh
# Called with "remove" or "upgrade" by dpkg, with the number of versions that are left by rpm.
set -e

case "$1" in
remove | 0)
  if [ -d /run/systemd/system ]; then
    systemctl --no-reload disable --now wanstore.service || true
  elif command -v systemctl >/dev/null; then
    systemctl disable wanstore.service || true
  fi
  ;;
esac
