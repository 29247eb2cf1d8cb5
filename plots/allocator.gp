# plots/allocator.gp -- what does each leaf mode ask of the page allocator?
#
#     gnuplot -e "dir='out/<run>/plots'" plots/allocator.gp
#
# Reads allocator.tsv.  One panel per counter, per workload and phase a bar for each mode.
if (!exists("templates")) templates = 'plots'
load templates.'/style.gp'
stats dir.'/pictures.tsv' using (note_picture(strcol('kind'), 'allocator', strcol('picture'), strcol('title'), column('panels'), 0, 0)) nooutput

columns = 3
gap_px = 16.0
mode_px = 21.0       # one bar
above_px = 30.0
below_px = 34.0
key_px = 24.0

number(x) = x == 0 ? '0' : x < 0.0001 ? sprintf('%.1e', x) : x < 1000 ? sprintf('%.3g', x) : sprintf('%.0f', x)
here(panel, mode) = strcol('picture') eq picture && column('panel') == panel && strcol('mode') eq mode
table = dir.'/allocator.tsv'
array panel_maxima[200]
note_maximum(panel, value) = (panel_maxima[panel] = panel_maxima[panel] > value ? panel_maxima[panel] : value, 0)
array modes[5] = ['freelist', 'bump', 'sidecar', 'dense', 'rebuild']
array paints[5] = [colours[3], colours[1], colours[4], colours[6], colours[5]]
array seen[5]        # how many rows of the picture each mode has
note_mode(mode) = sum [m = 1:5] (mode eq modes[m] ? (seen[m] = seen[m] + 1) : 0)
array shown[5]       # the modes that there are
# Where bar k of n begins and ends, above and below the middle of its group.
top_of(k, n) = 0.40 - 0.80 * (k - 1) / n - 0.02
foot_of(k, n) = 0.40 - 0.80 * k / n + 0.02

do for [p = 1:picture_count] {
    eval(read_picture)
    panels = picture_panels[p]
    used = panels < columns ? panels : columns
    rows = ceil(panels / (1.0 * columns))
    do for [m = 1:5] { seen[m] = 0 }
    stats table using (strcol('picture') eq picture ? note_mode(strcol('mode')) : 0) nooutput
    mode_count = 0
    do for [m = 1:5] { if (seen[m] > 0) { mode_count = mode_count + 1; shown[mode_count] = m } }
    plot_px = bar_count * (mode_count * mode_px + 8)
    eval(measure_names)
    left_px = names_px(110, 320)
    row_px = above_px + plot_px + below_px
    height_px = head_px + key_px + rows * row_px + caption_count * caption_px + 20
    panel_px = (width_px - left_px - 14 - gap_px * (columns - 1)) / columns
    do for [i = 1:panels] { panel_maxima[i] = 0 }
    stats table using (strcol('picture') eq picture ? note_maximum(column('panel'), column('per_op')) : 0) nooutput

    do for [format in formats] {
        if (format eq 'svg') { eval(open_svg) } else { eval(open_png) }
        set multiplot
        eval(draw_frame)
        unset border; unset tics; unset grid
        set lmargin at screen 0; set rmargin at screen 1; set tmargin at screen 1; set bmargin at screen 0
        set xrange [0:width_px]; set yrange [-height_px:0]
        set key at first 14, first -(head_px + 6) left top horizontal Left reverse samplen 2 width 2 font ',12' textcolor rgb ink
        plot for [k = 1:mode_count] NaN with boxes lc rgb paints[shown[k]] fs solid 0.75 border lc rgb paints[shown[k]] title 'leaf='.modes[shown[k]]
        unset key
        unset label

        set border 1 lc rgb rule
        set tics nomirror scale 0.4 textcolor rgb soft
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
            set label 100 panel_titles[i] at screen across(x_px), screen down(y_px - 11) left font ',13' textcolor rgb ink
            top = panel_maxima[i] > 0 ? panel_maxima[i] : 1
            set xrange [0 : top * 1.3]
            set yrange [-bar_count - 0.55 : -0.45]
            eval(set_ticks)
            unset ytics
            if (column_no == 0) {
                do for [b = 1:bar_count] { set label (110 + b) fit(bar_names[b], left_px - 14) at screen across(x_px - 8), first -b right font ',12' textcolor rgb ink }
            }
            set grid xtics lc rgb rule lw 0.6 dt 1
            plot for [k = 1:mode_count] table using (0):(here(i, modes[shown[k]]) ? -column('bar') : NaN):(0):'per_op':(-column('bar') + foot_of(k, mode_count)):(-column('bar') + top_of(k, mode_count)) with boxxyerror lc rgb paints[shown[k]] fs solid 0.75 border lc rgb paints[shown[k]], \
                 for [k = 1:mode_count] table using (here(i, modes[shown[k]]) ? column('per_op') : 0):(-column('bar') + 0.5 * (top_of(k, mode_count) + foot_of(k, mode_count))):(here(i, modes[shown[k]]) ? number(column('per_op')) : '') with labels left offset 0.6, 0 font ',11' textcolor rgb ink
        }
        unset multiplot
        unset output
    }
}
