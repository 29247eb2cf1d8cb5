# plots/pages.gp -- what lies where in a file, and how do its free pages hang together?
#
#     gnuplot -e "dir='out/<run>/plots'" plots/pages.gp
#
# Reads pages_squares.tsv and pages_runs.tsv.  A panel per map, its pages row by row; below them, for each map, how many
# runs of free pages are at least so long.  low has the columns of a map, high the pages of a square.
if (!exists("templates")) templates = 'plots'
load templates.'/style.gp'
stats dir.'/pictures.tsv' using (note_picture(strcol('kind'), 'pages', strcol('picture'), strcol('title'), column('panels'), column('low'), column('high'))) nooutput

left_px = 78.0
right_px = 24.0
gap_px = 18.0
above_px = 34.0
below_px = 26.0
runs_px = 150.0
squares = dir.'/pages_squares.tsv'
runs = dir.'/pages_runs.tsv'
here(panel) = strcol('picture') eq picture && column('panel') == panel
array paints_of[128 * 128]
note_square(square, paint) = (paints_of[int(square) + 1] = int(paint), used = square + 1 > used ? square + 1 : used, 0)
note_used(square) = square + 1 > most ? (most = square + 1, 0) : 0
red(c) = c / 65536
green(c) = c / 256 % 256
blue(c) = c % 256
longest = 1
runs_top = 1
note_runs(length, count) = (longest = length > longest ? length : longest, runs_top = count > runs_top ? count : runs_top, 0)
last_x = 0
last_y = 0
note_last(x, y) = x >= last_x ? (last_x = x, last_y = y, 0) : 0

do for [p = 1:picture_count] {
    eval(read_picture)
    panels = picture_panels[p]
    across_count = int(picture_lows[p]) > 0 ? int(picture_lows[p]) : 16
    each = picture_highs[p] > 0 ? int(picture_highs[p]) : 1
    columns = panels < 2 ? 1 : 2
    rows = ceil(panels / (1.0 * columns))
    most = 0; longest = 1; runs_top = 1
    stats squares using (strcol('picture') eq picture ? note_used(column('square')) : 0) nooutput
    stats runs using (strcol('picture') eq picture ? note_runs(column('length'), column('runs')) : 0) nooutput
    lines = ceil(most / (1.0 * across_count))
    lines = lines < 1 ? 1 : lines
    panel_px = columns == 1 ? 560.0 : (width_px - 2 * left_px - right_px - gap_px) / 2
    plot_px = panel_px * lines / across_count
    plot_px = plot_px < 40 ? 40.0 : plot_px
    row_px = above_px + plot_px + below_px
    height_px = head_px + rows * row_px + above_px + runs_px + 48 + caption_count * caption_px + 20

    do for [format in formats] {
        if (format eq 'svg') { eval(open_svg) } else { eval(open_png) }
        set multiplot
        unset key
        unset colorbox
        do for [i = 1:panels] {
            column_no = (i - 1) % columns
            row_no = (i - 1) / columns
            x_px = left_px + column_no * (panel_px + gap_px + left_px)
            y_px = head_px + row_no * row_px + above_px
            used = 0
            set xrange [*:*]; set yrange [*:*]
            stats squares using (here(i) ? note_square(column('square'), column('paint')) : 0) nooutput
            set border 15 lc rgb rule
            unset grid
            unset xtics
            set lmargin at screen across(x_px)
            set rmargin at screen across(x_px + panel_px)
            set tmargin at screen down(y_px)
            set bmargin at screen down(y_px + plot_px)
            if (i == 1) { eval(draw_frame) } else { unset label }
            set label 100 fit(panel_titles[i], panel_px * 0.95) at screen across(x_px), screen down(y_px - 12) left font ',13' textcolor rgb ink
            if (i == 1) { set label 101 'page' at screen across(x_px - 8), screen down(y_px - 12) right font ',10' textcolor rgb soft }
            set xrange [0 : across_count]
            set yrange [lines : 0]
            set ytics nomirror out scale 0.4 textcolor rgb soft font ',10'
            set ytics ()
            do for [t = 0:4] { if (t == 0 || lines >= 4) { set ytics add (sprintf('%d', t * lines / 4 * across_count * each) t * lines / 4) } }
            set print $grid # an image wants every square; those beyond the file are grey
            print "x\ty\tr\tg\tb"
            do for [s = 0:lines * across_count - 1] { c = s < used ? paints_of[s + 1] : 0xe5e5e5; print sprintf("%d\t%d\t%d\t%d\t%d", s % across_count, s / across_count, red(c), green(c), blue(c)) }
            unset print
            plot $grid using (column('x') + 0.5):(column('y') + 0.5):'r':'g':'b' with rgbimage
            unset label
        }

        # Runs of free pages.
        y_px = head_px + rows * row_px + above_px
        set lmargin at screen across(left_px)
        set rmargin at screen across(width_px - 170)
        set tmargin at screen down(y_px)
        set bmargin at screen down(y_px + runs_px)
        set border 3 lc rgb rule
        set grid xtics ytics lc rgb rule lw 0.6 dt 1
        set logscale xy 10
        set xrange [0.9 : longest * 1.15]
        set yrange [0.8 : runs_top * 1.3]
        set xtics () nomirror out scale 0.4 textcolor rgb soft font ',10'
        set ytics ()
        do for [t = 0:7] { if (10 ** t <= longest * 1.15) { set xtics add (tick(10 ** t) 10 ** t) } ; if (10 ** t <= runs_top * 1.3) { set ytics add (tick(10 ** t) 10 ** t) } }
        set label 100 'Runs of free pages at least so long' at screen across(left_px), screen down(y_px - 12) left font ',13' textcolor rgb ink
        set label 101 'pages in a run' at graph 1, screen down(y_px + runs_px + 34) right font ',10' textcolor rgb soft
        # Names stand where the curves end, a line apart at least.
        do for [b = 1:bar_count] {
            last_x = 0; last_y = 1
            set xrange [*:*]; set yrange [*:*]; unset logscale
            stats runs using (here(b) ? note_last(column('length'), column('runs')) : 0) nooutput
            set logscale xy 10
            set xrange [0.9 : longest * 1.15]; set yrange [0.8 : runs_top * 1.3]
            set label (110 + b) fit(last_x == 0 ? bar_names[b].': none free' : sprintf('%s: up to %d', bar_names[b], last_x), 160) at screen across(width_px - 160), screen down(y_px + 10 + (b - 1) * 20) left font ',12' textcolor rgb colours[b]
            if (last_x > 0) { set label (120 + b) bar_names[b] at first last_x, first last_y left offset 0.7, 0.5 font ',11' textcolor rgb colours[b] }
        }
        plot for [b = 1:bar_count] runs using (here(b) ? column('length') : NaN):'runs' with linespoints lw 1.8 dt dashes[b] pt markers[b] ps 0.7 lc rgb colours[b], \
             NaN
        unset logscale
        unset label
        unset multiplot
        unset output
    }
}
