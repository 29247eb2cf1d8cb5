#!/usr/bin/env bash
# test_links.sh LINKS.SH COMPILER -- links of a small program: other orders, equal answers, and the
# same bytes when made again.
set -euo pipefail
links=$1 compiler=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
bad() { echo "FAILED: $*" >&2; exit 1; }
{
  echo '#include <stdio.h>'
  for i in $(seq 20); do
    echo "int f$i(int x); __attribute__((noinline)) int f$i(int x) { return x * $i + printf(\"\"); }"
  done
  echo 'int nobody_calls(int x); int nobody_calls(int x) { return x + printf("-"); }'
  echo 'int main(void) { int sum = 0;'
  for i in $(seq 20); do echo "sum += f$i($i);"; done
  echo 'printf("%d\n", sum); return 0; }'
} >small.c

# orders HOW FLAG...: four links each; sets `count` to how many orders of functions there are.
orders() {
  local how=$1
  shift
  "$compiler" -O1 -ffunction-sections "$@" -c small.c -o main.o
  mkdir -p "$how"
  "$links" "$how" 4 "$compiler" -O1 "$@" main.o -o "$how/link0" -lm
  [ "$(wc -l <"$how/list")" -eq 5 ] || bad "$how: the list has not five lines"
  grep -q '^link3 4$' "$how/list" || bad "$how: the list does not tell the seed of link 3"
  for i in 0 1 2 3; do
    [ "$("$how/link$i")" = 2870 ] || bad "$how: link $i answers otherwise"
  done
  count=$(for i in 0 1 2 3; do
    nm -n "$how/link$i" | awk '/ [tT] f[0-9]+$/ {printf "%s ", $3} END {print ""}'
  done | sort -u | wc -l)
  [ "$count" -eq 4 ] || bad "$how: four links have $count orders"
  cp -r "$how" before
  "$links" "$how" 4 "$compiler" -O1 "$@" main.o -o "$how/link0" -lm
  for i in 0 1 2 3; do
    cmp "before/link$i" "$how/link$i" || bad "$how: link $i made again is another"
  done
  rm -rf before
}

orders plain
"$links" date plain || bad "whole links are not dated"
rm plain/link2
! "$links" date plain 2>/dev/null || bad "a missing link is not noticed"
[ ! -e plain/link2 ] || bad "an empty file stands for a missing link"
[ ! -e plain/link0 ] || bad "the build does not learn that a link is missing"
if "$compiler" -flinker-output=nolto-rel -E -x c /dev/null >/dev/null 2>&1; then # gcc
  orders whole -flto
  # The optimiser knew that this is the whole program; a relocatable link would not tell it.
  ! nm whole/link0 | grep -q nobody_calls || bad "whole: what nobody calls is still there"
fi
! "$links" plain 1 "$compiler" main.o -o link0 2>/dev/null || bad "one link is no choice of layouts"
echo "links: all well"
