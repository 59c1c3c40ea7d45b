#!/bin/sh
# Prints the version of the checkout: that of its tag (v0.1.0 is 0.1.0), or what has been added since (0.1.0+5.g3c3abb3).
# It is a semantic version, and as one of Debian's it is newer than that of the tag. Without git it prints nothing.
set -eu

if described=$(git describe --tags --match 'v[0-9]*' --dirty=.dirty 2>/dev/null); then
  printf '%s\n' "$described" | sed 's/^v//; s/-\([0-9]*\)-g\([0-9a-f]*\)/+\1.g\2/; /+/!s/\.dirty$/+dirty/'
elif commit=$(git describe --always --dirty=.dirty 2>/dev/null); then
  printf '0.0.0+g%s\n' "$commit"
fi
