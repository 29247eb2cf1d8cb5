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
