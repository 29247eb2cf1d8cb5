/* harness/report/plot.h -- running gnuplot on the templates of plots/. */
#ifndef TL_HARNESS_PLOT_H
#define TL_HARNESS_PLOT_H

#include "harness/report/picture.h"

typedef struct tl_plot_request {
    const char *dir;       /* has the TSV files; gets the pictures */
    const char *templates; /* the directory of style.gp and <kind>.gp */
    const char *program;   /* NULL means "gnuplot", found by PATH */
    bool png;              /* PNG beside SVG */
} tl_plot_request;

/* Draw every chosen picture, by one gnuplot per processor.
 *
 * TL_OK           every picture is drawn
 * TL_UNSUPPORTED  gnuplot is not installed; `error` tells how to install it
 * TL_NOT_FOUND    a template is missing; `error` names it
 * TL_IO           gnuplot failed, or could not be run; `error` has its first words */
TL_MUST_USE tl_status tl_plot_run(const tl_plot_request *request, const tl_pictures *pictures,
                                  char *error, size_t error_bytes);

#endif
