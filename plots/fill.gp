# plots/fill.gp -- how full are leaves, and how did they become so?
#
#     gnuplot -e "dir='out/<run>/plots'" plots/fill.gp
#
# Reads fill.tsv and fill_course.tsv.  One picture per workload and phase, one panel per store: histograms of the
# leaves' fill side by side over the phase, the last one once more as bars, the tree's size below.
if (!exists("templates")) templates = 'plots'
load templates.'/style.gp'
stats dir.'/pictures.tsv' using (note_picture(strcol('kind'), 'fill', strcol('picture'), strcol('title'), column('panels'), column('low'), column('high'))) nooutput

left_px = 66.0
right_px = 30.0
gap_px = 60.0
fill_px = 200.0
bars_px = 90.0       # the last histogram, at the right of the course
size_px = 66.0
above_px = 30.0
below_px = 44.0
table = dir.'/fill.tsv'
course = dir.'/fill_course.tsv'
here(panel) = strcol('picture') eq picture && column('panel') == panel
ops_top = 0
pages_top = 0
note_scales(ops, pages) = (ops_top = ops > ops_top ? ops : ops_top, pages_top = pages > pages_top ? pages : pages_top, 0)
last_mean = 0
depth_first = 0
depth_last = 0
note_sample(mean, depth) = (last_mean = mean, depth_first = depth_first == 0 ? depth : depth_first, depth_last = depth, 0)
shade(share) = int(255 * (0.9 - 0.9 * share)) * 0x1000000 + 0x222222

do for [p = 1:picture_count] {
    eval(read_picture)
    panels = picture_panels[p]
    columns = panels < 2 ? 1 : 2
    rows = ceil(panels / (1.0 * columns))
    row_px = above_px + fill_px + 12 + size_px + below_px
    height_px = head_px + rows * row_px + caption_count * caption_px + 20
    panel_px = (width_px - left_px - right_px - (gap_px + right_px) * (columns - 1)) / columns
    course_px = panel_px - bars_px - 8
    ops_top = 0; pages_top = 0
    stats course using (strcol('picture') eq picture ? note_scales(column('ops'), column('tree_pages')) : 0) nooutput
    share_top = picture_highs[p] > 0 ? picture_highs[p] : 1

    do for [format in formats] {
        if (format eq 'svg') { eval(open_svg) } else { eval(open_png) }
        set multiplot
        unset key
        do for [i = 1:panels] {
            column_no = (i - 1) % columns
            row_no = (i - 1) / columns
            x_px = left_px + column_no * (panel_px + gap_px + right_px)
            y_px = head_px + row_no * row_px + above_px
            last_mean = 0; depth_first = 0; depth_last = 0
            stats course using (here(i) ? note_sample(column('mean_percent'), column('depth')) : 0) nooutput
            set border 3 lc rgb rule
            set tics nomirror scale 0.4 textcolor rgb soft font ',10'
            set grid xtics lc rgb rule lw 0.6 dt 1
            if (i == 1) { eval(draw_frame) } else { unset label }
            set label 100 fit(panel_titles[i], panel_px * 0.95) at screen across(x_px), screen down(y_px - 11) left font ',13' textcolor rgb ink
            set style fill solid 1.0 noborder

            # The course: shares as shades.
            set lmargin at screen across(x_px)
            set rmargin at screen across(x_px + course_px)
            set tmargin at screen down(y_px)
            set bmargin at screen down(y_px + fill_px)
            set xrange [0 : ops_top]
            set yrange [0 : 104]
            set xtics format '' autofreq
            set ytics ('0 %%' 0, '25 %%' 25, '50 %%' 50, '69.3 %%' 69.3147, '100 %%' 100)
            set arrow 1 from graph 0, first 69.3147 to graph 1, first 69.3147 nohead lc rgb colours[2] lw 1 dt 2 front
            set arrow 2 from graph 0, first 50 to graph 1, first 50 nohead lc rgb soft lw 0.8 dt 2 front
            set arrow 3 from graph 0, first 100 to graph 1, first 100 nohead lc rgb soft lw 0.8 dt 2 front
            plot table using (here(i) ? column('from_ops') : NaN):(column('low_percent')):(column('from_ops')):(column('ops')):(column('low_percent')):(column('high_percent')):(shade(column('share') / share_top)) with boxxyerror lc rgb variable, \
                 course using (here(i) ? column('ops') : NaN):'mean_percent' with lines lw 4.5 lc rgb paper, \
                 course using (here(i) ? column('ops') : NaN):'mean_percent' with lines lw 2.2 lc rgb colours[1]
            unset label

            # The last histogram.
            set lmargin at screen across(x_px + course_px + 8)
            set rmargin at screen across(x_px + panel_px)
            set border 2 lc rgb rule
            unset xtics
            set ytics ('' 0, '' 25, '' 50, '' 69.3147, '' 100)
            set xrange [0 : share_top * 1.02]
            set label 104 sprintf('at the end %.1f %%', last_mean) at graph 1, screen down(y_px - 4) right font ',11' textcolor rgb colours[1] front
            set arrow 4 from graph 0, first last_mean to graph 1, first last_mean nohead lc rgb colours[1] lw 2.2 front
            plot table using (here(i) && column('last') == 1 ? 0 : NaN):(column('low_percent')):(0):(column('share')):(column('low_percent') + 0.4):(column('high_percent') - 0.4) with boxxyerror lc rgb soft
            unset label
            unset arrow

            # Pages of the tree.
            y_px = y_px + fill_px + 12
            set lmargin at screen across(x_px)
            set rmargin at screen across(x_px + course_px)
            set tmargin at screen down(y_px)
            set bmargin at screen down(y_px + size_px)
            set border 3 lc rgb rule
            set xrange [0 : ops_top]
            set yrange [0 : pages_top * 1.15]
            set ytics ()
            do for [t = 0:int(pages_top / step_of(pages_top))] { set ytics add (tick(t * step_of(pages_top)) t * step_of(pages_top)) }
            set xtics () font ',10' textcolor rgb soft
            do for [t = 0:int(ops_top / step_of(ops_top))] { set xtics add (tick(t * step_of(ops_top)) t * step_of(ops_top)) }
            set label 101 'operations of the phase' at graph 1, screen down(y_px + size_px + 34) right font ',10' textcolor rgb soft
            set label 102 depth_first == depth_last ? sprintf("pages\nof the tree,\ndepth %.0f", depth_last) : sprintf("pages\nof the tree,\ndepth %.0f to %.0f", depth_first, depth_last)
            set label 102 at screen across(x_px + course_px + 12), screen down(y_px + 12) left font ',11' textcolor rgb soft
            plot course using (here(i) ? column('ops') : NaN):'tree_pages' with steps lw 1.8 lc rgb colours[3]
            unset label
        }
        unset multiplot
        unset output
        unset arrow
    }
}
