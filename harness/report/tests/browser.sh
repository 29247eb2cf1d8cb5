#!/bin/sh
# harness/report/tests/browser.sh TREELAB PLOTS: the report's page in a real browser.
#
# No message on the console, no reference that leaves the page, every link leads somewhere, nothing
# wider than the window, tables sort, and pictures of the page at two widths are not blank.
# Exit 77 (skipped) where no Chromium is installed.
set -eu
treelab=$1 plots=$2
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
    echo "skipped: no Chromium here (Debian: apt-get install chromium)"
    exit 77
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "browser.sh: $1" >&2; exit 1; }

# What the browser says of FILE on the console; further arguments are its own.
console() {
    file=$1; shift
    timeout 120 "$chromium" --headless --no-sandbox --disable-gpu --hide-scrollbars \
        --user-data-dir="$dir/profile" --enable-logging=stderr "$@" "file://$file" \
        2>"$dir/err" >"$dir/out" || { tail -3 "$dir/err" >&2; fail "the browser failed on $file"; }
    grep CONSOLE "$dir/err" || true
}

# The test sees errors: otherwise silence would prove nothing.
echo '<!DOCTYPE html><title>x</title><script>nothing()</script>' >"$dir/broken.html"
[ -n "$(console "$dir/broken.html" --dump-dom)" ] || fail "an error on the console went unseen"

"$treelab" run --driver tree,model --workload random,mixed -n 2000 --repeat 2 --shapes 4 --quiet \
    --out "$dir/run" >/dev/null
"$treelab" report "$dir/run" --no-png --plots "$plots" >/dev/null
page=$dir/run/report.html

for size in 1280,1600 420,1600; do
    shot=$dir/$size.png
    said=$(console "$page" --window-size=$size --screenshot="$shot")
    [ -z "$said" ] || fail "the console says at $size: $said"
    [ "$(stat -c %s "$shot")" -gt 20000 ] || fail "the page is blank at $size"
done

# Sort by each column of each table, then tell in the title how far the page sticks out.
cp "$page" "$dir/probe.html"
cat >>"$dir/probe.html" <<'END'
<script>
document.querySelectorAll('table.sortable thead th').forEach(function(h){h.click();});
document.querySelectorAll('details').forEach(function(d){d.open=true;});
document.title='out by '+(document.documentElement.scrollWidth-document.documentElement.clientWidth)+
' dead '+Array.from(document.querySelectorAll('a[href^="#"]')).filter(function(a){
return !document.getElementById(a.getAttribute('href').slice(1));}).length+
' away '+Array.from(document.querySelectorAll('a[href]')).filter(function(a){
return !a.getAttribute('href').startsWith('#');}).length+
' loaded '+performance.getEntriesByType('resource').length+
' unnamed '+Array.from(document.querySelectorAll('svg')).filter(function(s){
return !s.getAttribute('aria-label');}).length;
</script>
END
for size in 1280,1600 420,1600; do
    said=$(console "$dir/probe.html" --window-size=$size --dump-dom)
    [ -z "$said" ] || fail "sorting says at $size: $said"
    title=$(sed -n 's/.*<title>\(.*\)<\/title>.*/\1/p' "$dir/out" | head -1)
    [ "$title" = "out by 0 dead 0 away 0 loaded 0 unnamed 0" ] || fail "at $size: $title"
done
