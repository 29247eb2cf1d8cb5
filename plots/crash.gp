# plots/crash.gp -- which crashes were tried on which store, and did it keep its promise?
#
#     gnuplot -e "dir='out/<run>/plots'" plots/crash.gp
#
# Reads crash.tsv.  A row per store and durability, a column per variant of the crash; each cell
# tells the states checked, and its outcome in words as well as in colour.
if (!exists("templates")) templates = 'plots'
load templates.'/style.gp'
stats dir.'/pictures.tsv' using (note_picture(strcol('kind'), 'crash', strcol('picture'), strcol('title'), column('panels'), 0, 0)) nooutput

cell_px = 46.0
table = dir.'/crash.tsv'
# "words_with_lines_between" as lines of at most 16 characters: the first word, then word by word.
word_of(s) = strstrt(s, '_') > 0 ? s[1:strstrt(s, '_') - 1] : s
rest_of(s) = strstrt(s, '_') > 0 ? s[strstrt(s, '_') + 1:*] : ''
folded(line, s) = s eq '' ? line : \
    strlen(line) + 1 + strlen(word_of(s)) <= 16 ? folded(line.' '.word_of(s), rest_of(s)) : \
    line."\n".folded(word_of(s), rest_of(s))
lines(s) = strstrt(s, "\n") > 0 ? 1 + lines(s[strstrt(s, "\n") + 1:*]) : 1
grouped(s) = strlen(s) > 3 ? grouped(s[1:strlen(s) - 3]).' '.s[strlen(s) - 2:*] : s
here(outcome) = strcol('picture') eq picture && strcol('outcome') eq outcome
verdict(outcome, findings) = outcome eq 'finding' ? sprintf('✗ %d finding%s', findings, findings == 1 ? '' : 's') : outcome eq 'clean' ? '✓ clean' : 'no state'

do for [p = 1:picture_count] {
    eval(read_picture)
    panels = picture_panels[p]
    eval(measure_names)
    left_px = names_px(150, 420)
    line_count = 1
    do for [i = 1:panels] {
        panel_titles[i] = folded(word_of(panel_titles[i]), rest_of(panel_titles[i]))
        line_count = lines(panel_titles[i]) > line_count ? lines(panel_titles[i]) : line_count
    }
    above_px = 12 + 16 * line_count
    height_px = head_px + above_px + bar_count * cell_px + 10 + caption_count * caption_px + 20
    panel_px = (width_px - left_px - 14) / panels
    panel_px = panel_px > 150 ? 150 : panel_px

    do for [format in formats] {
        if (format eq 'svg') { eval(open_svg) } else { eval(open_png) }
        eval(draw_frame)
        unset border; unset tics; unset grid; unset key
        set lmargin at screen across(left_px)
        set rmargin at screen across(left_px + panels * panel_px)
        set tmargin at screen down(head_px + above_px)
        set bmargin at screen down(head_px + above_px + bar_count * cell_px)
        set xrange [0.5 : panels + 0.5]
        set yrange [-bar_count - 0.5 : -0.5]
        do for [b = 1:bar_count] { set label (110 + b) fit(bar_names[b], left_px - 14) at screen across(left_px - 10), first -b right font ',12' textcolor rgb ink }
        do for [i = 1:panels] {
            set label (310 + i) panel_titles[i] at first i, screen down(head_px + above_px + 4 - 16 * lines(panel_titles[i])) center font ',11' textcolor rgb ink
        }
        box(outcome) = here(outcome) ? column('column') : NaN
        plot table using (box('clean')):(-column('row')):(0.48):(0.46) with boxxyerror lc rgb good fs solid 0.35 border lc rgb good, \
             table using (box('finding')):(-column('row')):(0.48):(0.46) with boxxyerror lc rgb bad fs solid 0.75 border lc rgb bad, \
             table using (box('empty')):(-column('row')):(0.48):(0.46) with boxxyerror lc rgb empty fs solid 1.0 border lc rgb soft, \
             table using (strcol('picture') eq picture ? column('column') : NaN):(-column('row') + 0.17):(grouped(strcol('states'))) with labels center font ',12' textcolor rgb ink, \
             table using (strcol('picture') eq picture ? column('column') : NaN):(-column('row') - 0.2):(verdict(strcol('outcome'), column('findings'))) with labels center font ',11' textcolor rgb ink
        unset output
    }
}
