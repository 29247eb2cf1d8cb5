/* engine/tree/verify.h -- the structural check of one tree. */
#ifndef TL_TREE_VERIFY_H
#define TL_TREE_VERIFY_H

#include "engine/store/facts.h"
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

typedef struct tl_leaf_place { /* what a tree says of one of its leaves */
    uint32_t tree_id;
    uint64_t birth_max;
    tl_slice lower, upper;
} tl_leaf_place;

/* Tell the user; false: stop. */
bool tl_verifier_report(tl_verifier *verifier, const char *rule, uint32_t pgno, const char *text);

/* Note that a page was found; false: it already was. */
bool tl_verifier_reach(tl_verifier *verifier, uint32_t pgno);

/* A leaf that is known whole is counted and not looked at again; `here`: it is in memory.  False:
 * it has to be. */
bool tl_leaf_pass(tl_verifier *verifier, tl_ref ref, bool here, const tl_leaf_place *place,
                  const tl_page_facts *facts);
/* Let the disk know that this page is sound in itself; and, with `leaf`, all that the summary got
 * from it since `before`. */
void tl_page_remember(tl_verifier *verifier, const uint8_t *page, bool read_now,
                      const tl_leaf_place *leaf, const tl_verify_summary *before);

/* What is known of the children of a branch on level 1 that was read from the disk, if anything. */
typedef struct tl_children {
    tl_child_facts *at; /* NULL: nothing is, and nothing can be */
    size_t count;
    bool changed;
} tl_children;
void tl_children_recall(tl_verifier *verifier, const uint8_t *branch, bool here,
                        tl_children *children);
/* A leaf that was found under these very bytes of its parent before, and has not changed: counted.
 * False: it has to be looked at, and may then be noted. */
bool tl_child_pass(tl_verifier *verifier, tl_ref ref, const tl_child_facts *child);
void tl_child_note(tl_verifier *verifier, tl_ref ref, const tl_leaf_place *place,
                   tl_children *children, size_t index);
/* Let the disk know what was noted; gives the memory back. */
void tl_children_remember(tl_verifier *verifier, const uint8_t *branch, bool sound,
                          tl_children *children);

/* Check the extents that a record's reference names (verify_values.c). */
TL_MUST_USE tl_status tl_value_verify(tl_verifier *verifier, uint32_t tree_id, uint64_t birth_max,
                                      tl_slice key, tl_slice reference);

/* Walk every page below `root`.  TL_IO, TL_NO_MEMORY end the walk; damage is reported and the walk
 * goes on beside it. */
TL_MUST_USE tl_status tl_tree_verify(tl_verifier *verifier, const tl_root *root);

#endif
