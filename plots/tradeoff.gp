# plots/tradeoff.gp -- what does a store pay: bytes written, space kept, time to read?
#
#     gnuplot -e "dir='out/<run>/plots'" plots/tradeoff.gp
#
# Reads tradeoff.tsv.  One panel per workload; a numbered mark per store, filled on the Pareto
# front, and beside the panel the names with their read cost.
if (!exists("templates")) templates = 'plots'
load templates.'/style.gp'
stats dir.'/pictures.tsv' using (note_picture(strcol('kind'), 'tradeoff', strcol('picture'), strcol('title'), column('panels'), column('low'), column('high'))) nooutput

columns = 2
left_px = 62.0
list_px = 250.0
line_px = 17.0
gap_px = 40.0
above_px = 30.0
below_px = 46.0
table = dir.'/tradeoff.tsv'
here(panel) = strcol('picture') eq picture && column('panel') == panel
three(x) = x < 9.995 ? sprintf('%.2f', x) : x < 99.95 ? sprintf('%.1f', x) : sprintf('%.0f', x)
span_of(ns) = ns < 1e3 ? three(ns).' ns' : ns < 1e6 ? three(ns / 1e3).' µs' : three(ns / 1e6).' ms'
array lines[64]
listed = 0
note_line(number, name, front, read_ns) = (listed = int(number), lines[listed] = sprintf('%s %d  %s  %s', front == 1 ? '●' : '○', listed, fit(name, list_px - 70), span_of(read_ns)), 0)
# Numbers stand around their marks, so that equal stores are still told apart.
dx(n) = n % 4 == 1 ? 9 : n % 4 == 2 ? -9 : n % 4 == 3 ? 9 : -9
dy(n) = n % 4 == 1 ? 9 : n % 4 == 2 ? -9 : n % 4 == 3 ? -9 : 9

do for [p = 1:picture_count] {
    eval(read_picture)
    panels = picture_panels[p]
    rows = ceil(panels / (1.0 * columns))
    plot_px = picture_highs[p] * line_px < 190 ? 190.0 : picture_highs[p] * line_px
    row_px = above_px + plot_px + below_px
    height_px = head_px + rows * row_px + caption_count * caption_px + 20
    panel_px = (width_px - columns * (left_px + list_px) - gap_px * (columns - 1)) / columns

    do for [format in formats] {
        if (format eq 'svg') { eval(open_svg) } else { eval(open_png) }
        set multiplot
        unset key
        set border 3 lc rgb rule
        set tics nomirror scale 0.4 textcolor rgb soft font ',10'
        set grid xtics ytics lc rgb rule lw 0.6 dt 1
        do for [i = 1:panels] {
            column_no = (i - 1) % columns
            row_no = (i - 1) / columns
            x_px = left_px + column_no * (panel_px + list_px + left_px + gap_px)
            y_px = head_px + row_no * row_px + above_px
            set lmargin at screen across(x_px)
            set rmargin at screen across(x_px + panel_px)
            set tmargin at screen down(y_px)
            set bmargin at screen down(y_px + plot_px)
            if (i == 1) { eval(draw_frame) } else { unset label }
            set label 100 fit(panel_titles[i], panel_px * 0.95) at screen across(x_px), screen down(y_px - 11) left font ',13' textcolor rgb ink
            set label 101 'file bytes per byte kept' at screen across(x_px + panel_px), screen down(y_px + plot_px + 32) right font ',10' textcolor rgb soft
            set label 102 'bytes written per byte put' at screen across(x_px - 46), screen down(y_px + plot_px) left rotate by 90 font ',10' textcolor rgb soft
            set xrange [*:*]
            set yrange [*:*]
            listed = 0
            stats table using (here(i) ? note_line(column('number'), strcol('driver'), column('front'), column('read_p50_ns')) : 0) nooutput
            do for [n = 1:listed] { set label (110 + n) lines[n] at screen across(x_px + panel_px + 12), screen down(y_px + 8 + (n - 1) * line_px) left font ',11' textcolor rgb ink }
            stats table using (here(i) ? column('space_amplification') : NaN):(here(i) ? column('write_amplification') : NaN) nooutput
            pad_x = STATS_max_x > STATS_min_x ? 0.15 * (STATS_max_x - STATS_min_x) : 0.1 * STATS_max_x
            pad_y = STATS_max_y > STATS_min_y ? 0.15 * (STATS_max_y - STATS_min_y) : 0.1 * STATS_max_y
            set xrange [STATS_min_x - pad_x : STATS_max_x + pad_x]
            set yrange [STATS_min_y - pad_y : STATS_max_y + pad_y]
            set xtics (three(STATS_min_x) STATS_min_x, three(STATS_max_x) STATS_max_x) font ',10' textcolor rgb soft
            if (STATS_max_x - STATS_min_x < 0.005 * STATS_max_x) { set xtics (three(STATS_max_x) STATS_max_x) }
            set ytics (three(STATS_min_y) STATS_min_y, three(STATS_max_y) STATS_max_y) font ',10' textcolor rgb soft
            if (STATS_max_y - STATS_min_y < 0.005 * STATS_max_y) { set ytics (three(STATS_max_y) STATS_max_y) }
            unit_x = (STATS_max_x - STATS_min_x + 2 * pad_x) / panel_px
            unit_y = (STATS_max_y - STATS_min_y + 2 * pad_y) / plot_px
            plot table using (here(i) && column('front') == 0 ? column('space_amplification') : NaN):'write_amplification' with points pt 6 ps 0.9 lw 1.6 lc rgb soft, \
                 table using (here(i) && column('front') == 1 ? column('space_amplification') : NaN):'write_amplification' with points pt 7 ps 1.0 lc rgb colours[1], \
                 table using (here(i) ? column('space_amplification') + dx(int(column('number'))) * unit_x : NaN):(column('write_amplification') + dy(int(column('number'))) * unit_y):(sprintf('%d', column('number'))) with labels center font ',11' textcolor rgb ink
        }
        unset multiplot
        unset output
    }
}
