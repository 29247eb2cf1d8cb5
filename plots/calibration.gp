# plots/calibration.gp -- how often is the gate's time wrong, and what does it see?
#
#     gnuplot -e "dir='out/<calibration>/plots'" plots/calibration.gp
#
# Reads calibration_qq.tsv and calibration_power.tsv.  Two panels per row of the gate: p-values of launches without an
# effect against equally likely ones, and the share of gates that caught an effect.
if (!exists("templates")) templates = 'plots'
load templates.'/style.gp'
stats dir.'/pictures.tsv' using (note_picture(strcol('kind'), 'calibration', strcol('picture'), strcol('title'), column('panels'), 0, 0)) nooutput

left_px = 62.0
right_px = 44.0
gap_px = 20.0
plot_px = 190.0
above_px = 34.0
below_px = 52.0
columns = 2
p_values = dir.'/calibration_qq.tsv'
power = dir.'/calibration_power.tsv'
here(panel) = strcol('picture') eq picture && column('panel') == panel
of(panel, statistic) = here(panel) && strcol('statistic') eq statistic
effect(panel, word) = here(panel) && strcol('effect') eq word
curve(panel) = here(panel) && (strcol('effect') eq 'added' || strcol('effect') eq 'none')
array statistics[2] = ['median', 'sums']
array paints[2] = [colours[1], colours[2]]
array shapes[2] = [7, 4]
nines(p) = p > 0 ? -log10(p) : NaN
deepest = 1
note_depth(p) = nines(p) > deepest ? (deepest = nines(p), 0) : 0
percent_top = 1
note_percent(x) = x > percent_top ? (percent_top = x, 0) : 0
found = 0
chunks = 0
note_found(x) = (found = found + 1, chunks = x, 0)
last_x = 0
last_y = 0
note_last(x, y) = x >= last_x ? (last_x = x, last_y = y, 0) : 0

