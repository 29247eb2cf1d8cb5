# ci/figures.awk -- rows of figures beside what a run measured; see ci/peers.rows for the rows.
#
#   awk -v text=F -v tsv=F -v json=F -v partial=0|1 -v miss_ns=N -v null_ns=N -f ci/figures.awk ROWS MEASURES.TSV
#
# Ratios are taken repetition by repetition; the median of the ratios is judged, min and max shown.

function trim(s) { sub(/^[ \t]+/, "", s); sub(/[ \t]+$/, "", s); return s }

# Insertion sort of list[1..n]; sets med, low, high.
function spread(list, n,   i, j, t) {
  for (i = 2; i <= n; i++)
    for (j = i; j > 1 && list[j] < list[j-1]; j--) { t = list[j]; list[j] = list[j-1]; list[j-1] = t }
  low = list[1]; high = list[n]
  med = n % 2 ? list[(n+1)/2] : (list[n/2] + list[n/2+1]) / 2
}

# The driver of a part that a name or a name with '*' at its end stands for; "" when there is none.
function driver_of(part, name,   i, head) {
  if (name !~ /\*$/) return (part SUBSEP name) in is_driver ? name : ""
  head = substr(name, 1, length(name) - 1)
  for (i = 1; i <= driver_count[part]; i++)
    if (index(drivers[part, i], head) == 1) return drivers[part, i]
  return ""
}

# One number of one repetition; "" when it is not there.
function value(measure, part, workload, phase, driver, r,   k, load) {
  k = part SUBSEP workload SUBSEP phase SUBSEP driver SUBSEP r
  if (!(k in there)) return ""
  if (measure == "rate") return rate[k]
  if (measure == "life") return open_ns[k] == "-" || close_ns[k] == "-" ? "" : ops[k] * 1e9 / (open_ns[k] + wall_ns[k] + close_ns[k])
  if (measure == "misses") return miss_ns + 0 == 0 ? "" : (wall_ns[k] / ops[k] - null_ns) / miss_ns
  if (measure == "ns") return wall_ns[k] / ops[k]
  if (measure == "compacted" && compact_ns[k] + 0 == 0) return "" # it was asked for and could not be done
  if (measure == "space" || measure == "compacted") return data_bytes[k] == "-" || logical_bytes[k] + 0 == 0 ? "" : data_bytes[k] / logical_bytes[k]
  if (measure == "free") return free_bytes[k] == "-" || data_bytes[k] + 0 == 0 ? "" : free_bytes[k] / data_bytes[k]
  if (measure == "size") return file_bytes[k] == "-" ? "" : file_bytes[k]
  if (measure == "growth") {
    load = part SUBSEP workload SUBSEP "load" SUBSEP driver SUBSEP r
    return !(load in there) || file_bytes[load] + 0 == 0 ? "" : file_bytes[k] / file_bytes[load]
  }
  return ""
}

# Ratios of a row into list[1..]; gives their number.  Without `against`: the values themselves.
function collect(list, measure, part, workload, phase, of, against,   n, r, a, b, place, slash) {
  n = 0
  for (r = 0; r <= repetition_max; r++) {
    a = value(measure, part, workload, phase, of, r)
    if (a == "") continue
    if (against == "-") { list[++n] = a; continue }
    if (against ~ /^@/) {
      place = substr(against, 2); slash = index(place, "/")
      b = slash ? value(measure, substr(place, 1, slash - 1), workload, substr(place, slash + 1), of, r) \
                : value(measure, part, workload, place, of, r)
    } else
      b = value(measure, part, workload, phase, driver_of(part, against), r)
    if (b != "" && b + 0 > 0) list[++n] = a / b
  }
  return n
}

function is_peer(driver) { return driver !~ /^(tree|append|null|model)(:|$)/ }

# Medians of a measure for every driver of a part; the rank of `of` among the peers, 1 = first.
function rank_of(measure, part, workload, phase, of,   i, n, list, mine, better) {
  n = collect(list, measure, part, workload, phase, of, "-")
  if (n == 0) return 0
  spread(list, n); mine = med; better = 1
  for (i = 1; i <= driver_count[part]; i++) {
    if (!is_peer(drivers[part, i])) continue
    n = collect(list, measure, part, workload, phase, drivers[part, i], "-")
    if (n == 0) continue
    spread(list, n)
    if (med >= mine) better++
  }
  return better
}

