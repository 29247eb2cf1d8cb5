#!/usr/bin/env bash
# links.sh whole|plain N COMPILER ARGUMENT... -o DIR/link0 ...: one link command, N seeded orders.
# Called by the build (links.cmake) in place of the linker.
#   whole   optimise across all files once, as for the program itself, then lay out what comes of
#           it: each function and each datum has a section of its own, and lld shuffles these
#   plain   shuffle the sections that the objects have
# Leaves DIR/link0 .. and DIR/list: the linker in its first line, then a name and a seed a line.
#
# links.sh date DIR: date all of them now.  One that is missing takes link0 with it, which the build
# knows, so that the next build makes all of them again.
set -euo pipefail
if [ "$1" = date ]; then
  cd "$2"
  names=$(sed -n 's/^\(link[0-9]*\) .*/\1/p' list 2>/dev/null) || true
  for name in list ${names:-link0 link1}; do
    [ -s "$name" ] || { rm -f link0
      echo "links.sh: $2/$name is missing or empty; build the target \`links\` again" >&2; exit 1; }
  done
  touch -c list $names
  exit 0
fi
how=$1 count=$2
shift 2
out="" last=""
words=() flags=() libraries=() # the command without its output; what of it lays out, and with what
for word in "$@"; do
  if [ "$last" = -o ]; then
    out=$word
    words=("${words[@]:0:${#words[@]}-1}") flags=("${flags[@]:0:${#flags[@]}-1}")
  else
    case "$word" in
      -l*|*.so|*.so.*) libraries+=("$word") ;;
      -flto*) words+=("$word") ;;
      -*) words+=("$word") flags+=("$word") ;;
      /*) words+=("$word") ;;
      *) [ -e "$word" ] && word=$PWD/$word # also from another directory
        words+=("$word") ;;
    esac
  fi
  last=$word
done
[[ -n "$out" && "$count" =~ ^[0-9]+$ && "$count" -ge 2 && "$count" -le 16 ]] ||
  { echo "links.sh: no output in this command, or not 2 to 16 links" >&2; exit 2; }
dir=$(dirname "$out")
rm -rf "$dir"/link[0-9]* "$dir/list" "$dir/parts"
parts=("${words[@]}")
if [ "$how" = whole ]; then # the optimiser's objects are what a link leaves that saves its temporaries
  mkdir "$dir/parts"
  (cd "$dir/parts" && "${words[@]}" -g0 -ffunction-sections -fdata-sections -save-temps -o whole \
    "${libraries[@]}")
  mapfile -t parts < <(ls -v "$dir"/parts/*.ltrans.o)
  parts=("$1" "${flags[@]}" "${parts[@]}")
fi
for ((i = 0; i < count; i++)); do
  seed=$((i + 1)) # 0 would be another order each time
  shuffles=()
  for sections in '.text*' '.rodata*' '.data*' '.bss*'; do # constructors keep their order
    shuffles+=("-Wl,--shuffle-sections=$sections=$seed")
  done
  "${parts[@]}" -fuse-ld=lld "${shuffles[@]}" -o "$dir/link$i" "${libraries[@]}"
done
{
  echo "treelab.links/1 $how $(ld.lld --version | head -n 1 | sed 's/ (.*//')"
  for ((i = 0; i < count; i++)); do echo "link$i $((i + 1))"; done
} >"$dir/list"
rm -rf "$dir/parts"
