#!/usr/bin/env bash
# The gate for any CI that can run a shell: the revision to compare with is the only argument.
set -eu
cd "$(dirname "$0")/../.."
ci/gate "${1:?usage: plain.sh BASE-REVISION}" --junit gate.xml --markdown gate.md || code=$?
cat gate.md
exit "${code:-0}"
