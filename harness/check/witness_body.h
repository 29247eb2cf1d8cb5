/* harness/check/witness_body.h -- what a witness is made of; for the files of witness*.c. */
#ifndef TL_HARNESS_CHECK_WITNESS_BODY_H
#define TL_HARNESS_CHECK_WITNESS_BODY_H

#include "harness/check/enumerate_body.h"
#include "harness/check/witness.h"

typedef struct tl_lost_list {
    tl_lost_sector *at;
    size_t count, capacity;
} tl_lost_list;

typedef struct tl_lost_ops {
    size_t *at;
    size_t count, capacity;
} tl_lost_ops;

struct tl_witness {
    tl_enumerator on; /* the parts of it that show a state */
    tl_enumerate_options options;
    tl_state_id where;
    uint64_t outcome, newest;
    tl_lost_list lost, shown; /* shown: of tl_witness_lost */
    tl_lost_ops names, sizes, pending;
    uint64_t *left;  /* by open sector: versions that the branches left, a bit each */
    tl_image issued; /* all that was issued */
    tl_verdict verdict;
    bool garbled, left_out;
    bool right; /* the contract allows what was looked at last */
    uint64_t looks;
};

/* witness_lost.c: lists of what is lost.  A list is searched only when it was sorted. */
TL_MUST_USE tl_status tl_lost_add(tl_lost_list *list, uint32_t file, uint32_t sector, size_t op);
TL_MUST_USE tl_status tl_lost_add_op(tl_lost_ops *list, size_t op);
TL_MUST_USE tl_status tl_lost_copy(tl_lost_list *to, const tl_lost_list *from);
void tl_lost_sort(tl_lost_list *list);
void tl_lost_sort_ops(tl_lost_ops *list); /* each operation once */
bool tl_lost_has(const tl_lost_list *list, uint32_t file, uint32_t sector, size_t op);

/* Show an outcome with everything issued but what `lost` says. */
TL_MUST_USE tl_status tl_witness_show(tl_witness *witness, uint64_t outcome,
                                      const tl_lost_list *lost);

#endif
