#!/usr/bin/env bash
# Builds the packages of a release into $BIN/packages, in place of those that are there. `make
# packages` calls it, from the top of the checkout, when it has made the man pages and completions,
# with VERSION, LDFLAGS and SOURCE_DATE_EPOCH in the environment. Arguments are the processors, as
# Go names them (default: all). From one commit, and by one version of Go, it makes the same bytes
# each time.
set -euo pipefail

readonly all=(amd64 arm64 arm mipsle)
: "${BIN:?}" "${VERSION:?}" "${LDFLAGS:?}" "${SOURCE_DATE_EPOCH:?}"
readonly out=$BIN/packages
STAGE=$(mktemp -d) # what goes into the packages
trap 'rm -rf "$STAGE"' EXIT
export BIN VERSION SOURCE_DATE_EPOCH STAGE

nfpm() { CGO_ENABLED=0 go tool -modfile=tools/nfpm/go.mod nfpm "$@"; }

# pack KIND ARCH FILE makes one package of what is staged.
pack() {
  PACKAGE_ARCH=$2 nfpm package --config packaging/nfpm.yaml --packager "$1" --target "$out/$3" \
    >/dev/null
}

# archive makes a tar.gz of what is staged, with its name as the folder.
archive() {
  local name=$1
  mkdir -p "$STAGE/$name/man"
  cp LICENSE README.md CHANGELOG.md packaging/systemd/wanstore.{service,default} \
    "$STAGE/wanstore" "$STAGE/$name"
  cp "$BIN"/man/* "$STAGE/$name/man"
  cp -r "$BIN/completions" "$STAGE/$name"
  tar --create --directory="$STAGE" --format=gnu --sort=name --owner=0 --group=0 --numeric-owner \
    --mode=u+rw,go=rX --mtime="@$SOURCE_DATE_EPOCH" "$name" | gzip -9n >"$out/$name.tar.gz"
}

build() {
  local goarch=$1 name=$1 arch=$1
  if [[ $goarch == arm ]]; then
    name=armv7 arch=arm7
  fi
  # Routers with MIPS have no floating point unit.
  CGO_ENABLED=0 GOOS=linux GOARCH=$goarch GOARM=7 GOMIPS=softfloat \
    go build -trimpath -ldflags="$LDFLAGS" -o "$STAGE/" ./cmd/wanstore
  pack deb "$arch" "wanstore_${VERSION}_$name.deb"
  pack rpm "$arch" "wanstore_${VERSION}_$name.rpm"
  # opkg's names of processors are those of boards: no name that Go knows fits them all.
  pack ipk all "wanstore_${VERSION}_$name.ipk"
  archive "wanstore_${VERSION}_linux_$name"
}

rm -rf "$out"
mkdir -p "$out" "$STAGE/man"
for page in "$BIN"/man/*; do
  gzip -9n <"$page" >"$STAGE/man/${page##*/}.gz"
done
[[ $# -gt 0 ]] || set -- "${all[@]}"
for arch in "$@"; do
  printf 'packages for %s\n' "$arch"
  build "$arch"
done
(cd "$out" && sha256sum -- wanstore_* >SHA256SUMS)
