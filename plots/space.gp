# plots/space.gp -- how large is the file after each phase, for what it keeps?
#
#     gnuplot -e "dir='out/<run>/plots'" plots/space.gp
#
# Reads space.tsv.  One picture per workload; phases from left to right, a line per store.
if (!exists("templates")) templates = 'plots'
load templates.'/style.gp'
stats dir.'/pictures.tsv' using (note_picture(strcol('kind'), 'space', strcol('picture'), strcol('title'), column('panels'), 0, 0)) nooutput

left_px = 66.0
gap_px = 60.0
plot_px = 190.0
above_px = 30.0
below_px = 56.0
key_px = 24.0
table = dir.'/space.tsv'
here(driver) = strcol('picture') eq picture && column('driver_no') == driver
array fields[3] = ['amplification', 'file_bytes', 'depth']
array units[3] = [1, 1048576, 1]
array titles[3] = ['file bytes per byte kept', 'file, MiB', 'levels of the tree']
array tops[3]
note_top(k, value) = value > tops[k] ? (tops[k] = value, 0) : 0
array reached[24]
rounded(x) = x < 1 ? 0 : (unit = 10.0 ** (floor(log10(x)) - 2), unit * floor(x / unit + 0.5)) # three digits
note_step(step, ops) = (reached[step] = reached[step] > ops ? reached[step] : ops, 0)

do for [p = 1:picture_count] {
    eval(read_picture)
    steps = picture_panels[p]
    height_px = head_px + key_px + above_px + plot_px + below_px + caption_count * caption_px + 20
    panel_px = (width_px - left_px - 24 - gap_px * 2) / 3
    do for [k = 1:3] { tops[k] = 0; stats table using (strcol('picture') eq picture ? note_top(k, column(fields[k]) / units[k]) : 0) nooutput }
    do for [s = 1:steps] { reached[s] = 0 }
    stats table using (strcol('picture') eq picture ? note_step(int(column('step')), column('ops')) : 0) nooutput

    do for [format in formats] {
        if (format eq 'svg') { eval(open_svg) } else { eval(open_png) }
        set multiplot
        eval(draw_frame)
        unset border; unset tics; unset grid
        set lmargin at screen 0; set rmargin at screen 1; set tmargin at screen 1; set bmargin at screen 0
        set xrange [0:width_px]; set yrange [-height_px:0]
        set key at first 14, first -(head_px + 6) left top horizontal Left reverse samplen 3 width 2 maxcols 8 font ',12' textcolor rgb ink
        plot for [b = 1:bar_count] NaN with linespoints linestyle (100 + bar_drivers[b]) title fit(bar_names[b], 240)
        unset key
        unset label
        set border 3 lc rgb rule
        set tics nomirror scale 0.4 textcolor rgb soft font ',10'
        do for [k = 1:3] {
            x_px = left_px + (k - 1) * (panel_px + gap_px)
            y_px = head_px + key_px + above_px
            set lmargin at screen across(x_px)
            set rmargin at screen across(x_px + panel_px)
            set tmargin at screen down(y_px)
            set bmargin at screen down(y_px + plot_px)
            unset label
            set label 100 titles[k] at screen across(x_px), screen down(y_px - 11) left font ',13' textcolor rgb ink
            top = tops[k] > 0 ? tops[k] : 1
            set xrange [0.6 : steps + 0.4]
            set yrange [0 : top * 1.12]
            set ytics () font ',10' textcolor rgb soft
            do for [t = 0:int(top * 1.12 / step_of(top))] { set ytics add (tick(t * step_of(top)) t * step_of(top)) }
            set xtics () font ',10' textcolor rgb soft
            do for [s = 1:steps] { set xtics add (fit(panel_titles[s], panel_px / steps)."\n".tick(rounded(reached[s])) s) }
            set grid ytics lc rgb rule lw 0.6 dt 1
            set label 101 'operations so far' at graph 1, screen down(y_px + plot_px + 46) right font ',10' textcolor rgb soft
            if (tops[k] == 0) { set label 102 'no store tells' at graph 0.5, graph 0.5 center font ',11' textcolor rgb soft }
            # Lines of equal stores lie on each other: markers are set side by side.
            plot for [b = 1:bar_count] table using (here(bar_drivers[b]) ? column('step') + 0.05 * (b - (bar_count + 1) / 2.0) : NaN):(column(fields[k]) / units[k]) with linespoints linestyle (100 + bar_drivers[b])
        }
        unset multiplot
        unset output
    }
}
