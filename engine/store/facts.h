/* engine/store/facts.h -- what is known of the bytes of a tree page, or of a value, kept by a
 * simulated disk.
 *
 * Facts follow from the bytes and page_bytes alone (tl/io.h, remember), but for the hash of a
 * record, beside which stands of which key: they say that the page was checked whole, and what it
 * says of itself.  The two structs differ in size, so neither is taken for the other.  A real disk
 * remembers nothing.
 */
#ifndef TL_STORE_FACTS_H
#define TL_STORE_FACTS_H

#include "engine/store/pager.h"

typedef struct tl_page_facts {
    uint32_t read; /* it came from the disk: its checksum and its bounds were verified too */
    uint32_t leaf; /* a leaf with all its content inside; only then the rest has a meaning */
    uint32_t pgno, tag, tree_id, records;
    uint64_t birth, bytes_used, content_hash, fences_hash;
} tl_page_facts;

typedef struct tl_value_facts { /* of an extent that holds all of a value: it is sound */
    uint32_t pgno, tag, tree_id, pages, bytes, read;
    uint64_t birth, key_hash, record_hash; /* with the key that it was found under */
} tl_value_facts;

/* Of a child of a branch, kept by the branch's bytes, which say all that a leaf is compared with.
 * So it is larger than the other facts: one for each child, and a mark. */
typedef struct tl_child_facts {
    uint64_t number; /* of its contents (tl/io.h, identify); 0: nothing is known of it */
    uint64_t content_hash;
    uint32_t records, bytes_used;
} tl_child_facts;

/* What is known of the page's bytes in the file; or, with `page`, of these in memory. */
static inline bool tl_page_recall(tl_pager *pager, uint32_t pgno, const uint8_t *page,
                                  tl_page_facts *facts)
{
    tl_io *io = pager->io;
    return io->recall != NULL &&
           io->recall(io, page == NULL ? pager->file : NULL, (uint64_t)pgno << pager->page_shift,
                      page, pager->page_bytes, facts, sizeof *facts);
}

#endif
