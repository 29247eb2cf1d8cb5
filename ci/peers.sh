# ci/peers.sh -- the parts of `ci/bench --peers`; sourced by ci/bench, never run.
#
# A part is one `treelab run`: stores interleaved within each repetition, their order rotating.
# Page sizes are each store's own (--page-size 0) and printed: ours 4 KiB, LMDB's the operating system's.
# Writes put and do not insert, since a batch of LevelDB or RocksDB cannot refuse a present key.

# Durable commits must not wait for a CPU-bound neighbour's time slice: real-time priority if allowed.
real_time=()
if chrt -r 1 true 2>/dev/null; then
  real_time=(chrt -r 1)
fi

peers_transactional=lmdb,lmdb:writemap=1,sqlite,bdb:snapshot=0,wiredtiger,leveldb,rocksdb
peers_parts=(random one_txn ascending mixed large small small_100 durable_1 durable_10 durable_100 writers_8
  space compact pin_3000 pin_100000 user user_asc decimal decimal_asc value_8 value_8_asc value_600 value_600_asc)

# Only drivers that this build has; say which are missing.
peers_present() {
  local list="" arm
  for arm in ${1//,/ }; do
    if grep -qx "${arm%%:*}" "$out/drivers"; then list=$list,$arm; fi
  done
  printf '%s' "${list#,}"
}

# part NAME REPEAT DRIVERS ARGUMENT...: run it unless --resume finds it done.
part() {
  local name=$1 times=$2 drivers
  drivers=$(peers_present "$3")
  shift 3
  if [ -r "$out/$name/run.json" ]; then
    say "part $name: measured already"
    return 0
  fi
  rm -rf "${out:?}/$name"
  "${prefix[@]}" "$treelab" run --out "$out/$name" "${quiet[@]}" --driver "$drivers" --repeat "$times" \
    --page-size 0 "$@" > "$out/$name.txt"
}
part_random() {
  part random "$repeat" "tree,tree:small_pages=1,$peers_transactional" --workload random --ops "$records" --seed 1 \
    --batch 1000 --set verb=put --set phases=insert,get,get_absent,get_many,get_threads,scan,update,delete \
    --set threads=2 --dir "$fast"
}
part_one_txn() {
  part one_txn "$repeat" "tree,$peers_transactional" --workload random --ops "$records" --seed 2 --set verb=put \
    --set phases=insert --dir "$fast"
}
part_ascending() {
  part ascending "$repeat" "tree,$peers_transactional" --workload sequential --ops "$records" --seed 3 \
    --set verb=put --dir "$fast"
}
part_mixed() {
  part mixed "$repeat" "tree,$peers_transactional" --workload mixed --ops $((records * 2 / 5)) --seed 4 \
    --set verb=put --dir "$fast"
}
part_large() {
  part large "$repeat" "tree,$peers_transactional" --workload large --ops $((records / 100)) --seed 5 --dir "$fast"
}
# Berkeley DB makes room for its locks at open: this many are enough here.
small() {
  part "$1" $((repeat * 4)) "tree,${peers_transactional/bdb:snapshot=0/bdb:snapshot=0:locks=5000}" --workload random \
    --ops 10000 --seed 6 --set verb=put --set phases=insert --set value_bytes="$2" --dir "$fast"
}
part_small() { small small 16; }
part_small_100() { small small_100 100; }

# durable NAME PUTS COMMITS FRAME_BYTES: ckpt_bytes so that four checkpoints fall into the window.
durable() {
  local prefix=("${real_time[@]}")
  part "$1" "$repeat" "tree:ckpt_bytes=$(($3 * $4 / 4)),${peers_transactional/lmdb:writemap=1,/},append" \
    --workload random --ops $(($2 * $3)) --batch "$2" --seed 7 --set verb=put --set phases=insert --durability commit
}
part_durable_1() { durable durable_1 1 "$commits" 512; }
part_durable_10() { durable durable_10 10 $((commits * 3 / 5)) 1536; }
part_durable_100() { durable durable_100 100 $((commits / 5)) 12288; }
part_writers_8() {
  local prefix=("${real_time[@]}")
  part writers_8 "$repeat" "tree:ckpt_bytes=$((commits * 512 / 4)),${peers_transactional/lmdb:writemap=1,/}" \
    --workload random --ops $((commits * 2)) --batch 1 --seed 8 --set verb=put --set phases=insert_threads \
    --set threads=8 --durability commit
}
part_space() {
  local ours=tree
  if "$treelab" list split | grep -qw bstar23; then ours=tree,tree:split=bstar23; fi
  part space "$repeat" "$ours,lmdb" --workload random --ops "$records" --batch 1000 --seed 9 --set verb=put \
    --set phases=insert --dir "$fast"
}
part_compact() {
  part compact 2 tree --workload random --ops "$records" --batch 1000 --seed 9 --set verb=put --set phases=insert \
    --compact --dir "$fast"
}
# 10 000 small records, one put or delete a transaction, one reader from before the first of them: so
# few that the first 3 000 txns change every leaf, and with checkpoints so close that several end by then.
pinned() {
  part "$1" 1 "tree:commit=log:ckpt_bytes=512k,tree:commit=shadow2,lmdb,sqlite,wiredtiger" --workload mixed --ops "$2" \
    --batch 1 --seed 10 --set verb=put --set working_set=$((records / 100)) --set value_bytes=100 --set get_percent=0 \
    --pin-reader --dir "$fast"
}
part_pin_3000() { pinned pin_3000 $((pinned_txns * 3 / 100)); }
part_pin_100000() { pinned pin_100000 "$pinned_txns"; }

# Other keys and values, beside LMDB: no row may fall below 1.0.
shape() {
  local name=$1
  shift
  part "$name" "$repeat" tree,lmdb --workload random --ops $((records / 5)) --batch 1000 --seed 11 --set verb=put \
    --set phases=insert,get,scan,update,delete "$@" --dir "$fast"
}
shape_asc() {
  local name=$1
  shift
  part "$name" "$repeat" tree,lmdb --workload sequential --ops $((records / 5)) --seed 12 --set verb=put "$@" --dir "$fast"
}
part_user() { shape user --set keys=user; }
part_user_asc() { shape_asc user_asc --set keys=user; }
part_decimal() { shape decimal --set keys=decimal; }
part_decimal_asc() { shape_asc decimal_asc --set keys=decimal; }
part_value_8() { shape value_8 --set value_bytes=8; }
part_value_8_asc() { shape_asc value_8_asc --set value_bytes=8; }
part_value_600() { shape value_600 --set value_bytes=600; }
part_value_600_asc() { shape_asc value_600_asc --set value_bytes=600; }

# Names of rows (ci/peers.rows) or of parts, to parts in running order.
peers_chosen() {
  local word part names=()
  if [ -z "$1" ]; then printf '%s\n' "${peers_parts[@]}"; return; fi
  for word in ${1//,/ }; do
    part=$(awk -F'|' -v row="$word" '{ gsub(/ /, "", $1); gsub(/ /, "", $3); if ($1 == row) { print $3; exit } }' ci/peers.rows)
    names+=("${part:-$word}")
    if [ "$word" = growth_log ]; then names+=(pin_3000); fi
  done
  for part in "${names[@]}"; do
    [[ " ${peers_parts[*]} " == *" $part "* ]] || { say "ci/bench: no row or part '$part'; see ci/peers.rows"; exit 2; }
  done
  for part in "${peers_parts[@]}"; do
    if [[ " ${names[*]} " == *" $part "* ]]; then printf '%s\n' "$part"; fi
  done
}

peers_main() {
  local name parts failed=() prefix=() partial=()
  parts=$(peers_chosen "$only") || exit 2
  [ -z "$only" ] || partial=(--partial)
  [ $resume -eq 1 ] || rm -rf "$out"
  mkdir -p "$out"
  "$treelab" list drivers | awk '/^  [a-z0-9]+ / && !/not in this build/ { print $1 }' > "$out/drivers"
  "$treelab" list drivers | grep 'not in this build' >&2 || true
  if [ ${#real_time[@]} -eq 0 ]; then
    say "remark: durable parts run without real-time priority: chrt -r 1 is not permitted here"
  fi
  build/harness/measure/bench_limits > "$out/limits.txt" || say "remark: the memory's limit is not known"
  for name in $parts; do
    step "part $name" "part_$name" || failed+=("$name")
  done
  report_suite || failed+=(report)
  ci/figures "$out" "${partial[@]}" || say "some figures are not reached"
  if [ ${#real_time[@]} -eq 0 ]; then
    echo "remark: durable parts ran without real-time priority (chrt -r 1 was not permitted)" | tee -a "$out/plots/figures.txt"
  fi
  keep_suite "How fast is the engine beside every peer, and how much space does it take?" \
    "See plots/figures.txt: goals, every driver's rate, ratio to LMDB, latency and page size." || failed+=(keep)
  echo "report: $out/report.html"
  [ ${#failed[@]} -eq 0 ] || { say "FAILED: ${failed[*]}"; exit 3; }
}
