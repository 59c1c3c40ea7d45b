#!/usr/bin/env bash
# Compares the speed of what is here with that of another commit.
#
#   tests/bench/turns.sh COMMIT [BENCH [TURNS]]
#
# Builds the benchmarks of both, runs them in turns, and prints the median of each figure and the
# ratio of this one's to that of COMMIT. Both run the benchmarks that are here, since COMMIT may not
# have them yet: what they call of service and repo must be in both.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly base=${1:?which commit?} bench=${2:-.} turns=${3:-5}

scratch=$(mktemp -d)
trap 'git worktree remove --force "$scratch/base" 2>/dev/null || true; rm -rf "$scratch"' EXIT

git worktree add --quiet --detach "$scratch/base" "$base"
rm -rf "$scratch/base/tests/bench"
cp -r tests/bench "$scratch/base/tests/bench"
mkdir -p "$scratch/base/tests/internal"
cp -r tests/internal/cputime "$scratch/base/tests/internal/"
readonly before=$scratch/base/tests/bench now=$PWD/tests/bench

go -C "$before" test -c -o "$scratch/before.test" .
go -C "$now" test -c -o "$scratch/now.test" .

# run NAME FOLDER: one turn. Some benchmarks build the program of the folder that they run in.
run() {
  (cd "$2" && "$scratch/$1.test" -test.run '^$' -test.bench "$bench") |
    tee -a "$scratch/$1.txt" | grep ^Bench
}

for ((turn = 1; turn <= turns; turn++)); do
  printf '==> turn %d of %d: %s\n' "$turn" "$turns" "$base"
  run before "$before"
  printf '==> turn %d of %d: here\n' "$turn" "$turns"
  run now "$now"
done

# figures NAME prints each figure of a run as "benchmark<tab>unit<tab>value".
figures() {
  awk -v OFS='\t' '/^Bench/ { for (i = 3; i < NF; i += 2) print $1, $(i + 1), $i }' \
    "$scratch/$1.txt" |
    sort -t $'\t' -k 1,2 -k 3,3g
}

# medians reads sorted figures and prints the median of each.
medians() {
  awk -F '\t' -v OFS='\t' '
    function flush() { if (n) print key, (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2 }
    $1 " " $2 != key { flush(); key = $1 " " $2; n = 0 }
    { v[++n] = $3 }
    END { flush() }'
}

printf '\nMedians of %d turns on %s, %s, as ratio to %s\n' \
  "$turns" "$(date -I)" "$(uname -sm)" "$base"
join -t $'\t' <(figures before | medians) <(figures now | medians) | awk -F '\t' '
  { printf "%-60s %12.5g %12.5g %8s\n", $1, $2, $3, $2 ? sprintf("%.2f", $3 / $2) : "-" }'