function shown(x) {
  if (x == "") return "-"
  if (x >= 1000) return sprintf("%.0f", x)
  return x >= 100 ? sprintf("%.1f", x) : sprintf("%.2f", x)
}
function si(x) {
  if (x >= 1e6) return sprintf("%.2fM", x / 1e6)
  if (x >= 1e3) return sprintf("%.2fk", x / 1e3)
  return sprintf("%.2f", x)
}
function ns(x) {
  if (x == "-" || x == "") return "-"
  if (x >= 1e6) return sprintf("%.2fms", x / 1e6)
  return x >= 1e3 ? sprintf("%.2fus", x / 1e3) : sprintf("%dns", x)
}

function line(name, what, goal, n, got, from, to, verdict) {
  printf "%-64s %9s %9s  %-16s %s\n", what, goal, n ? shown(got) : "-", n ? "[" shown(from) ".." shown(to) "]" : "", verdict >> text
  printf "goal\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", name, what, goal, n ? got : "-", n ? from : "-", n ? to : "-", n, verdict >> tsv
  printf "%s\n    {\"name\": \"%s\", \"what\": \"%s\", \"goal\": \"%s\", \"median\": %s, \"min\": %s, \"max\": %s, \"repetitions\": %d, \"verdict\": \"%s\"}", \
    goals++ ? "," : "", name, what, goal, n ? got : "null", n ? from : "null", n ? to : "null", n, verdict >> json
  if (verdict == "NOT REACHED" || (verdict == "not measured" && !partial)) missed++
}

function judge(i,   of, n, list, words, ok, word, want, rank) {
  of = driver_of(row_part[i], row_of[i])
  split(row_goal[i], words, " ")
  n = of == "" ? 0 : collect(list, row_measure[i], row_part[i], row_workload[i], row_phase[i], of, row_against[i])
  if (n == 0) { line(row_name[i], row_what[i], words[1] " " words[2], 0, 0, 0, 0, "not measured"); return }
  spread(list, n)
  word = words[1]; want = words[2] + 0
  ok = word == ">=" ? med >= want : word == ">" ? med > want : word == "<=" ? med <= want : low >= want
  line(row_name[i], row_what[i], word " " words[2], n, med, low, high, ok ? "reached" : "NOT REACHED")
  if (words[3] != "first") return
  rank = rank_of(row_measure[i], row_part[i], row_workload[i], row_phase[i], of)
  line(row_name[i] "_first", row_what[i] ": rank among peers", "first", n, rank, rank, rank, rank == 1 ? "reached" : "NOT REACHED")
}

