/* engine/tree/verify.h -- the structural check of one tree. */
#ifndef TL_TREE_VERIFY_H
#define TL_TREE_VERIFY_H

#include "engine/tree/tree.h"

typedef struct tl_verifier {
    tl_pager *pager;
    uint64_t txn; /* no page of this state was born later */
    tl_report_fn report;
    void *context;
    tl_verify_summary *summary;
    uint64_t *reached; /* one bit per page of the file: set for every page found */
    bool stopped;      /* report asked to stop */
} tl_verifier;

/* Tell the user; false: stop. */
bool tl_verifier_report(tl_verifier *verifier, const char *rule, uint32_t pgno, const char *text);

/* Note that a page was found; false: it already was. */
bool tl_verifier_reach(tl_verifier *verifier, uint32_t pgno);

/* Check the extents that a record's reference names (verify_values.c). */
TL_MUST_USE tl_status tl_value_verify(tl_verifier *verifier, uint32_t tree_id, uint64_t birth_max,
                                      tl_slice key, tl_slice reference);

/* Walk every page below `root`.  TL_IO, TL_NO_MEMORY end the walk; damage is reported and the walk
 * goes on beside it. */
TL_MUST_USE tl_status tl_tree_verify(tl_verifier *verifier, const tl_root *root);

#endif
