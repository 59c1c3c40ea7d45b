#!/bin/bash
# The life of the packages on a machine with systemd: what each step says goes to a file of its
# name, its exit code to NAME.code.
cd /run/visit || exit

keep() {
  local name=$1
  shift
  "$@" >"$name" 2>&1
  echo $? >"$name.code"
}
as() { setpriv --reuid nobody --regid "$1" --clear-groups "${@:2}"; }
property() { systemctl show --value --property="$1" wanstore; }
state() { systemctl show wanstore --property=ActiveState,MainPID,Result,StatusText,UnitFileState; }
# recorded waits for echoes and for rates: what the unit has to leave the program for them differs.
recorded() {
  local summary=
  until grep -q '^cable  *wanctl_rtt_ms ' <<<"$summary" &&
    grep -q '^cable  *wanctl_rate_download_mbps ' <<<"$summary"; do
    ((SECONDS < deadline)) || break
    summary=$(wanstore history --db "$db" --last 1m --summary 2>&1)
  done
  echo "$summary"
}

# hang stops the program where it stands. systemd is to notice that it hears no more of it, and to
# start it again.
hang() {
  local settings=/etc/systemd/system/wanstore.service.d/impatient.conf
  mkdir -p "${settings%/*}"
  printf '[Service]\nWatchdogSec=2s\nRestartSec=100ms\n' >"$settings"
  systemctl daemon-reload
  systemctl restart wanstore
  kill -STOP "$(property MainPID)"
  until [[ $(property NRestarts) -gt 0 && $(property ActiveState) == active ]]; do
    ((SECONDS < deadline)) || return 1
  done
  rm -r "${settings%/*}"
  systemctl daemon-reload
  journalctl --unit=wanstore --no-pager --output=cat
}

db=/var/lib/wanstore/metrics.db
deadline=$((SECONDS + 120))
systemctl start systemd-journald
ip link set lo up

keep install dpkg --install wanstore.deb
keep installed state
echo 'WANSTORE_OPTS="--target 127.0.0.1 --wan cable"' >>/etc/default/wanstore
keep start systemctl enable --now wanstore
keep started state
keep rights grep -E '^(CapEff|NoNewPrivs|Seccomp):' "/proc/$(property MainPID)/status"
keep recorded recorded
keep health wanstore health
keep files find /var/lib/wanstore -printf '%M %u:%g %p\n'
keep member as wanstore wanstore status --db "$db"
keep stranger as nogroup wanstore status --db "$db"
keep log journalctl --unit=wanstore --no-pager --output=cat
keep verify systemd-analyze verify wanstore.service
keep hang hang
keep upgrade dpkg --install wanstore.deb
keep upgraded state
keep remove dpkg --remove wanstore
keep removed state
keep left find /run/changed -path '*wanstore*' -type f -printf '/%P\n'
keep purge dpkg --purge wanstore
keep purged find /run/changed -path '*wanstore*' -type f -printf '/%P\n'
if command -v rpm >/dev/null; then
  keep rpm-install rpm --install --nodeps wanstore.rpm
  keep rpm-start systemctl enable --now wanstore
  keep rpm-upgrade rpm --upgrade --force --nodeps wanstore.rpm
  keep rpm-upgraded state
  keep rpm-remove rpm --erase wanstore
  keep rpm-removed state
fi
cp "$db" metrics.db
touch finished
