/* harness/report/extras.h -- what a report shows beside runs: calibrations and page maps.
 *
 * `treelab calibrate` leaves calibration.json and two tables, `treelab dump --pages` files named
 * pages*.tsv.  Both are looked for in the directory of a report and in its subdirectories.
 */
#ifndef TL_HARNESS_REPORT_EXTRAS_H
#define TL_HARNESS_REPORT_EXTRAS_H

#include "harness/report/json.h"

enum {
    TL_EXTRAS_MAX = 16,      /* directories; those beyond are counted */
    TL_EXTRAS_MAPS_MAX = 16, /* of one directory */
    TL_EXTRAS_NAME_MAX = 128,
};

typedef struct tl_extra {
    char name[TL_EXTRAS_NAME_MAX]; /* the subdirectory; "" for the report's own directory */
    char *folder;                  /* owned */
    tl_json *calibration;          /* owned; NULL: none */
    char maps[TL_EXTRAS_MAPS_MAX][TL_EXTRAS_NAME_MAX]; /* files in `folder`, by name */
    size_t map_count, maps_left_out;
} tl_extra;

typedef struct tl_extras {
    tl_extra *rows; /* owned; by name */
    size_t count, left_out;
} tl_extras;

/* Look into DIR and DIR/<name>.
 *
 * TL_OK       also when there is nothing; release it with tl_extras_clear
 * TL_CORRUPT  a calibration.json is damaged or no calibration; `error` names it
 * TL_NO_MEMORY, TL_IO */
TL_MUST_USE tl_status tl_extras_find(const char *dir, tl_extras *extras, char *error,
                                     size_t error_bytes);
void tl_extras_clear(tl_extras *extras);

#endif
