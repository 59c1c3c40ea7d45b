#!/bin/sh
# Prints the version of the checkout that it is called in: that of the tag (v0.1.0 is 0.1.0), or
# what has been added since (0.1.0+5.g3c3abb3). Where there are no tags it is that of CHANGELOG.md,
# with the commit if there is git. It is a semantic version, and as one of Debian's it is newer than
# that of the tag.
set -eu

if described=$(git describe --tags --match 'v[0-9]*' --dirty=.dirty 2>/dev/null); then
  printf '%s\n' "$described" |
    sed 's/^v//; s/-\([0-9]*\)-g\([0-9a-f]*\)/+\1.g\2/; /+/!s/\.dirty$/+dirty/'
  exit
fi
newest=$(sed -n 's/^## \[\([0-9][^]]*\)\].*/\1/p' CHANGELOG.md | head -n 1)
commit=$(git describe --always --dirty=.dirty 2>/dev/null) || commit=
printf '%s\n' "$newest${commit:++g$commit}"
