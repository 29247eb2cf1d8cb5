# plots/style.gp -- what every picture shares: size, fonts, colours, captions, formats.
#
# A template sets nothing but its own panels.  It begins with
#     if (!exists("templates")) templates = 'plots'
#     load templates.'/style.gp'
# and needs dir, the directory of the TSV files; pictures are written there too, or into out.
#
# Colours are those of Okabe and Ito, told apart by colour-blind readers; each driver has its own
# marker and dash too, so that a grey print still tells.  All inks are fixed #rrggbb values: the
# HTML report turns exactly these into its own light and dark ones (harness/report/html_style.c).

if (!exists("dir")) {
    print "usage: gnuplot -e \"dir='out/<run>/plots'\" plots/<question>.gp"
    exit status 2
}
if (!exists("formats")) formats = 'svg png'
if (!exists("out")) out = dir # where pictures go

set encoding utf8
set datafile separator tab
set datafile columnheaders
set minussign

ink = '#222222'    # text and bars' outlines
soft = '#666666'   # captions, axes' numbers
rule = '#cccccc'   # grid
paper = '#ffffff'
good = '#009e73'
bad = '#d55e00'
empty = '#e5e5e5'

# Driver n is drawn with style 100 + n, the other repetitions of it with 200 + n.
array colours[8] = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f6000', '#555555']
array markers[8] = [7, 5, 9, 11, 13, 6, 4, 8]
array dashes[8] = [1, 2, 4, 3, 5, 1, 2, 4]
do for [i = 1:32] {
    k = (i - 1) % 8 + 1
    m = (i - 1 + 3 * ((i - 1) / 8)) % 8 + 1 # the ninth shares a colour, not a marker or a dash
    set style line (100 + i) lc rgb colours[k] lw 2 dt dashes[m] pt markers[m] ps 0.55
    set style line (200 + i) lc rgb colours[k] lw 0.6 dt dashes[m]
}

width_px = 1080.0
caption_px = 16.0    # one line of caption
head_px = 34.0       # the title
text_px = 12         # everything but the caption and title

# Text tables.  select_... read rows of one picture into arrays; strings with spaces are safe.
array picture_names[1000]
array picture_titles[1000]
array picture_panels[1000]
array picture_lows[1000]
array picture_highs[1000]
picture_count = 0
count_picture(kind, wanted) = kind eq wanted ? (picture_count = picture_count + 1) : NaN
note_picture(kind, wanted, name, title, panels, low, high) = \
    kind ne wanted ? 0 : (picture_count = picture_count + 1, \
    picture_names[picture_count] = name, picture_titles[picture_count] = title, \
    picture_panels[picture_count] = int(panels), picture_lows[picture_count] = low, \
    picture_highs[picture_count] = high, 0)

array panel_titles[200]
note_panel(name, wanted, panel, title) = name eq wanted ? (panel_titles[panel] = title, 0) : 0

array bar_names[200]
array bar_drivers[200]
bar_count = 0
note_bar(name, wanted, bar, text, driver) = \
    name ne wanted ? 0 : (bar_count = bar_count > bar ? bar_count : int(bar), \
    bar_names[bar] = text, bar_drivers[bar] = int(driver), 0)

array caption_lines[100]
caption_count = 0
note_caption(name, wanted, line, text) = \
    name ne wanted ? 0 : (caption_count = int(line), caption_lines[line] = text, 0)

# Read everything about picture number `p` of this template.
read_picture = "set xrange [*:*]; set yrange [*:*]; picture = picture_names[p]; bar_count = 0; caption_count = 0; \
    stats dir.'/panels.tsv' using (note_panel(strcol('picture'), picture, column('panel'), strcol('title'))) nooutput; \
    stats dir.'/bars.tsv' using (note_bar(strcol('picture'), picture, column('bar'), strcol('name'), column('driver_no'))) nooutput; \
    stats dir.'/captions.tsv' using (note_caption(strcol('picture'), picture, column('line'), strcol('text'))) nooutput"

# Room for the bars' names at the left, and a name cut to what fits it.
longest = 0
measure_names = "longest = 0; do for [b = 1:bar_count] { longest = strlen(bar_names[b]) > longest ? strlen(bar_names[b]) : longest }"
names_px(least, most) = 7.2 * longest + 20 < least ? least : 7.2 * longest + 20 > most ? most : 7.2 * longest + 20
fit(s, px) = strlen(s) * 7.2 <= px ? s : s[1:int(px / 7.2) - 1].'…'

# About five round steps from 0 to just above `top`, written as 500, 1.5 k, 2 M.
step_of(top) = (step = 10.0 ** floor(log10(top)), top / step < 2 ? step / 2 : top / step < 5 ? step : step * 2)
tick(x) = x < 1e3 ? sprintf('%g', x) : x < 1e6 ? sprintf('%g k', x / 1e3) : x < 1e9 ? sprintf('%g M', x / 1e6) : sprintf('%g G', x / 1e9)
set_ticks = "set xtics () font ',10' offset 0, 0.3; do for [t = 0:int(top * 1.05 / step_of(top))] { set xtics add (tick(t * step_of(top)) t * step_of(top)) }"

# Pixels from the left and from the top, as fractions of the screen.
across(px) = px / width_px
down(px) = 1 - px / height_px

# Open output `format` of the picture; height_px is set before.
open_svg = "set terminal svg size width_px, height_px font 'sans-serif,12' background '#ffffff' noenhanced dynamic linewidth 1; set output out.'/'.picture.'.svg'"
open_png = "set terminal pngcairo size width_px * 1.5, height_px * 1.5 font 'sans,12' fontscale 1.125 linewidth 1.5 pointscale 1.5 dashlength 0.6 background '#ffffff' noenhanced; set output out.'/'.picture.'.png'"

# Title above, caption below; labels 1..99 belong to them.
draw_frame = "unset label; \
    set label 1 picture_titles[p] at screen across(14), screen down(18) left font ',15' textcolor rgb ink front; \
    do for [i = 1:caption_count] { set label (1 + i) caption_lines[i] at screen across(14), screen down(height_px - 12 - (caption_count - i) * caption_px) left font ',11' textcolor rgb soft front }"

# Viridis, the most in dark: light to dark is told apart in grey prints and by colour-blind readers.
viridis = "set palette defined (0 '#fde725', 0.125 '#aadc32', 0.25 '#5cc863', 0.375 '#27ad81', 0.5 '#21908c', 0.625 '#2c728e', 0.75 '#3b528b', 0.875 '#472c7a', 1 '#440154')"
# Under a picture made of such colours, in the dark page too: not one of the page's inks.
canvas = '#fefefe'
