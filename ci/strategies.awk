# ci/strategies.awk -- what `treelab merge --table` wrote, as tables and as an answer.
#
#   awk -v text=F -v tsv=F -v json=F -v md=F [-v duels=F] -f ci/strategies.awk TABLE.TSV
#
# Every figure is a counter or a size, relative to the default strategy on the same operations.
# A strategy "gains" where a cost is at least 1 % below the default's.

function relative(value, base) {
  if (value == "-" || base == "-" || base + 0 == 0) return ""
  return 100 * (value / base - 1)
}
function percent(x) { return x == "" ? "-" : sprintf("%+.1f %%", x) }
function number(x, form) { return x == "-" || x == "" ? "-" : sprintf(form, x) }
function sorted(list, n,   i, j, t) {
  for (i = 2; i <= n; i++)
    for (j = i; j > 1 && list[j] < list[j-1]; j--) { t = list[j]; list[j] = list[j-1]; list[j-1] = t }
}

BEGIN {
  FS = "\t"
  metric[1] = "write_amplification"; short[1] = "written"; words[1] = "bytes written"
  metric[2] = "space_amplification"; short[2] = "space"; words[2] = "space held"
  metric[3] = "levels_per_descent"; short[3] = "levels"; words[3] = "pages on the way to a key"
  metric[4] = "compares_per_descent"; short[4] = "compares"; words[4] = "whole-key compares"
  metrics = 4
}
NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
{
  split_name = $column["tree.split"]; fill_name = $column["tree.fill"]; family = $column["workload"]
  name = "default"
  if (split_name != "adaptive") name = "split=" split_name
  else if (fill_name != "lmdb25") name = "fill=" fill_name
  if (!(family in known)) { known[family] = 1; family_at[++family_count] = family }
  if (!(name in strategy_known)) { strategy_known[name] = 1; strategy_at[++strategy_count] = name }
  for (i in column) cell[family, name, i] = $column[i]
  there[family, name] = $column["status"] == "ok"
}

