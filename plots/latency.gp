# plots/latency.gp -- how slow are the slow calls?
#
#     gnuplot -e "dir='out/<run>/plots'" plots/latency.gp
#
# Reads latency.tsv.  One picture per workload, one panel per phase and operation, one curve per
# driver.  The x axis is log-odds ("nines"): the same distance from 90 % to 99 % as on to 99.9 %.
if (!exists("templates")) templates = 'plots'
load templates.'/style.gp'
stats dir.'/pictures.tsv' using (note_picture(strcol('kind'), 'latency', strcol('picture'), strcol('title'), column('panels'), column('low'), column('high'))) nooutput

columns = 3
left_px = 66.0
gap_px = 26.0
plot_px = 230.0
above_px = 30.0
below_px = 46.0
key_px = 24.0        # the drivers' names, once for all panels

here(panel, driver) = strcol('picture') eq picture && column('panel') == panel && column('driver_no') == driver
curves = dir.'/latency.tsv'
nines_max = 0
note_nines(name, nines) = name eq picture && nines > nines_max ? (nines_max = nines, 0) : 0

do for [p = 1:picture_count] {
    eval(read_picture)
    panels = picture_panels[p]
    used = panels < columns ? panels : columns
    rows = ceil(panels / (1.0 * columns))
    row_px = above_px + plot_px + below_px
    height_px = head_px + key_px + rows * row_px + caption_count * caption_px + 20
    panel_px = (width_px - left_px - 24 - gap_px * (columns - 1)) / columns
    nines_max = 1
    stats curves using (note_nines(strcol('picture'), column('nines'))) nooutput

    do for [format in formats] {
        if (format eq 'svg') { eval(open_svg) } else { eval(open_png) }
        set multiplot

        # The key: a line of samples across the top, drawn by hand so that it never overlaps.
        eval(draw_frame)
        unset border; unset tics; unset grid; unset logscale
        set lmargin at screen 0; set rmargin at screen 1; set tmargin at screen 1; set bmargin at screen 0
        set xrange [0:width_px]; set yrange [-height_px:0]
        set key at first 14, first -(head_px + 6) left top horizontal Left reverse samplen 3 width 2 maxcols 8 font ',12' textcolor rgb ink
        plot for [b = 1:bar_count] NaN with linespoints linestyle (100 + bar_drivers[b]) title fit(bar_names[b], 240)
        unset key
        unset label

        set border 3 lc rgb rule
        set tics nomirror scale 0.4 textcolor rgb soft
        set yrange [10.0 ** floor(log10(picture_lows[p])) : 10.0 ** ceil(log10(picture_highs[p]) + 0.02)]
        set logscale y 10
        set xrange [0 : nines_max + 0.25]
        set xtics ('0' 0, '90' 1, '99' 2, '99.9' 3, '99.99' 4, '99.999' 5, '99.9999' 6, '99.99999' 7) font ',10' offset 0, 0.3
        set grid xtics ytics lc rgb rule lw 0.6 dt 1
        do for [i = 1:panels] {
            column_no = (i - 1) % columns
            row_no = (i - 1) / columns
            x_px = left_px + column_no * (panel_px + gap_px)
            y_px = head_px + key_px + row_no * row_px + above_px
            set lmargin at screen across(x_px)
            set rmargin at screen across(x_px + panel_px)
            set tmargin at screen down(y_px)
            set bmargin at screen down(y_px + plot_px)
            unset label
            set label 100 fit(panel_titles[i], panel_px * 0.95) at screen across(x_px), screen down(y_px - 11) left font ',13' textcolor rgb ink
            set label 101 'percentile of calls' at screen across(x_px + panel_px), screen down(y_px + plot_px + 32) right font ',10' textcolor rgb soft
            if (column_no == 0) {
                set ytics ('1 ns' 1, '10 ns' 10, '100 ns' 100, '1 µs' 1e3, '10 µs' 1e4, '100 µs' 1e5, '1 ms' 1e6, '10 ms' 1e7, '100 ms' 1e8, '1 s' 1e9, '10 s' 1e10) font ',10'
            } else {
                set ytics ('' 1, '' 10, '' 100, '' 1e3, '' 1e4, '' 1e5, '' 1e6, '' 1e7, '' 1e8, '' 1e9, '' 1e10)
            }
            # A curve's first point, at 0, is left out of the thin lines: the hole keeps one
            # repetition's end from being joined to the next one's start.
            plot for [b = 1:bar_count] curves using (here(i, bar_drivers[b]) && column('typical') == 2 && column('nines') > 0 ? column('nines') : NaN):'latency_ns' with lines lc rgb colours[(bar_drivers[b] - 1) % 8 + 1] lw 2.6 dt 3, \
                 for [b = 1:bar_count] curves using (here(i, bar_drivers[b]) && column('typical') == 0 && column('nines') > 0 ? column('nines') : NaN):'latency_ns' with lines linestyle (200 + bar_drivers[b]), \
                 for [b = 1:bar_count] curves using (here(i, bar_drivers[b]) && column('typical') == 1 ? column('nines') : NaN):'latency_ns' with linespoints linestyle (100 + bar_drivers[b])
        }
        unset multiplot
        unset output
        unset logscale
    }
}
