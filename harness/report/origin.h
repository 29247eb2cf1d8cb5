/* harness/report/origin.h -- where a document that is not a run.json comes from. */
#ifndef TL_HARNESS_REPORT_ORIGIN_H
#define TL_HARNESS_REPORT_ORIGIN_H

#include "harness/report/json.h"

/* "origin": id, argv, tool, machine, storage and class, each in the shape of
 * results/schema/run-1.json; the caller's to attach or free.  `storage_dir` is where stores lived.
 * NULL: memory is short. */
tl_json *tl_origin_json(int argc, char *const *argv, const char *storage_dir);

#endif
