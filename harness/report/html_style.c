/* harness/report/html_style.c -- how the page looks: light, dark, and on paper.
 *
 * Pictures carry the fixed inks of plots/style.gp; the attribute rules below turn each into the
 * tone of the reader's scheme.  On paper everything is light and every table is open.
 */
#include "harness/report/html_page.h"

#define LIGHT                                                                                      \
    "--paper:#fff;--card:#f6f7f8;--ink:#1d1f21;--soft:#5a6066;--rule:#d5d9dd;--link:#0061a8;"      \
    "--good:#00694e;--good-bg:#e0f3ec;--bad:#9c3a00;--bad-bg:#fdeadd;--warn:#6b5200;"              \
    "--warn-bg:#fdf3d6;--empty:#e5e5e5;--c1:#0072b2;--c2:#d55e00;--c3:#009e73;--c4:#cc79a7;"       \
    "--c5:#e69f00;--c6:#56b4e9;--c7:#7f6000;--c8:#555555;"
#define DARK                                                                                       \
    "--paper:#16181b;--card:#1f2226;--ink:#e6e8ea;--soft:#a3a9b0;--rule:#3a3f45;--link:#7cc0f5;"   \
    "--good:#6fd9b6;--good-bg:#12332a;--bad:#ff9d63;--bad-bg:#3d2212;--warn:#ecc75a;"              \
    "--warn-bg:#332b10;--empty:#33373c;--c1:#3fa3e0;--c2:#f07b2a;--c3:#1fc296;--c4:#e298c3;"       \
    "--c5:#f2b632;--c6:#86cdf5;--c7:#c9a53c;--c8:#a9a9a9;"

#define INK(hex, name)                                                                             \
    ".picture [fill=\"" hex "\"]{fill:var(" name ")}.picture [stroke=\"" hex                       \
    "\"]{stroke:var(" name ")}.picture [color=\"" hex "\"]{color:var(" name ")}\n"

const char *const html_style[] = {
    ":root{color-scheme:light dark;" LIGHT "}\n"
    "@media (prefers-color-scheme:dark){:root{" DARK "}}\n"
    "@media print{:root{color-scheme:light;" LIGHT "}}\n",
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:1128px;padding:24px;background:var(--paper);color:var(--ink);"
    "font:15px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:26px;margin:0 0 4px}h2{font-size:20px;margin:40px 0 8px;padding-top:12px;"
    "border-top:1px solid var(--rule)}h3{font-size:16px;margin:24px 0 8px}\n"
    "p{margin:8px 0;max-width:80ch}a{color:var(--link)}\n"
    ".soft{color:var(--soft)}nav a{margin-right:14px;white-space:nowrap}\n"
    ".banner{border-left:6px solid;border-radius:4px;padding:12px 16px;margin:16px 0}\n"
    ".banner p{margin:0;font-weight:600}.banner ul{margin:8px 0 0;padding-left:20px}\n"
    ".good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}\n"
    ".banner.good{background:var(--good-bg)}.banner.bad{background:var(--bad-bg)}"
    ".banner.warn{background:var(--warn-bg)}\n"
    "td.bad,td.warn{font-weight:600}td.long:not(:empty){min-width:26em}\n"
    ".scroll{overflow-x:auto;margin:8px 0}\n"
    "table{border-collapse:collapse;font-size:13.5px;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:3px 9px;border-bottom:1px solid var(--rule);text-align:left;"
    "vertical-align:top}\n"
    "thead th{border-bottom:2px solid var(--soft);vertical-align:bottom}\n"
    "tbody th{font-weight:500}td.n{text-align:right;white-space:nowrap}th.n{text-align:right}\n"
    ".sortable thead th.by{cursor:pointer}.sortable thead th.by:hover{text-decoration:underline}\n"
    "tbody tr:hover{background:var(--card)}tr.first th,tr.first td{border-top:2px solid "
    "var(--rule)}\n"
    "code,pre{font:12.5px/1.45 ui-monospace,monospace}\n"
    "pre{background:var(--card);padding:8px 12px;border-radius:4px;margin:4px 0;"
    "white-space:pre-wrap;overflow-wrap:anywhere}\n"
    "details{margin:8px 0}summary{cursor:pointer;color:var(--link)}\n"
    "figure{margin:16px 0}\n"
    ".frame{overflow-x:auto}\n"
    ".picture{display:block;width:100%;min-width:860px;height:auto;background:var(--paper)}\n"
    ".picture text{font-family:system-ui,sans-serif}.picture image{image-rendering:pixelated}\n",
    // clang-format off
    INK("#222222", "--ink") INK("black", "--ink") INK("#666666", "--soft") INK("#cccccc", "--rule")
    INK("#ffffff", "--paper") INK("#e5e5e5", "--empty") INK("#0072b2", "--c1")
    INK("#d55e00", "--c2") INK("#009e73", "--c3") INK("#cc79a7", "--c4") INK("#e69f00", "--c5")
    INK("#56b4e9", "--c6") INK("#7f6000", "--c7") INK("#555555", "--c8"),
    // clang-format on
    "@media print{body{max-width:none;padding:0;font-size:11px}nav,summary{display:none}"
    "h2{break-after:avoid}figure,tr{break-inside:avoid}"
    ".scroll,.frame{overflow:visible}.picture{min-width:0}table{font-size:9px}a{color:inherit}"
    "details::details-content{content-visibility:visible;display:block}}\n",
    NULL,
};

const char html_script[] =
    "document.querySelectorAll('table.sortable').forEach(function(t){\n"
    "var body=t.tBodies[0],rows=Array.from(body.rows);\n"
    "Array.from(t.tHead.rows[0].cells).forEach(function(h,i){\n"
    "var up=false;h.className+=' by';h.title='sort by this column';\n"
    "h.addEventListener('click',function(){\n"
    "up=!up;\n"
    "function key(r){var c=r.cells[i],v=c?c.getAttribute('data-v'):null;\n"
    "return v===null?(c?c.textContent:''):parseFloat(v);}\n"
    "rows.sort(function(a,b){var x=key(a),y=key(b),d=typeof x==='number'&&typeof y==='number'\n"
    "?x-y:String(x).localeCompare(String(y));return up?d:-d;});\n"
    "rows.forEach(function(r){r.className='';body.appendChild(r);});\n"
    "});});});\n"
    "addEventListener('beforeprint',function(){document.querySelectorAll('details').forEach("
    "function(d){d.open=true;});});\n";