# Everyone in one row: rate, ratio to lmdb, latency, page size.
function everyone(i,   d, driver, n, m, list, rates, k, r, rlow, rhigh, p50, p99, p999, note, key) {
  key = row_part[i] SUBSEP row_workload[i] SUBSEP row_phase[i] SUBSEP row_measure[i]
  if ((row_measure[i] != "rate" && row_measure[i] != "life") || key in seen) return
  seen[key] = 1
  printf "\n%s: %s, %s%s\n", row_part[i], row_workload[i], row_phase[i], row_measure[i] == "life" ? ", open to close" : "" >> text
  printf "  %-28s %6s %9s %-22s %9s %9s %9s  %s\n", "driver", "page", "ops/s", "x lmdb", "p50", "p99", "p99.9", "" >> text
  for (d = 1; d <= driver_count[row_part[i]]; d++) {
    driver = drivers[row_part[i], d]
    n = collect(rates, row_measure[i], row_part[i], row_workload[i], row_phase[i], driver, "-")
    if (n == 0) {
      printf "  %-28s %6s %9s %s\n", driver, "", "-", bad[row_part[i], driver] >> text
      continue
    }
    spread(rates, n); r = med; rlow = low; rhigh = high
    m = collect(list, row_measure[i], row_part[i], row_workload[i], row_phase[i], driver, "lmdb")
    if (m) spread(list, m) # med, low and high are the ratio's from here on
    k = row_part[i] SUBSEP row_workload[i] SUBSEP row_phase[i] SUBSEP driver SUBSEP middle(row_part[i], row_workload[i], row_phase[i], driver, row_measure[i], r)
    p50 = durability[k] == "commit" ? commit_p50[k] : p50_ns[k]
    p99 = durability[k] == "commit" ? commit_p99[k] : p99_ns[k]
    p999 = durability[k] == "commit" ? commit_p999[k] : p999_ns[k]
    note = remark[k] == "-" ? "" : remark[k]
    if (retries[k] + 0 > 0) note = note (note == "" ? "" : "; ") retries[k] " retries"
    printf "  %-28s %6s %9s %-22s %9s %9s %9s  %s\n", driver, page_bytes[k] + 0 ? page_bytes[k] : "-", si(r), \
      m ? sprintf("%.2f [%.2f..%.2f]", med, low, high) : "-", ns(p50), ns(p99), ns(p999), note >> text
    printf "driver\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%.6g\t%.6g\t%.6g\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row_part[i], row_workload[i], row_phase[i], row_measure[i], driver, \
      page_bytes[k], n, r, rlow, rhigh, m ? med : "-", m ? low : "-", m ? high : "-", p50, p99, p999, note == "" ? "-" : note >> tsv
    printf "%s\n    {\"part\": \"%s\", \"workload\": \"%s\", \"phase\": \"%s\", \"measure\": \"%s\", \"driver\": \"%s\", \"page_bytes\": %s, \"repetitions\": %d, \"rate\": [%.6g, %.6g, %.6g], \"ratio\": %s, \"p50_ns\": %s, \"p99_ns\": %s, \"p99_9_ns\": %s, \"remark\": \"%s\"}", \
      drawn++ ? "," : "", row_part[i], row_workload[i], row_phase[i], row_measure[i], driver, page_bytes[k] + 0, n, r, rlow, rhigh, \
      m ? sprintf("[%.6g, %.6g, %.6g]", med, low, high) : "null", number(p50), number(p99), number(p999), note > held_json
  }
}
function number(x) { return x == "-" || x == "" ? "null" : x }

# The repetition nearest the median.
function middle(part, workload, phase, driver, measure, want,   r, v, best, gap, d) {
  best = 0; gap = -1
  for (r = 0; r <= repetition_max; r++) {
    v = value(measure, part, workload, phase, driver, r)
    if (v == "") continue
    d = v > want ? v - want : want - v
    if (gap < 0 || d < gap) { gap = d; best = r }
  }
  return best
}

# Files while a reader stays, for every driver of the parts with such rows.
function growths(   i, d, driver, k, load) {
  for (i = 1; i <= rows; i++) {
    if ((row_measure[i] != "growth" && row_measure[i] != "size") || row_part[i] in grown) continue
    grown[row_part[i]] = 1
    printf "\n%s: files after the load, and after %s with one reader pinned all the time\n", row_part[i], row_phase[i] >> text
    for (d = 1; d <= driver_count[row_part[i]]; d++) {
      driver = drivers[row_part[i], d]
      k = row_part[i] SUBSEP row_workload[i] SUBSEP row_phase[i] SUBSEP driver SUBSEP 0
      load = row_part[i] SUBSEP row_workload[i] SUBSEP "load" SUBSEP driver SUBSEP 0
      if (!(k in there) || !(load in there)) { printf "  %-34s - %s\n", driver, bad[row_part[i], driver] >> text; continue }
      printf "  %-34s %9.1f MB %9.1f MB  %6.2fx\n", driver, file_bytes[load] / 1e6, file_bytes[k] / 1e6, file_bytes[k] / file_bytes[load] >> text
      printf "growth\t%s\t%s\t%s\t%s\t%s\n", row_part[i], driver, ops[k], file_bytes[load], file_bytes[k] >> tsv
    }
  }
}

# What a store leaves on disk, for every driver of every part that closed one.
function spaces(   p, d, driver, k) {
  printf "\nspace after a clean close: bytes on disk / keys and values (redundant logs apart)\n" >> text
  for (p = 1; p <= part_count; p++)
    for (d = 1; d <= driver_count[parts[p]]; d++) {
      driver = drivers[parts[p], d]
      if (!((parts[p], driver) in last_phase)) continue
      k = last_phase[parts[p], driver]
      if (logical_bytes[k] + 0 == 0 || data_bytes[k] == "-") continue
      printf "  %-12s %-28s %6.2fx  %10.1f MB  logs %8.1f MB  free %s\n", parts[p], driver, data_bytes[k] / logical_bytes[k], data_bytes[k] / 1e6, \
        log_bytes[k] / 1e6, free_bytes[k] == "-" ? "-" : sprintf("%.1f %%", 100 * free_bytes[k] / data_bytes[k]) >> text
      printf "space\t%s\t%s\t%s\t%s\t%s\t%s\n", parts[p], driver, data_bytes[k], log_bytes[k], logical_bytes[k], free_bytes[k] >> tsv
    }
}

