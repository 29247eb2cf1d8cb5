# plots/series.gp -- how did a phase go from its beginning to its end?
#
#     gnuplot -e "dir='out/<run>/plots'" plots/series.gp
#
# Reads series.tsv.  One picture per workload and phase, one panel per driver: the rate from zero,
# latencies on a logarithmic axis, and below them a rug of what the engine was doing.
if (!exists("templates")) templates = 'plots'
load templates.'/style.gp'
stats dir.'/pictures.tsv' using (note_picture(strcol('kind'), 'series', strcol('picture'), strcol('title'), column('panels'), column('low'), column('high'))) nooutput

left_px = 90.0
right_px = 66.0      # the curves' names
gap_px = 28.0
rate_px = 96.0
times_px = 176.0
rug_px = 64.0
above_px = 30.0
below_px = 44.0
table = dir.'/series.tsv'
here(panel) = strcol('picture') eq picture && column('panel') == panel
array percentiles[3] = ['p50', 'p99', 'p99_9']
array names[3] = ['p50', 'p99', 'p99.9']
array paints[3] = [colours[1], colours[5], colours[2]]
array events[4] = ['splits', 'merges', 'alloc_compactions', 'checkpoints']
array event_names[4] = ['splits', 'merges', 'compactions', 'checkpoints']
array event_maxima[4]
note_event(e, value) = value > event_maxima[e] ? (event_maxima[e] = value, 0) : 0
rate_top = 0
end_s = 0
steady_s = -1
# One pass for the scales that all panels share.
note_scales(rate, ends) = (rate_top = rate > rate_top ? rate : rate_top, end_s = ends > end_s ? ends : end_s, 0)
note_steady(at) = (steady_s = at, 0)
paint_of(share) = share <= 0 ? 0xffffffff : int(255 * (0.75 - 0.75 * share)) * 0x1000000 + 0x222222

