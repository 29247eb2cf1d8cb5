/* workloads/options.h -- the user's `--set name=value`, read through a workload's option table.
 *
 * The table is the single truth: fallback and range are taken from the same text that `treelab
 * list` prints.  A range is "8..511" for numbers ("bytes", "count", "percent") and "insert|put"
 * for words and lists.  Each function answers false after explaining in `error` what is wrong and
 * what would be right.
 */
#ifndef TL_WORKLOADS_OPTIONS_H
#define TL_WORKLOADS_OPTIONS_H

#include "workloads/workload.h"

typedef struct tl_options { /* all borrowed; lives as long as one create() */
    const tl_workload_option *table;
    const tl_workload_spec *spec;
    char *error; /* may be NULL */
    size_t error_bytes;
} tl_options;

/* Every given name is in the table, and spec.ops is in 1..TL_OPS_MAX. */
#define TL_OPS_MAX ((uint64_t)1 << 40)
bool tl_options_known(const tl_options *settings);

/* The last value given for `name`, else its fallback; a size of workloads/number.h. */
bool tl_options_number(const tl_options *settings, const char *name, uint64_t *value);

/* The text itself. */
const char *tl_options_text(const tl_options *settings, const char *name);

/* The place of the given word in the range: 0 for the first. */
bool tl_options_word(const tl_options *settings, const char *name, size_t *index);

/* The places of words separated by ',' or '+'; at least one, at most `capacity`. */
bool tl_options_list(const tl_options *settings, const char *name, size_t *indexes, size_t capacity,
                     size_t *count);

/* A number that spec.value_bytes_max must allow too. */
bool tl_options_value_bytes(const tl_options *settings, const char *name, uint64_t *value);

/* The one of `names` that the first `chars` of `given` are most like; NULL when none is near. */
const char *tl_options_nearest(const char *given, size_t chars, const char *const *names,
                               size_t count);

/* Write a message of your own; always false. */
bool tl_options_refuse(const tl_options *settings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
