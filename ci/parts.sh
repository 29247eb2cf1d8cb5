# ci/parts.sh -- what the scripts of this folder share; sourced, never run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$*" >&2; }
die() { say "$0: $*"; exit 5; }

# Install what of ci/packages is missing; asks for sudo only when not root.
install_packages() {
  local missing=() package
  command -v dpkg-query >/dev/null || { say "no dpkg here: install what ci/packages lists"; return 0; }
  while read -r package _; do
    case "$package" in ''|'#'*) continue ;; esac
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done < ci/packages
  [ ${#missing[@]} -eq 0 ] && return 0
  say "installing: ${missing[*]}"
  local root=()
  [ "$(id -u)" -eq 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq >&2 || die "apt-get update failed; is the network there?"
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >&2 || die "could not install ${missing[*]}"
}

# configure_and_build PRESET [TARGET...]
configure_and_build() {
  local preset=$1 log
  shift
  log=$(mktemp)
  if ! { cmake --preset "$preset" && cmake --build --preset "$preset" ${@:+--target "$@"}; } >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    die "the $preset build failed"
  fi
  rm -f "$log"
}

# step NAME COMMAND...: one line per step with its seconds.
step() {
  local name=$1 begin=$SECONDS code=0
  shift
  "$@" || code=$?
  say "$(printf '%-34s %4d s  %s' "$name" $((SECONDS - begin)) "$([ $code -eq 0 ] && echo ok || echo "FAILED ($code)")")"
  return $code
}

# edited_tree TREE: a worktree of this revision, which must be committed, for builds with edits.
edited_tree() {
  git diff --quiet HEAD -- engine workloads harness CMakeLists.txt ||
    { say "$0: there are changes that are not committed; the builds are of a revision"; exit 2; }
  [ -d "$1" ] || git worktree add --quiet --detach "$1" HEAD
}

# build_edited TREE NAME PROGRAMS [treelab]: `apply NAME`, a function of the script, to that tree; its
# links to PROGRAMS/NAME.  Compiled once; what an edit touches is compiled again.  For layer time
# the links are all that runs; for other layers the whole program is asked for.
build_edited() {
  local tree=$1 name=$2 programs=$3 whole=("${@:4}") revision program
  program=$tree/build/treelab
  [ ${#whole[@]} -gt 0 ] || program=$tree/build/treelab.links/link0 # a name to call them by
  [ ! -f "$programs/$name/treelab.links/list" ] || return 0
  # `step` waits for a code, so nothing ends by itself here.
  revision=$(git rev-parse HEAD) &&
    git -C "$tree" checkout -q -f "$revision" && git -C "$tree" clean -q -fd -e build &&
    (cd "$tree" && apply "$name" && configure_and_build release treelab-links "${whole[@]}") &&
    rm -rf "${programs:?}/$name" && mkdir -p "$programs/$name" &&
    cp "$program" "$programs/$name/treelab" &&
    cp -r "$tree/build/treelab.links" "$programs/$name/treelab.links.new" &&
    mv "$programs/$name/treelab.links.new" "$programs/$name/treelab.links"
}