BEGIN { FS = "\t" }

FNR == NR { # the rows
  if ($0 ~ /^[ \t]*(#|$)/) next
  n = split($0, field, "|")
  if (n != 9) { printf "%s:%d: %d fields, not 9\n", FILENAME, FNR, n > "/dev/stderr"; bad_rows = 1; next }
  for (i = 1; i <= 9; i++) field[i] = trim(field[i])
  if (field[1] in row_names) { printf "%s:%d: '%s' is there twice\n", FILENAME, FNR, field[1] > "/dev/stderr"; bad_rows = 1 }
  if (field[6] !~ /^(rate|life|ns|misses|space|compacted|free|growth|size)$/) { printf "%s:%d: no measure '%s'\n", FILENAME, FNR, field[6] > "/dev/stderr"; bad_rows = 1 }
  if (field[9] !~ /^(>=|>|<=|low>=) [0-9.]+( first)?$/) { printf "%s:%d: '%s' is no goal\n", FILENAME, FNR, field[9] > "/dev/stderr"; bad_rows = 1 }
  row_names[field[1]] = 1
  row_name[++rows] = field[1]; row_what[rows] = field[2]; row_part[rows] = field[3]; row_workload[rows] = field[4]
  row_phase[rows] = field[5]; row_measure[rows] = field[6]; row_of[rows] = field[7]; row_against[rows] = field[8]; row_goal[rows] = field[9]
  next
}
FNR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
{
  part = $column["part"]; driver = $column["driver"]
  if (!(part in driver_count)) { parts[++part_count] = part; driver_count[part] = 0 }
  if (!((part, driver) in is_driver)) { is_driver[part, driver] = 1; drivers[part, ++driver_count[part]] = driver }
  if ($column["status"] != "ok") { bad[part, driver] = $column["status"]; next }
  r = $column["repetition"] + 0
  if (r > repetition_max) repetition_max = r
  k = part SUBSEP $column["workload"] SUBSEP $column["phase"] SUBSEP driver SUBSEP r
  there[k] = 1
  durability[k] = $column["durability"]; page_bytes[k] = $column["page_bytes"]
  ops[k] = $column["ops"]; wall_ns[k] = $column["wall_ns"]; rate[k] = $column["ops_per_s"]
  p50_ns[k] = $column["p50_ns"]; p99_ns[k] = $column["p99_ns"]; p999_ns[k] = $column["p99_9_ns"]
  commit_p50[k] = $column["commit_p50_ns"]; commit_p99[k] = $column["commit_p99_ns"]; commit_p999[k] = $column["commit_p99_9_ns"]
  logical_bytes[k] = $column["logical_bytes"]; file_bytes[k] = $column["file_bytes"]; free_bytes[k] = $column["free_bytes"]
  open_ns[k] = $column["open_ns"]; compact_ns[k] = $column["compact_ns"]; close_ns[k] = $column["close_ns"]
  data_bytes[k] = $column["data_bytes"]; log_bytes[k] = $column["log_bytes"]
  retries[k] = $column["retries"]; remark[k] = $column["remark"]
  last_phase[part, driver] = k
}

END {
  if (bad_rows) exit 2
  held_json = json ".drivers"
  printf "" > text; printf "" > tsv; printf "" > held_json
  printf "{\n  \"schema\": \"treelab.figures/1\",\n  \"goals\": [" > json
  printf "%-64s %9s %9s  %-16s\n", "figure (median [min..max] of repetitions)", "goal", "measured", "range" >> text
  for (i = 1; i <= rows; i++) judge(i)
  for (i = 1; i <= rows; i++) everyone(i)
  growths()
  spaces()
  close(held_json)
  printf "\n  ],\n  \"drivers\": [" >> json
  while ((getline held < held_json) > 0) printf "%s%s", held_first++ ? "\n" : "", held >> json
  printf "\n  ]\n}\n" >> json
  exit missed > 0
}
