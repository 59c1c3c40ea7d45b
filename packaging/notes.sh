#!/bin/sh
# Prints what CHANGELOG.md says of a version, and fails where it says nothing: notes.sh 0.1.0
set -eu

awk -v heading="## [$1]" '
  index($0, heading) == 1 { inside = 1; next }
  inside && (/^## / || /^\[.*\]: /) { exit }
  inside { print; lines += NF > 0 }
  END { if (!lines) { print "CHANGELOG.md says nothing of this version" > "/dev/stderr"; exit 1 } }
' CHANGELOG.md
