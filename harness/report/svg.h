/* harness/report/svg.h -- gnuplot's SVG, made fit to stand inside the HTML page.
 *
 * Titles and filters nobody reads, empty groups and repeated marker definitions go; colours become
 * #rrggbb, so that the page's style can give each a light and a dark tone.  About a third of the
 * bytes remain.
 */
#ifndef TL_HARNESS_SVG_H
#define TL_HARNESS_SVG_H

#include "harness/report/text.h"

/* Append the picture in `svg`, described by `label` for those who cannot see it.  Marker shapes
 * are defined by the first picture of a page: `with_markers` is true for that one.
 * TL_INVALID: not an SVG document of gnuplot's kind; nothing was appended. */
TL_MUST_USE tl_status tl_svg_inline(tl_text *page, const char *svg, const char *label,
                                    bool with_markers);

#endif
