/* engine/tree/verify_recall.c -- pages that the verifier has seen before, on a simulated disk.
 *
 * The verdict about a leaf is a function of its bytes and of what the tree says of it.  The facts
 * are all that the second is compared with, and what the leaf adds to the summary.  Of a
 * branch, and of a leaf with values outside of it, only the check of its own bytes is remembered:
 * the rest depends on other pages.
 *
 * Most leaves are found under the same bytes of their parent again and again.  These say all that
 * the tree says of a leaf, so beside them stands which contents each leaf had when it was found to
 * fit: while it has the same no fence is compared.
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

enum { MARKS = 3 }; /* so that facts of a branch are larger than any other */

void tl_children_recall(tl_verifier *verifier, const uint8_t *branch, bool here,
                        tl_children *children)
{
    tl_pager *pager = verifier->pager;
    tl_io *io = pager->io;
    *children = (tl_children){.count = tl_page_count(branch) + (size_t)1 + MARKS};
    if (io->identify == NULL || here || tl_page_level(branch) != 1)
        return;
    size_t bytes = children->count * sizeof *children->at;
    children->at = pager->memory->allocate(pager->memory, bytes);
    if (children->at == NULL)
        return; /* does without */
    uint64_t offset = (uint64_t)tl_page_pgno(branch) << pager->page_shift;
    if (!io->recall(io, pager->file, offset, NULL, pager->page_bytes, children->at, bytes))
        memset(children->at, 0, bytes);
}

bool tl_child_pass(tl_verifier *verifier, tl_ref ref, const tl_child_facts *child)
{
    tl_pager *pager = verifier->pager;
    tl_io *io = pager->io;
    uint64_t offset = (uint64_t)ref.pgno << pager->page_shift;
    uint64_t mask = UINT64_C(1) << (ref.pgno & 63);
    if (child->number == 0 || ref.pgno >= pager->space.page_count ||
        (verifier->reached[ref.pgno >> 6] & mask) != 0 || tl_pager_is_resident(pager, ref.pgno) ||
        io->identify(io, pager->file, offset, pager->page_bytes) != child->number ||
        !io->pass_over(io, pager->file, offset, pager->page_bytes))
        return false;
    verifier->reached[ref.pgno >> 6] |= mask;
    tl_pager_set_passed(pager, ref.pgno);
    tl_page_facts facts = {.records = child->records,
                           .bytes_used = child->bytes_used,
                           .content_hash = child->content_hash};
    summary_add(verifier, &facts);
    return true;
}

void tl_child_note(tl_verifier *verifier, tl_ref ref, const tl_leaf_place *place,
                   tl_children *children, size_t index)
{
    tl_pager *pager = verifier->pager;
    tl_page_facts facts;
    uint64_t number = pager->io->identify(
        pager->io, pager->file, (uint64_t)ref.pgno << pager->page_shift, pager->page_bytes);
    if (number == 0 || !tl_page_recall(pager, ref.pgno, NULL, &facts) || facts.leaf == 0 ||
        facts.read == 0 || facts.birth > pager->foreign_txn || !facts_fit(&facts, ref, place))
        return;
    children->at[index] = (tl_child_facts){.number = number,
                                           .content_hash = facts.content_hash,
                                           .records = facts.records,
                                           .bytes_used = (uint32_t)facts.bytes_used};
    children->changed = true;
}

void tl_children_remember(tl_verifier *verifier, const uint8_t *branch, bool sound,
                          tl_children *children)
{
    tl_pager *pager = verifier->pager;
    tl_io *io = pager->io;
    size_t bytes = children->count * sizeof *children->at;
    if (children->at == NULL)
        return;
    if (sound && children->changed)
        io->remember(io, pager->file, (uint64_t)tl_page_pgno(branch) << pager->page_shift, NULL,
                     pager->page_bytes, children->at, bytes);
    pager->memory->release(pager->memory, children->at, bytes);
}