do for [p = 1:picture_count] {
    eval(read_picture)
    panels = picture_panels[p]
    columns = panels < 2 ? 1 : 2
    rows = ceil(panels / (1.0 * columns))
    row_px = above_px + rate_px + 12 + times_px + 12 + rug_px + below_px
    height_px = head_px + rows * row_px + caption_count * caption_px + 20
    panel_px = (width_px - left_px - right_px - (gap_px + right_px) * (columns - 1)) / columns
    rate_top = 0; end_s = 0
    stats table using (strcol('picture') eq picture ? note_scales(column('ops_per_s'), column('begin_s') + column('length_s')) : 0) nooutput
    rate_top = rate_top > 0 ? rate_top : 1
    low = 10.0 ** floor(log10(picture_lows[p] > 0 ? picture_lows[p] : 1))
    high = 10.0 ** ceil(log10(picture_highs[p] > 0 ? picture_highs[p] : 10) + 0.02)

    do for [format in formats] {
        if (format eq 'svg') { eval(open_svg) } else { eval(open_png) }
        set multiplot
        unset key
        do for [i = 1:panels] {
            column_no = (i - 1) % columns
            row_no = (i - 1) / columns
            x_px = left_px + column_no * (panel_px + gap_px + right_px)
            y_px = head_px + row_no * row_px + above_px
            steady_s = -1
            do for [e = 1:4] { event_maxima[e] = 0 }
            do for [e = 1:4] { stats table using (here(i) ? note_event(e, column(events[e])) : 0) nooutput }
            stats table using (here(i) ? note_steady(column('steady_s')) : 0) nooutput
            unset logscale
            unset arrow
            set border 3 lc rgb rule
            set tics nomirror scale 0.4 textcolor rgb soft font ',10'
            set grid xtics ytics lc rgb rule lw 0.6 dt 1
            set lmargin at screen across(x_px)
            set rmargin at screen across(x_px + panel_px)

            # The rate.
            if (i == 1) { eval(draw_frame) } else { unset label }
            set label 100 fit(panel_titles[i], panel_px * 0.95) at screen across(x_px), screen down(y_px - 11) left font ',13' textcolor rgb ink
            set label 101 'operations/s' at graph 1, graph 1 right offset 0, 0.6 font ',10' textcolor rgb soft
            set tmargin at screen down(y_px)
            set bmargin at screen down(y_px + rate_px)
            set xrange [0 : end_s]
            set yrange [0 : rate_top * 1.12]
            set xtics format '' autofreq
            set ytics format ''
            set ytics () 
            do for [t = 0:int(rate_top * 1.12 / step_of(rate_top))] { if (t * step_of(rate_top) <= rate_top * 1.12) { set ytics add (tick(t * step_of(rate_top)) t * step_of(rate_top)) } }
            if (steady_s >= 0) {
                set arrow 1 from first steady_s, graph 0 to first steady_s, graph 1 nohead lc rgb ink lw 1.2 dt 3 front
                set label 102 '⚑ steady' at first steady_s, graph 0.1 left offset 0.4, 0 font ',10' textcolor rgb ink front
            }
            plot table using (here(i) ? column('begin_s') : NaN):'ops_per_s' with steps lw 1.8 lc rgb colours[3]
            unset label

            # Latencies.
            y_px = y_px + rate_px + 12
            set tmargin at screen down(y_px)
            set bmargin at screen down(y_px + times_px)
            set yrange [low : high]
            set logscale y 10
            set ytics ('1 ns' 1, '10 ns' 10, '100 ns' 100, '1 µs' 1e3, '10 µs' 1e4, '100 µs' 1e5, '1 ms' 1e6, '10 ms' 1e7, '100 ms' 1e8, '1 s' 1e9, '10 s' 1e10)
            # Names stand at the height of the curves' medians, a line apart at least.
            apart = (high / low) ** (15.0 / times_px)
            floor_k = low
            do for [k = 1:3] {
                stats table using (here(i) ? column(percentiles[k].'_ns') : NaN) nooutput
                if (exists("STATS_records") && STATS_records > 0) {
                    floor_k = STATS_median > floor_k ? STATS_median : floor_k
                    set label (120 + k) names[k] at first end_s, first floor_k left offset 0.6, 0 font ',11' textcolor rgb paints[k]
                    floor_k = floor_k * apart
                }
            }
            plot for [k = 1:3] table using (here(i) ? column('begin_s') + column('length_s') / 2 : NaN):(column(percentiles[k].'_ns')) with lines lw 0.8 + 0.4 * k lc rgb paints[k] dt 1, \
                 for [k = 1:3] table using (here(i) ? column('begin_s') + column('length_s') / 2 : NaN):(column('response_'.percentiles[k].'_ns')) with lines lw 0.8 + 0.4 * k lc rgb paints[k] dt 2
            unset logscale
            unset label

            # The rug.
            y_px = y_px + times_px + 12
            set tmargin at screen down(y_px)
            set bmargin at screen down(y_px + rug_px)
            set yrange [-4.5 : -0.5]
            set ytics () 
            do for [e = 1:4] { set ytics add (column_no == 0 ? event_names[e] : '' -e) }
            if (event_maxima[1] + event_maxima[2] + event_maxima[3] + event_maxima[4] == 0) { set label 135 'none, or not counted' at graph 0.5, graph 0.5 center font ',11' textcolor rgb soft }
            set xtics format '%g s'
            unset grid
            do for [e = 1:4] { if (event_maxima[e] > 0) { set label (130 + e) sprintf('≤ %s', tick(event_maxima[e])) at first end_s, first -e left offset 0.6, 0 font ',10' textcolor rgb soft } }
            set label 101 'since the phase began' at graph 1, screen down(y_px + rug_px + 34) right font ',10' textcolor rgb soft
            set style fill solid 1.0 noborder
            plot for [e = 1:4] table using (here(i) && column(events[e]) > 0 ? column('begin_s') : NaN):(-e):(column('begin_s')):(column('begin_s') + column('length_s')):(-e - 0.36):(-e + 0.36):(paint_of(0.15 + 0.85 * column(events[e]) / (event_maxima[e] > 0 ? event_maxima[e] : 1))) with boxxyerror lc rgb variable
            unset label
        }
        unset multiplot
        unset output
        unset arrow
    }
}
