/* harness/script/sides.h -- the verbs that reach a record, as done by one side: store or model. */
#ifndef TL_HARNESS_SCRIPT_SIDES_H
#define TL_HARNESS_SCRIPT_SIDES_H

#include "harness/script/answer.h"

typedef struct tl_operation { /* a line with its expressions evaluated */
    const tl_script_line *line;
    tl_slice key, value;
    tl_slice low, high;       /* of line->range, where it has these bounds */
    uint64_t limit;           /* SCAN; UINT64_MAX: none */
    uint64_t steps;           /* NEXT, PREV: 1 or more */
    bool overwrite;           /* INSERT the model has to follow: the key may be there */
    const tl_record *records; /* of a batch */
    size_t record_count;
    const char *fill; /* BULKLOAD; NULL: the store's own */
} tl_operation;

/* Do the verb and fill the answer.  An answer that does not fit in memory is TL_NO_MEMORY, with a
 * note. */
typedef void (*tl_record_fn)(const tl_driver *driver, tl_store_txn *txn,
                             const tl_operation *operation, tl_script_answer *answer);
void tl_side_put(const tl_driver *driver, tl_store_txn *txn, const tl_operation *operation,
                 tl_script_answer *answer); /* insert and append too */
void tl_side_get(const tl_driver *driver, tl_store_txn *txn, const tl_operation *operation,
                 tl_script_answer *answer);
void tl_side_del(const tl_driver *driver, tl_store_txn *txn, const tl_operation *operation,
                 tl_script_answer *answer);
void tl_side_scan(const tl_driver *driver, tl_store_txn *txn, const tl_operation *operation,
                  tl_script_answer *answer);
void tl_side_count(const tl_driver *driver, tl_store_txn *txn, const tl_operation *operation,
                   tl_script_answer *answer);

void tl_side_delrange(const tl_driver *driver, tl_store_txn *txn, const tl_operation *operation,
                      tl_script_answer *answer);
void tl_side_batch(const tl_driver *driver, tl_store_txn *txn, const tl_operation *operation,
                   tl_script_answer *answer); /* batch bulkinsert bulkload */

/* The range of a line as a store takes it.  False: it holds no key, whatever the store. */
bool tl_operation_range(const tl_operation *operation, tl_range *range);

typedef void (*tl_cursor_fn)(const tl_driver *driver, tl_store_cursor *cursor,
                             const tl_operation *operation, tl_script_answer *answer);
void tl_side_step(const tl_driver *driver, tl_store_cursor *cursor, const tl_operation *operation,
                  tl_script_answer *answer); /* first last seek next prev */
void tl_side_curdel(const tl_driver *driver, tl_store_cursor *cursor, const tl_operation *operation,
                    tl_script_answer *answer);

#endif
