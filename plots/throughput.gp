# plots/throughput.gp -- how many operations per second does each store do?
#
#     gnuplot -e "dir='out/<run>/plots'" plots/throughput.gp
#
# Reads throughput.tsv and throughput_summary.tsv.  Small multiples, one per workload and phase:
# a bar per driver from zero to the median, a ring per repetition, the number written beside.
if (!exists("templates")) templates = 'plots'
load templates.'/style.gp'
stats dir.'/pictures.tsv' using (note_picture(strcol('kind'), 'throughput', strcol('picture'), strcol('title'), column('panels'), 0, 0)) nooutput

columns = 3
gap_px = 16.0
bar_px = 24.0
above_px = 30.0      # a panel's title
below_px = 34.0      # a panel's axis

three(x, unit) = x < 9.995 ? sprintf('%.2f'.unit, x) : x < 99.95 ? sprintf('%.1f'.unit, x) : sprintf('%.0f'.unit, x)
SI(x) = x < 999.5 ? three(x, '') : x < 999.5e3 ? three(x / 1e3, ' k') : \
    x < 999.5e6 ? three(x / 1e6, ' M') : three(x / 1e9, ' G')
label(median, driver, ratio_count, ratio) = \
    SI(median).(ratio_count > 0 && driver ne 'lmdb' ? sprintf('  %.2f×', ratio) : '')
here(panel) = strcol('picture') eq picture && column('panel') == panel
measured(panel) = here(panel) && column('repetitions') > 0
summary = dir.'/throughput_summary.tsv'
repetitions = dir.'/throughput.tsv'
array panel_maxima[200]
note_maximum(panel, value) = (panel_maxima[panel] = panel_maxima[panel] > value ? panel_maxima[panel] : value, 0)

do for [p = 1:picture_count] {
    eval(read_picture)
    panels = picture_panels[p]
    used = panels < columns ? panels : columns
    rows = ceil(panels / (1.0 * columns))
    plot_px = bar_count * bar_px
    eval(measure_names)
    left_px = names_px(110, 320)
    row_px = above_px + plot_px + below_px
    height_px = head_px + rows * row_px + caption_count * caption_px + 20
    panel_px = (width_px - left_px - 14 - gap_px * (columns - 1)) / columns
    do for [i = 1:panels] { panel_maxima[i] = 0 }
    stats summary using (strcol('picture') eq picture ? note_maximum(column('panel'), column('ops_per_s_max')) : 0) nooutput

    do for [format in formats] {
        if (format eq 'svg') { eval(open_svg) } else { eval(open_png) }
        set multiplot
        unset key
        set style fill solid 1.0 border lc rgb ink
        set boxwidth 1
        set border 1 lc rgb rule
        set tics nomirror scale 0.4 textcolor rgb soft
        do for [i = 1:panels] {
            column_no = (i - 1) % columns
            row_no = (i - 1) / columns
            x_px = left_px + column_no * (panel_px + gap_px)
            y_px = head_px + row_no * row_px + above_px
            set lmargin at screen across(x_px)
            set rmargin at screen across(x_px + panel_px)
            set tmargin at screen down(y_px)
            set bmargin at screen down(y_px + plot_px)
            if (i == 1) { eval(draw_frame) } else { unset label }
            set label 100 fit(panel_titles[i], panel_px * 0.95) at screen across(x_px), screen down(y_px - 11) left font ',13' textcolor rgb ink
            set label 101 'operations/s' at screen across(x_px + panel_px), screen down(y_px + plot_px + 27) right font ',10' textcolor rgb soft
            top = panel_maxima[i] > 0 ? panel_maxima[i] : 1
            set xrange [0 : top * 1.62]
            set yrange [-bar_count - 0.55 : -0.45]
            eval(set_ticks)
            unset ytics
            if (column_no == 0) {
                do for [b = 1:bar_count] { set label (110 + b) fit(bar_names[b], left_px - 14) at screen across(x_px - 8), first -b right font ',12' textcolor rgb ink }
            }
            set grid xtics lc rgb rule lw 0.6 dt 1
            plot for [b = 1:bar_count] summary using (0):(here(i) && column('bar') == b && column('repetitions') > 0 ? -b : NaN):(0):(column('ops_per_s_median')):(-b - 0.36):(-b + 0.36) with boxxyerror lc rgb colours[(bar_drivers[b] - 1) % 8 + 1] fs solid 0.75 border lc rgb colours[(bar_drivers[b] - 1) % 8 + 1], \
                repetitions using (here(i) ? column('ops_per_s') : NaN):(-column('bar')) with points pt 6 ps 0.6 lw 1.2 lc rgb ink, \
                summary using (measured(i) ? column('ops_per_s_max') : 0):(-column('bar')):(measured(i) ? label(column('ops_per_s_median'), strcol('driver'), column('ratio_count'), column('ratio_median')) : '') with labels left offset 0.9, 0 font ',11' textcolor rgb ink, \
                summary using (0):(-column('bar')):(here(i) && column('repetitions') == 0 ? strcol('gap') : '') with labels left offset 0.9, 0 font ',11' textcolor rgb soft
        }
        unset multiplot
        unset output
    }
}
