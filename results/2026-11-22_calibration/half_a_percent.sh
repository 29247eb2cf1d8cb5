#!/usr/bin/env bash
# Half a percent of instructions more, 100 times, each into other operations: how often does the gate's
# layer `instructions` see it?  From the repository's root:
#   half_a_percent.sh build/treelab-mutants OUT.tsv [OPS]
set -euo pipefail
program=$1 out=$2 ops=${3:-20000}
policy=$(mktemp --suffix .json)
trap 'rm -f "$policy"' EXIT
printf 'seed\toutcome\tlargest difference\n' >"$out"
for seed in $(seq 1 100); do
  sed -E "s/\"--workload\", \"random\", \"--ops\", \"20000\"/\"--workload\", \"random\", \"--seed\", \"$seed\", \"--ops\", \"$ops\"/" ci/gate.json >"$policy"
  grep -q "\"--seed\", \"$seed\"" "$policy"
  "$program" regressions --policy "$policy" --only half_a_percent_more --layers instructions --quiet |
    awk -v seed="$seed" '/^half_a_percent_more/ {sub(/^[a-z_]+ +[a-z]+ +[a-z]+ +/, ""); word = $0}
                         /^ +instructions/ {sub(/^ +instructions +/, ""); print seed "\t" word "\t" $0}' >>"$out" || true
done