do for [p = 1:picture_count] {
    eval(read_picture)
    panels = picture_panels[p]
    used = panels < columns ? panels : columns
    rows = ceil(panels / (1.0 * columns))
    row_px = above_px + plot_px + below_px
    height_px = head_px + (rows > 0 ? rows : 1) * row_px + caption_count * caption_px + 20
    half_px = width_px / 2.0
    panel_px = (half_px - 2 * left_px - right_px - gap_px) / 2
    deepest = 1; percent_top = 1
    stats p_values using (strcol('picture') eq picture ? note_depth(column('p')) + note_depth(column('band_lower')) : 0) nooutput
    stats power using (strcol('picture') eq picture ? note_percent(column('percent')) : 0) nooutput
    depth = ceil(deepest * 2) / 2.0

    do for [format in formats] {
        if (format eq 'svg') { eval(open_svg) } else { eval(open_png) }
        set multiplot
        unset key
        do for [i = 1:panels] {
            column_no = (i - 1) % columns
            row_no = (i - 1) / columns
            x_px = column_no * half_px + left_px
            y_px = head_px + row_no * row_px + above_px
            set border 3 lc rgb rule
            set tics nomirror scale 0.4 textcolor rgb soft font ',10'
            set grid xtics ytics lc rgb rule lw 0.6 dt 1
            set style fill solid 1.0 noborder
            if (i == 1) { eval(draw_frame) } else { unset label }
            set label 100 fit(panel_titles[i], half_px - left_px) at screen across(x_px - 40), screen down(y_px - 15) left font ',13' textcolor rgb ink

            # p-values.
            set tmargin at screen down(y_px)
            set bmargin at screen down(y_px + plot_px)
            set lmargin at screen across(x_px)
            set rmargin at screen across(x_px + panel_px)
            found = 0; chunks = 0
            set xrange [*:*]; set yrange [*:*]
            stats p_values using (here(i) ? note_found(column('count')) : 0) nooutput
            set xrange [0 : depth]
            set yrange [0 : depth]
            set xtics ('1' 0, '0.1' 1, '0.01' 2, '0.001' 3, '1e-4' 4, '1e-5' 5)
            set ytics ('1' 0, '0.1' 1, '0.01' 2, '0.001' 3, '1e-4' 4, '1e-5' 5)
            set label 101 'p if nothing differs' at graph 1, screen down(y_px + plot_px + 34) right font ',10' textcolor rgb soft
            set label 102 'p found' at graph 0, graph 1 left offset 0.6, -0.2 font ',10' textcolor rgb soft
            if (found == 0) { set label 103 'fewer than 40 launches' at graph 0.5, graph 0.5 center font ',11' textcolor rgb soft }
            if (found > 0) { set label 104 sprintf('n = %d', chunks) at graph 1, graph 0 right offset -0.4, 0.8 font ',11' textcolor rgb soft front }
            if (found > 0) { set label 105 '● medians' at graph 1, graph 0 right offset -0.4, 3.0 font ',11' textcolor rgb paints[1] front }
            if (found > 0) { set label 106 '□ sums' at graph 1, graph 0 right offset -0.4, 1.9 font ',11' textcolor rgb paints[2] front }
            plot p_values using (of(i, 'median') ? nines(column('p_expected')) : NaN):(nines(column('band_lower'))):(nines(column('band_upper'))) with filledcurves fc rgb empty, \
                 [0 : depth] x with lines lw 1.2 lc rgb soft dt 2, \
                 for [s = 1:2] p_values using (of(i, statistics[s]) ? nines(column('p_expected')) : NaN):(nines(column('p'))) with points pt shapes[s] ps 0.6 lw 1.4 lc rgb paints[s]
            unset label

            # Power.
            x_px = x_px + panel_px + gap_px + left_px
            set lmargin at screen across(x_px)
            set rmargin at screen across(x_px + panel_px)
            found = 0; last_x = -1; last_y = 0
            set xrange [*:*]; set yrange [*:*]
            stats power using (here(i) && column('percent') > 0 ? note_found(column('gates')) : 0) nooutput
            set xrange [-0.15 : percent_top * 1.08]
            set yrange [0 : 1.06]
            set xtics format '%g %%' autofreq
            set ytics ('0 %%' 0, '25 %%' 0.25, '50 %%' 0.5, '75 %%' 0.75, '95 %%' 0.95)
            set arrow 1 from graph 0, first 0.95 to graph 1, first 0.95 nohead lc rgb soft lw 1 dt 2
            set label 101 'slowdown of the row' at graph 1, screen down(y_px + plot_px + 34) right font ',10' textcolor rgb soft
            set label 102 'caught' at graph 0, graph 1 left offset 0.6, -0.2 font ',10' textcolor rgb soft
            if (found == 0) { set label 103 "no power curve\n(--power-replays 0)" at graph 0.5, graph 0.5 center font ',11' textcolor rgb soft }
            if (found > 0) { set label 104 sprintf('n = %d a point', chunks) at graph 1, graph 0 right offset -0.4, 0.8 font ',11' textcolor rgb soft front }
            if (found > 0) { set label 105 '● added' at graph 1, graph 0 right offset -0.4, 3.0 font ',11' textcolor rgb paints[1] front }
            if (found > 0) { set label 106 '○ injected' at graph 1, graph 0 right offset -0.4, 1.9 font ',11' textcolor rgb paints[2] front }
            plot power using (curve(i) ? column('percent') : NaN):'power_lower':'power_upper' with filledcurves fc rgb empty, \
                 power using (curve(i) ? column('percent') : NaN):'power' with lines lw 1.8 lc rgb paints[1], \
                 power using (curve(i) ? column('percent') : NaN):'power':'power_lower':'power_upper' with yerrorbars pt 7 ps 0.6 lw 1.4 lc rgb paints[1], \
                 power using (effect(i, 'injected') ? column('percent') + 0.012 * percent_top : NaN):'power':'power_lower':'power_upper' with yerrorbars pt 6 ps 0.8 lw 1.4 lc rgb paints[2]
            unset label
            unset arrow
        }
        unset multiplot
        unset output
    }
}
