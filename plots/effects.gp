# plots/effects.gp -- is B slower than A, by how much, and how sure is that?
#
#     gnuplot -e "dir='out/<run>/plots'" plots/effects.gp
#
# Reads effects.tsv and effects_launches.tsv.  A forest plot: a row per duel, its estimate and bounds around a zero line.
# Verdicts have colour, shape and word; what leaves the scale is an arrow with its number beside.
if (!exists("templates")) templates = 'plots'
load templates.'/style.gp'
stats dir.'/pictures.tsv' using (note_picture(strcol('kind'), 'effects', strcol('picture'), strcol('title'), column('panels'), column('low'), column('high'))) nooutput

row_px = 24.0
words_px = 330.0     # the numbers at the right
above_px = 10.0
below_px = 44.0
table = dir.'/effects.tsv'
launches = dir.'/effects_launches.tsv'
array verdicts[5] = ['regressed', 'inconclusive', 'pass', 'improved', 'invalid']
array paints[5] = ['#d55e00', '#7f6000', '#009e73', '#0072b2', '#666666']
array shapes[5] = [9, 4, 7, 11, 2]
here(verdict) = strcol('picture') eq picture && strcol('verdict') eq verdict
mine(name) = name eq picture
known(x) = x == x
farthest = 0
note_reach(x) = known(x) && abs(x) > farthest ? (farthest = abs(x), 0) : 0
inside(x) = x > reach ? reach : x < -reach ? -reach : x
do for [p = 1:picture_count] {
    eval(read_picture)
    delta = picture_lows[p]
    limit = picture_highs[p]
    eval(measure_names)
    left_px = names_px(150, 400)
    plot_px = bar_count * row_px
    height_px = head_px + above_px + plot_px + below_px + caption_count * caption_px + 20
    farthest = 1.3 * limit
    stats table using (mine(strcol('picture')) ? note_reach(column('estimate_percent')) + note_reach(column('lower_percent')) + note_reach(column('upper_percent')) : 0) nooutput
    reach = farthest < 3 * limit ? 1.05 * farthest : 3 * limit

    do for [format in formats] {
        if (format eq 'svg') { eval(open_svg) } else { eval(open_png) }
        eval(draw_frame)
        set lmargin at screen across(left_px)
        set rmargin at screen across(width_px - words_px - 14)
        set tmargin at screen down(head_px + above_px)
        set bmargin at screen down(head_px + above_px + plot_px)
        set border 1 lc rgb rule
        unset ytics; unset key
        set xtics nomirror scale 0.4 font ',10' textcolor rgb soft format '%+g %%' autofreq
        set grid xtics lc rgb rule lw 0.6 dt 1
        set xtics add ('0' 0)
        set xrange [-reach : reach]
        set yrange [-bar_count - 0.6 : -0.4]
        set object 1 rectangle from first -delta, graph 0 to first delta, graph 1 fc rgb empty fs solid 1.0 noborder behind
        set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb ink lw 1.2 front
        set arrow 2 from first limit, graph 0 to first limit, graph 1 nohead lc rgb soft lw 1 dt 2
        set arrow 3 from first -limit, graph 0 to first -limit, graph 1 nohead lc rgb soft lw 1 dt 2
        set label 100 '◂ B is faster' at graph 0, screen down(head_px + above_px + plot_px + 34) left font ',11' textcolor rgb soft
        set label 101 'B is slower ▸' at graph 1, screen down(head_px + above_px + plot_px + 34) right font ',11' textcolor rgb soft
        do for [b = 1:bar_count] { set label (110 + b) fit(bar_names[b], left_px - 14) at screen across(left_px - 8), first -b right font ',12' textcolor rgb ink }
        plot launches using (strcol('picture') eq picture && abs(column('percent')) <= reach ? column('percent') : NaN):(-column('row') - 0.3) with points pt 7 ps 0.22 lc rgb soft, \
             for [v = 1:5] table using (here(verdicts[v]) && known(column('lower_percent')) && known(column('upper_percent')) ? inside(column('lower_percent')) : NaN):(-column('row')):(inside(column('upper_percent')) - inside(column('lower_percent'))):(0) with vectors nohead lw 2.2 lc rgb paints[v], \
             for [v = 1:5] table using (here(verdicts[v]) && abs(column('estimate_percent')) <= reach ? column('estimate_percent') : NaN):(-column('row')) with points pt shapes[v] ps 0.95 lw 1.6 lc rgb paints[v], \
             for [v = 1:5] table using (here(verdicts[v]) && column('estimate_percent') > reach ? 0.93 * reach : NaN):(-column('row')):(0.07 * reach):(0) with vectors head filled size graph 0.02,25 lw 2.2 lc rgb paints[v], \
             for [v = 1:5] table using (here(verdicts[v]) && column('estimate_percent') < -reach ? -0.93 * reach : NaN):(-column('row')):(-0.07 * reach):(0) with vectors head filled size graph 0.02,25 lw 2.2 lc rgb paints[v], \
             for [v = 1:5] table using (reach):(-column('row')):(here(verdicts[v]) ? strcol('text') : '') with labels left offset 1.2, 0 font ',11' textcolor rgb paints[v]
        unset output
        unset object 1
        unset arrow
    }
}
