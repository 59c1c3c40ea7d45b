#!/usr/bin/env bash
# Builds the packages of a release, as `make packages` calls it: from the top of the checkout, with VERSION, LDFLAGS and
# SOURCE_DATE_EPOCH in the environment, and OUT for the folder, whose contents it replaces. Arguments are the processors, as Go
# names them (default: all). From one commit, and by one version of Go, it makes the same bytes each time.
set -euo pipefail

readonly all=(amd64 arm64 arm mipsle)
: "${VERSION:?}" "${LDFLAGS:?}" "${SOURCE_DATE_EPOCH:?}"
readonly out=${OUT:-bin/packages}
STAGE=$(mktemp -d) # what goes into the packages and is not in the checkout as it is
trap 'rm -rf "$STAGE"' EXIT
export VERSION SOURCE_DATE_EPOCH STAGE

nfpm() { CGO_ENABLED=0 go tool -modfile=tools/nfpm/go.mod nfpm "$@"; }

# pack KIND ARCH FILE makes one package of what is staged.
pack() { PACKAGE_ARCH=$2 nfpm package --config packaging/nfpm.yaml --packager "$1" --target "$out/$3" >/dev/null; }

# archive makes a tar.gz of files, with the name of the release as its folder.
archive() {
  local name=$1
  shift
  tar --create --format=gnu --sort=name --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw,a-s --mtime="@$SOURCE_DATE_EPOCH" \
    --transform "s,^\(.*/\)*,$name/," "$@" | gzip -9n >"$out/$name.tar.gz"
}

build() {
  local goarch=$1 name=$1 arch=$1
  # The floating point unit that all of ARMv7 that matter have, and that many routers with MIPS have not.
  if [[ $goarch == arm ]]; then
    name=armv7 arch=arm7
  fi
  CGO_ENABLED=0 GOOS=linux GOARCH=$goarch GOARM=7 GOMIPS=softfloat \
    go build -trimpath -ldflags="$LDFLAGS" -o "$STAGE/" ./cmd/wanstore
  pack deb "$arch" "wanstore_${VERSION}_$name.deb"
  pack rpm "$arch" "wanstore_${VERSION}_$name.rpm"
  # opkg's names of processors are those of boards: no name that Go knows fits them all.
  pack ipk all "wanstore_${VERSION}_$name.ipk"
  archive "wanstore_${VERSION}_linux_$name" "$STAGE/wanstore" LICENSE README.md CHANGELOG.md \
    packaging/systemd/wanstore.service packaging/systemd/wanstore.default
}

rm -rf "$out"
mkdir -p "$out"
[[ $# -gt 0 ]] || set -- "${all[@]}"
for arch in "$@"; do
  printf 'packages for %s\n' "$arch"
  build "$arch"
done
(cd "$out" && sha256sum -- wanstore_* >SHA256SUMS)