# The strategy with the least of metric m on a family, when it gains; sets gain and the worst it costs.
function best(family, m,   s, i, r, name, found) {
  found = ""; gain = -1
  for (s = 1; s <= strategy_count; s++) {
    name = strategy_at[s]
    r = change[family, name, m]
    if (name == "default" || r == "" || r > gain) continue
    if (r == gain && found != "") continue
    gain = r; found = name
  }
  cost = 0; cost_of = ""
  for (i = 1; i <= metrics && found != ""; i++) {
    r = change[family, found, i]
    if (r != "" && r > cost) { cost = r; cost_of = short[i] }
  }
  return found
}
function told(family, m,   name) {
  name = best(family, m)
  if (name == "") return "default"
  return name " " percent(gain) (cost >= 1 ? " (" cost_of " " percent(cost) ")" : "")
}
# Of a strategy over all families: median, worst, and where it gains and loses a percent.
function over_families(name, m,   f, r) {
  n = 0; gains = 0; losses = 0; worst = ""
  for (f = 1; f <= family_count; f++) {
    r = change[family_at[f], name, m]
    if (r == "") continue
    list[++n] = r
    if (r <= -1) gains++
    if (r >= 1) losses++
    if (worst == "" || r > worst) { worst = r; worst_at = family_at[f] }
  }
  sorted(list, n)
  middle = n == 0 ? "" : n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

END {
  if (family_count == 0) { print "ci/strategies: an empty table" > "/dev/stderr"; exit 6 }
  printf "workload\tstrategy\tsplits\tfill" > tsv
  for (m = 1; m <= metrics; m++) printf "\t%s\t%s_percent", metric[m], short[m] > tsv
  printf "\tdepth\n" > tsv
  printf "{\"schema\":\"treelab.strategies/1\",\"rows\":[" > json
  for (f = 1; f <= family_count; f++) {
    family = family_at[f]
    printf "%s%s\n  %-24s %8s %6s", f == 1 ? "" : "\n", family, "strategy", "splits", "fill" > text
    for (m = 1; m <= metrics; m++) printf " %9s %9s", short[m], "" > text
    printf "\n" > text
    for (s = 1; s <= strategy_count; s++) {
      name = strategy_at[s]
      if (!there[family, name]) { printf "  %-24s did not end well\n", name > text; continue }
      held = cell[family, name, "held_bytes"]
      fill = held == "-" || held + 0 == 0 ? "-" : cell[family, name, "logical_bytes"] / held
      printf "%s\t%s\t%s\t%s", family, name, cell[family, name, "splits"], number(fill, "%.4f") > tsv
      printf "%s{\"workload\":\"%s\",\"strategy\":\"%s\",\"splits\":%s,\"fill\":%s", rows++ ? ",\n" : "\n", family, name,
        cell[family, name, "splits"] == "-" ? "null" : cell[family, name, "splits"], fill == "-" ? "null" : sprintf("%.4f", fill) > json
      printf "  %-24s %8s %6s", name, cell[family, name, "splits"], number(fill, "%.2f") > text
      for (m = 1; m <= metrics; m++) {
        value = cell[family, name, metric[m]]
        r = there[family, "default"] ? relative(value, cell[family, "default", metric[m]]) : ""
        change[family, name, m] = r
        printf "\t%s\t%s", value, r == "" ? "-" : sprintf("%.3f", r) > tsv
        printf ",\"%s\":%s,\"%s_percent\":%s", metric[m], value == "-" ? "null" : value, short[m], r == "" ? "null" : sprintf("%.3f", r) > json
        printf " %9s %9s", number(value, "%.3f"), name == "default" ? "" : percent(r) > text
      }
      printf "\t%s\n", cell[family, name, "depth"] > tsv
      printf ",\"depth\":%s}", cell[family, name, "depth"] == "-" ? "null" : cell[family, name, "depth"] > json
      printf "\n" > text
    }
  }
  printf "\n],\"duels\":[" > json

  print "## Which strategy for which load, and what does it cost?\n" > md
  printf "%d loads, %d strategies, each alone against the default (split=adaptive, fill=lmdb25) on the same operations.\n", family_count, strategy_count - 1 > md
  print "Exact counters and sizes, no times: bytes written (log and pages) per byte put, over the store's life; pages held per byte" > md
  print "of records; pages on the way to a key and whole-key compares, per walk from the root in measured phases. Written by `ci/strategies`.\n" > md
  for (m = 1; m <= metrics; m++) {
    stay = 0; counted = 0
    for (f = 1; f <= family_count; f++) {
      if (cell[family_at[f], "default", metric[m]] == "-") continue
      counted++
      if (best(family_at[f], m) == "") stay++
    }
    printf "- Least %s: the default, or within 1 %% of it, on %d of %d loads.\n", words[m], stay, counted > md
  }
  print "\n### Each load\n" > md
  print "The least of each cost, where it is at least 1 % below the default's; in brackets the largest other cost it brings.\n" > md
  print "| load | default: fill | written | space | levels | least written | least space | fewest levels | fewest compares |" > md
  print "|---|---|---|---|---|---|---|---|---|" > md
  for (f = 1; f <= family_count; f++) {
    family = family_at[f]
    if (!there[family, "default"]) continue
    held = cell[family, "default", "held_bytes"]
    printf "| %s | %s | %s | %s | %s |", family, held + 0 == 0 ? "-" : sprintf("%.0f %%", 100 * cell[family, "default", "logical_bytes"] / held),
      number(cell[family, "default", metric[1]], "%.2f"), number(cell[family, "default", metric[2]], "%.2f"), number(cell[family, "default", metric[3]], "%.2f") > md
    for (m = 1; m <= metrics; m++) printf " %s |", told(family, m) > md
    printf "\n" > md
  }
  print "\n### Each strategy\n" > md
  print "Against the default, over all loads: median and worst; loads where it gains and where it loses 1 % or more.\n" > md
  print "| strategy | written | space | levels | compares |" > md
  print "|---|---|---|---|---|" > md
  for (s = 1; s <= strategy_count; s++) {
    if (strategy_at[s] == "default") continue
    printf "| %s |", strategy_at[s] > md
    for (m = 1; m <= metrics; m++) {
      over_families(strategy_at[s], m)
      if (n == 0) printf " - |" > md
      else printf " %s, worst %s%s; %d gain, %d lose |", percent(middle), percent(worst), (worst >= 1 ? " (" worst_at ")" : ""), gains, losses > md
    }
    printf "\n" > md
  }
  if (duels != "") {
    print "\n### Time\n" > md
    print "Processor time of the strategy beside the default's, in pairs (`treelab duel`); estimate and interval of the slowdown.\n" > md
    print "| load | strategy | phase | estimate | interval | launches | verdict |\n|---|---|---|---|---|---|---|" > md
    first = 1
    while ((getline line < duels) > 0) {
      if (first) { first = 0; continue }
      split(line, w, "\t")
      printf "| %s | %s | %s | %s | %s | %s | %s |\n", w[1], w[2], w[3], w[4], w[5], w[6], w[7] > md
      printf "%s{\"workload\":\"%s\",\"strategy\":\"%s\",\"phase\":\"%s\",\"estimate\":\"%s\",\"interval\":\"%s\",\"launches\":\"%s\",\"verdict\":\"%s\"}",
        duel_rows++ ? "," : "", w[1], w[2], w[3], w[4], w[5], w[6], w[7] > json
    }
  }
  printf "]}\n" > json
}
