/* harness/script/evaluate.h -- expressions into numbers and bytes, within bounds. */
#ifndef TL_HARNESS_SCRIPT_EVALUATE_H
#define TL_HARNESS_SCRIPT_EVALUATE_H

#include "harness/script/script.h"

enum { TL_SCRIPT_BYTES_MAX = 64 << 20 }; /* most bytes one expression may make */

typedef struct tl_script_scope { /* the loops around the line at hand */
    int64_t values[TL_SCRIPT_LOOPS_MAX];
    const char *names[TL_SCRIPT_LOOPS_MAX];
    unsigned loop_count;
    char error[200]; /* why the latest evaluation failed */
} tl_script_scope;

typedef struct tl_script_buffer { /* bytes that grow; all zeros is empty and ready */
    unsigned char *data;
    size_t size_bytes, room_bytes;
} tl_script_buffer;

void tl_script_buffer_free(tl_script_buffer *buffer);
tl_slice tl_script_buffer_slice(const tl_script_buffer *buffer);
/* Replace the content by a copy of `bytes`.  False: out of memory, content unspecified. */
bool tl_script_buffer_set(tl_script_buffer *buffer, tl_slice bytes);
/* Add `bytes` at the end.  False: out of memory, content as it was. */
bool tl_script_buffer_append(tl_script_buffer *buffer, tl_slice bytes);

/* TL_INVALID: overflow, a division by zero or a number out of range; scope->error says which. */
TL_MUST_USE tl_status tl_script_int_value(tl_script_scope *scope, const tl_script_int *node,
                                          int64_t *value);
/* The same for a number that must be in min..max; `what` names it in the message. */
TL_MUST_USE tl_status tl_script_int_within(tl_script_scope *scope, const tl_script_int *node,
                                           const char *what, int64_t min, int64_t max,
                                           int64_t *value);
/* Also TL_NO_MEMORY. */
TL_MUST_USE tl_status tl_script_bytes_value(tl_script_scope *scope, const tl_script_bytes *bytes,
                                            tl_script_buffer *buffer);

#endif
