# plots/strategies.gp -- which split or fill strategy costs what, and how sure is that?
#
#     gnuplot -e "dir='out/<run>/plots'" plots/strategies.gp
#
# Reads strategies.tsv and strategies_dots.tsv.  A panel per cost, a bar per strategy from zero, a ring per repetition or
# launch, a line for the interval, the number beside.
if (!exists("templates")) templates = 'plots'
load templates.'/style.gp'
stats dir.'/pictures.tsv' using (note_picture(strcol('kind'), 'strategies', strcol('picture'), strcol('title'), column('panels'), 0, 0)) nooutput

columns = 2
gap_px = 26.0
bar_px = 24.0
above_px = 34.0
below_px = 40.0
bars = dir.'/strategies.tsv'
dots = dir.'/strategies_dots.tsv'
here(panel) = strcol('picture') eq picture && column('panel') == panel
known(x) = x == x
three(x) = abs(x) < 9.995 ? sprintf('%.3g', x) : abs(x) < 999.5 ? sprintf('%.3g', x) : abs(x) < 999.5e3 ? sprintf('%.3g k', x / 1e3) : sprintf('%.3g M', x / 1e6)
# Rings of a bar stand in four lanes, so that equal ones are told apart and the line is not hidden.
lane(n) = n == 0 ? 0.28 : n == 1 ? -0.28 : n == 2 ? 0.14 : -0.14
low = 0
high = 0
most = 0
is_duel = 0
note_reach(x) = known(x) ? (high = x > high ? x : high, low = x < low ? x : low, 0) : 0
note_count(n) = n > most ? (most = n, 0) : 0
note_duel(word) = (is_duel = word eq 'cpu_percent', 0)
# Beside the bar's, the interval's and the dots' end.
array ends[200]
note_end(b, x) = known(x) && x > ends[b] ? (ends[b] = x, 0) : 0

do for [p = 1:picture_count] {
    eval(read_picture)
    panels = picture_panels[p]
    used = panels < columns ? panels : columns
    rows = ceil(panels / (1.0 * columns))
    plot_px = bar_count * bar_px
    eval(measure_names)
    left_px = names_px(110, 300)
    row_px = above_px + plot_px + below_px
    height_px = head_px + rows * row_px + caption_count * caption_px + 20
    panel_px = (width_px - left_px - 14 - gap_px * (used - 1)) / used
    do for [format in formats] {
        if (format eq 'svg') { eval(open_svg) } else { eval(open_png) }
        set multiplot
        unset key
        set style fill solid 1.0 noborder
        set border 1 lc rgb rule
        set tics nomirror scale 0.4 textcolor rgb soft
        do for [i = 1:panels] {
            column_no = (i - 1) % columns
            row_no = (i - 1) / columns
            x_px = left_px + column_no * (panel_px + gap_px)
            y_px = head_px + row_no * row_px + above_px
            low = 0; high = 0; most = 0; is_duel = 0
            do for [b = 1:bar_count] { ends[b] = 0 }
            set xrange [*:*]; set yrange [*:*]
            stats bars using (here(i) ? note_count(column('count')) + note_duel(strcol('measure')) + note_reach(column('value')) + note_reach(column('lower')) + note_reach(column('upper')) + note_end(column('bar'), column('value')) + note_end(column('bar'), column('upper')) : 0) nooutput
            stats dots using (here(i) ? note_reach(column('value')) + note_end(column('bar'), column('value')) : 0) nooutput
            high = high > 0 || low < 0 ? high : 1
            reach = high - low
            set lmargin at screen across(x_px)
            set rmargin at screen across(x_px + panel_px)
            set tmargin at screen down(y_px)
            set bmargin at screen down(y_px + plot_px)
            if (i == 1) { eval(draw_frame) } else { unset label }
            set label 100 fit(sprintf('%s, n = %d', panel_titles[i], most), panel_px) at screen across(x_px), screen down(y_px - 11) left font ',13' textcolor rgb ink
            set xrange [low - (low < 0 ? 0.03 * reach : 0) : high + 0.26 * reach]
            set yrange [-bar_count - 0.55 : -0.45]
            set xtics () font ',10' offset 0, 0.3
            if (is_duel) { set xtics format '%+g %%' autofreq } else { do for [t = 0:int(high * 1.05 / step_of(high))] { set xtics add (tick(t * step_of(high)) t * step_of(high)) } }
            unset ytics
            if (column_no == 0) {
                do for [b = 1:bar_count] { set label (110 + b) fit(bar_names[b], left_px - 14) at screen across(x_px - 8), first -b right font ',12' textcolor rgb ink }
            }
            set grid xtics lc rgb rule lw 0.6 dt 1
            set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb soft lw 1.2 front
            plot bars using (0):(here(i) && known(column('value')) ? -column('bar') : NaN):(0):(column('value')):(-column('bar') - 0.36):(-column('bar') + 0.36) with boxxyerror lc rgb colours[1] fs transparent solid 0.35 border lc rgb colours[1], \
                 bars using (here(i) && known(column('lower')) && known(column('upper')) ? column('lower') : NaN):(-column('bar')):(column('upper') - column('lower')):(0) with vectors heads size graph 0.006,90 lw 1.6 lc rgb ink, \
                 dots using (here(i) ? column('value') : NaN):(-column('bar') + lane(int(column('number')) % 4)) with points pt 6 ps 0.45 lw 1 lc rgb ink, \
                 bars using (here(i) ? ends[int(column('bar'))] : 0):(-column('bar')):(here(i) ? (known(column('value')) ? (is_duel ? sprintf('%+.2f %%', column('value')) : three(column('value'))) : '—') : '') with labels left offset 0.9, 0 font ',11' textcolor rgb ink
            unset arrow
        }
        unset multiplot
        unset output
    }
}
