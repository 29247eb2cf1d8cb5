/* engine/tree/verify_recall.c -- pages that the verifier has seen before, on a simulated disk.
 *
 * The verdict about a leaf is a function of its bytes and of what the tree says of it.  The facts
 * are all that the second is compared with, and what the leaf adds to the summary.  Of a
 * branch, and of a leaf with values outside of it, only the check of its own bytes is remembered:
 * the rest depends on other pages.
 */
#include "engine/store/facts.h"
#include "engine/tree/verify.h"

/* Separators as one number; lengths count. */
static uint64_t fences_hash(const tl_leaf_place *place)
{
    return tl_record_hash(place->lower, place->upper);
}

static bool facts_fit(const tl_page_facts *facts, tl_ref ref, const tl_leaf_place *place)
{
    return facts->pgno == ref.pgno && facts->tag == ref.tag && facts->tree_id == place->tree_id &&
           facts->birth <= place->birth_max && facts->fences_hash == fences_hash(place);
}

static void summary_add(tl_verifier *verifier, const tl_page_facts *facts)
{
    tl_verify_summary *summary = verifier->summary;
    summary->pages_checked++;
    summary->leaves++;
    summary->records += facts->records;
    summary->leaf_bytes_capacity += verifier->pager->page_bytes - TL_PAGE_HEADER_BYTES;
    summary->bytes_used += facts->bytes_used;
    summary->content_hash += facts->content_hash;
}

bool tl_leaf_pass(tl_verifier *verifier, tl_ref ref, bool here, const tl_leaf_place *place,
                  const tl_page_facts *facts)
{
    tl_pager *pager = verifier->pager;
    tl_io *io = pager->io;
    if (facts->leaf == 0 || !facts_fit(facts, ref, place))
        return false;
    if (!here && (facts->read == 0 || facts->birth > pager->foreign_txn ||
                  !io->pass_over(io, pager->file, (uint64_t)ref.pgno << pager->page_shift,
                                 pager->page_bytes)))
        return false;
    if (!here)
        tl_pager_set_passed(pager, ref.pgno);
    summary_add(verifier, facts);
    return true;
}

void tl_page_remember(tl_verifier *verifier, const uint8_t *page, bool read_now,
                      const tl_leaf_place *leaf, const tl_verify_summary *before)
{
    const tl_verify_summary *after = verifier->summary;
    tl_pager *pager = verifier->pager;
    tl_io *io = pager->io;
    if (io->remember == NULL)
        return;
    tl_page_facts facts = {.read = read_now};
    uint64_t offset = (uint64_t)tl_page_pgno(page) << pager->page_shift;
    if (leaf != NULL)
        facts = (tl_page_facts){.read = read_now,
                                .leaf = 1,
                                .pgno = tl_page_pgno(page),
                                .tag = tl_load32(page + TL_AT_BIRTH),
                                .tree_id = tl_page_tree_id(page),
                                .records = (uint32_t)(after->records - before->records),
                                .birth = tl_page_birth(page),
                                .bytes_used = after->bytes_used - before->bytes_used,
                                .content_hash = after->content_hash - before->content_hash,
                                .fences_hash = fences_hash(leaf)};
    io->remember(io, read_now ? pager->file : NULL, offset, page, pager->page_bytes, &facts,
                 sizeof facts);
}
