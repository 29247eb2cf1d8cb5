/* engine/tree/verify_recall.c -- leaves that the verifier has seen before, on a simulated disk.
 *
 * The verdict about a leaf is a function of its bytes and of what the tree says of it.  The facts
 * are all that the second is compared with, and what the leaf adds to the summary.  A leaf with
 * values outside of it is never remembered: its verdict depends on other pages.
 */
#include "engine/tree/verify.h"

typedef struct leaf_facts {
    uint32_t pgno, tag, tree_id, records, bytes_used;
    uint32_t read; /* it came from the disk: its checksum was verified */
    uint64_t birth, content_hash, fences_hash;
} leaf_facts;

/* Separators as one number; lengths count. */
static uint64_t fences_hash(const tl_leaf_place *place)
{
    return tl_record_hash(place->lower, place->upper);
}

static bool facts_fit(const leaf_facts *facts, tl_ref ref, const tl_leaf_place *place)
{
    return facts->pgno == ref.pgno && facts->tag == ref.tag && facts->tree_id == place->tree_id &&
           facts->birth <= place->birth_max && facts->fences_hash == fences_hash(place);
}

static void summary_add(tl_verifier *verifier, const leaf_facts *facts)
{
    tl_verify_summary *summary = verifier->summary;
    summary->pages_checked++;
    summary->leaves++;
    summary->records += facts->records;
    summary->leaf_bytes_capacity += verifier->pager->page_bytes - TL_PAGE_HEADER_BYTES;
    summary->bytes_used += facts->bytes_used;
    summary->content_hash += facts->content_hash;
}

bool tl_leaf_recall(tl_verifier *verifier, tl_ref ref, const tl_leaf_place *place)
{
    tl_pager *pager = verifier->pager;
    tl_io *io = pager->io;
    if (io->recall == NULL)
        return false;
    bool here = tl_pager_is_resident(pager, ref.pgno); /* then memory is what counts */
    uint64_t offset = (uint64_t)ref.pgno << pager->page_shift;
    leaf_facts facts;
    if (!io->recall(io, here ? NULL : pager->file, offset, tl_pager_at(pager, ref.pgno),
                    pager->page_bytes, &facts, sizeof facts) ||
        !facts_fit(&facts, ref, place))
        return false;
    if (!here && (facts.read == 0 || facts.birth > pager->foreign_txn ||
                  !io->pass_over(io, pager->file, offset, pager->page_bytes)))
        return false;
    summary_add(verifier, &facts);
    return true;
}

void tl_leaf_remember(tl_verifier *verifier, const uint8_t *page, bool read_now,
                      const tl_leaf_place *place, const tl_verify_summary *before)
{
    const tl_verify_summary *after = verifier->summary;
    tl_pager *pager = verifier->pager;
    tl_io *io = pager->io;
    if (io->remember == NULL)
        return;
    leaf_facts facts = {.pgno = tl_page_pgno(page),
                        .tag = tl_load32(page + TL_AT_BIRTH),
                        .tree_id = tl_page_tree_id(page),
                        .records = (uint32_t)(after->records - before->records),
                        .bytes_used = (uint32_t)(after->bytes_used - before->bytes_used),
                        .read = read_now,
                        .birth = tl_page_birth(page),
                        .content_hash = after->content_hash - before->content_hash,
                        .fences_hash = fences_hash(place)};
    io->remember(io, read_now ? pager->file : NULL, (uint64_t)facts.pgno << pager->page_shift, page,
                 pager->page_bytes, &facts, sizeof facts);
}
