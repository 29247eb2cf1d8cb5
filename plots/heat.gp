# plots/heat.gp -- how many calls took how long, when?
#
#     gnuplot -e "dir='out/<run>/plots'" plots/heat.gp
#
# Reads heat.tsv and heat_panels.tsv.  One picture per workload and phase, one panel per driver: time to the right,
# latency up on a logarithmic axis, the count of calls as colour on a logarithmic scale.
if (!exists("templates")) templates = 'plots'
load templates.'/style.gp'
stats dir.'/pictures.tsv' using (note_picture(strcol('kind'), 'heat', strcol('picture'), strcol('title'), column('panels'), column('low'), column('high'))) nooutput

left_px = 70.0
right_px = 18.0
gap_px = 24.0
plot_px = 300.0
above_px = 30.0
below_px = 44.0
key_px = 54.0        # the colours' key
decade = 10          # bins
squares = dir.'/heat.tsv'
about = dir.'/heat_panels.tsv'
here(panel) = strcol('picture') eq picture && column('panel') == panel
array counts[120 * 110]
note_count(column_no, bin, count) = (counts[int(column_no) * 110 + int(bin) + 1] = count, 0)
count_top = 1
end_s = 0
note_top(count) = count > count_top ? (count_top = count, 0) : 0
note_end(length) = length > end_s ? (end_s = length, 0) : 0
used_columns = 2
column_s = 1.0
length_s = 0
note_about(columns, seconds, length) = (used_columns = int(columns), column_s = seconds, length_s = length, 0)

do for [p = 1:picture_count] {
    eval(read_picture)
    panels = picture_panels[p]
    columns = panels < 2 ? 1 : 2
    rows = ceil(panels / (1.0 * columns))
    row_px = above_px + plot_px + below_px
    height_px = head_px + rows * row_px + key_px + caption_count * caption_px + 20
    panel_px = (width_px - left_px - right_px - (gap_px + left_px - 20) * (columns - 1)) / columns
    count_top = 1; end_s = 0
    stats squares using (strcol('picture') eq picture ? note_top(column('count')) : 0) nooutput
    stats about using (strcol('picture') eq picture ? note_end(column('length_s')) : 0) nooutput
    end_s = end_s > 0 ? end_s : 1
    low = int(floor(log10(picture_lows[p] > 0 ? picture_lows[p] : 1) * decade + 0.01))
    high = int(floor(log10(picture_highs[p] > 0 ? picture_highs[p] : 10) * decade + 0.01))
    high = high < low + 2 ? low + 2 : high

    do for [format in formats] {
        if (format eq 'svg') { eval(open_svg) } else { eval(open_png) }
        set multiplot
        unset key
        eval(viridis)
        set palette maxcolors 32
        set logscale cb 10
        set cbrange [1 : count_top > 10 ? count_top : 10]
        set object 1 rectangle from graph 0, graph 0 to graph 1, graph 1 fc rgb canvas fs solid 1.0 noborder behind
        do for [i = 1:panels] {
            column_no = (i - 1) % columns
            row_no = (i - 1) / columns
            x_px = left_px + column_no * (panel_px + gap_px + left_px - 20)
            y_px = head_px + row_no * row_px + above_px
            do for [c = 1:|counts|] { counts[c] = 0 }
            used_columns = 2; column_s = 1.0
            set xrange [*:*]; set yrange [*:*]
            stats squares using (here(i) ? note_count(column('column'), column('bin'), column('count')) : 0) nooutput
            stats about using (here(i) ? note_about(column('columns'), column('column_s'), column('length_s')) : 0) nooutput
            set border 3 lc rgb rule
            set tics nomirror out scale 0.4 textcolor rgb soft font ',10'
            set grid xtics ytics back lc rgb '#dcdcdc' lw 0.6 dt 1
            set lmargin at screen across(x_px)
            set rmargin at screen across(x_px + panel_px)
            set tmargin at screen down(y_px)
            set bmargin at screen down(y_px + plot_px)
            if (i == 1) { eval(draw_frame) } else { unset label }
            set label 100 fit(panel_titles[i], panel_px * 0.95) at screen across(x_px), screen down(y_px - 11) left font ',13' textcolor rgb ink
            set label 101 'since the phase began' at graph 1, screen down(y_px + plot_px + 34) right font ',10' textcolor rgb soft
            if (length_s < 0.85 * end_s) { set label 102 '◂ ended' at first length_s, graph 0.5 left offset 0.5, 0 font ',11' textcolor rgb '#555554' front }
            set xrange [0 : end_s]
            set yrange [low : high]
            set xtics format '%g s' autofreq
            set ytics ('1 ns' 0, '10 ns' 10, '100 ns' 20, '1 µs' 30, '10 µs' 40, '100 µs' 50, '1 ms' 60, '10 ms' 70, '100 ms' 80, '1 s' 90, '10 s' 100)
            if (i == panels) {
                set colorbox horizontal user origin screen across(left_px), screen down(height_px - caption_count * caption_px - 32) size screen across(300), screen 10 / height_px noborder
                set cbtics scale 0.4 font ',10' textcolor rgb soft format '%.0f' offset 0, 0.4
                set label 103 'calls in a square' at screen across(left_px + 312), screen down(height_px - caption_count * caption_px - 36) left font ',11' textcolor rgb soft front
            } else { unset colorbox }
            set print $grid # an image wants every square, also the empty ones
            print "x\ty\tcount"
            do for [b = low:high - 1] { do for [c = 0:used_columns - 1] { print sprintf("%d\t%d\t%s", c, b, counts[c * 110 + b + 1] > 0 ? sprintf("%d", counts[c * 110 + b + 1]) : "NaN") } }
            unset print
            plot $grid using ((column('x') + 0.5) * column_s):(column('y') + 0.5):(column('count')) with image
            unset label
        }
        unset multiplot
        unset output
        unset object 1
    }
}
