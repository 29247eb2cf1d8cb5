/* harness/report/pieces.h -- the tables of all pictures, cut into a directory per picture.
 *
 * A template reads its tables once for each panel and bar.  From tables of all pictures that is
 * quadratic in the runs of a report; from those of one picture it costs what the picture shows.
 */
#ifndef TL_HARNESS_PIECES_H
#define TL_HARNESS_PIECES_H

#include "harness/report/picture.h"

/* Read every table in `dir` that begins with the column "picture", and write for each chosen
 * picture `pieces`/<picture name>/<table>.tsv with its rows, `pieces` being made.  A piece without
 * rows gets one that belongs to no picture, since gnuplot refuses empty tables.
 * Statuses of tl_text_save and tl_text_load; `failed` then names the file. */
TL_MUST_USE tl_status tl_pieces_write(const char *dir, const char *pieces,
                                      const tl_pictures *pictures, char *failed,
                                      size_t failed_bytes);

/* Remove what tl_pieces_write made.  What cannot be removed stays. */
void tl_pieces_remove(const char *pieces, const tl_pictures *pictures);

#endif
