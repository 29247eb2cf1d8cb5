/* engine/tree/verify_values.c -- the extents of one record: each page once, each chunk's checksum.
 */
#include "engine/store/overflow.h"
#include "engine/tree/verify.h"

/* Mark the pages of an extent as reached.  False: one already was, or the file has no such page. */
static bool extent_claim(tl_verifier *verifier, const tl_extent *extent)
{
    const tl_pager *pager = verifier->pager;
    if (extent->pgno < tl_meta_pages(pager->page_bytes) ||
        (uint64_t)extent->pgno + extent->pages > pager->space.page_count) {
        tl_verifier_report(verifier, "tree-reference", extent->pgno,
                           "record names a value that the file does not have");
        return false;
    }
    for (uint32_t pgno = extent->pgno; pgno < extent->pgno + extent->pages; pgno++)
        if (!tl_verifier_reach(verifier, pgno)) {
            tl_verifier_report(verifier, "space-shared", pgno,
                               "page of a value is reached from two places");
            return false;
        }
    return true;
}

static void report_latest(tl_verifier *verifier, const char *rule)
{
    tl_pager *pager = verifier->pager;
    pthread_mutex_lock(&pager->error_mutex);
    tl_error error = pager->error;
    pthread_mutex_unlock(&pager->error_mutex);
    tl_verifier_report(verifier, rule, error.pgno, error.text);
}

/* Claim, load and copy the extents one after the other.  *whole: all were fine. */
static tl_status value_collect(tl_verifier *verifier, uint32_t tree_id, uint64_t birth_max,
                               tl_value_ref ref, uint8_t *bytes, bool *whole)
{
    tl_pager *pager = verifier->pager;
    tl_extent extent;
    uint32_t left = ref.bytes;
    tl_status status = tl_value_first(pager, ref, &extent);
    while (status == TL_OK) { /* ends: every extent has bytes */
        const uint8_t *head = NULL;
        if (!extent_claim(verifier, &extent))
            return TL_OK;
        status = tl_extent_get(pager, &extent, tree_id, &head);
        if (status != TL_OK)
            break;
        if (tl_page_birth(head) > birth_max)
            tl_verifier_report(verifier, "tree-birth", extent.pgno,
                               "value is younger than its leaf");
        memcpy(bytes + (ref.bytes - left), head + tl_extent_data_at(extent.bytes), extent.bytes);
        left -= extent.bytes;
        *whole = left == 0;
        if (*whole)
            return TL_OK;
        status = tl_value_next(pager, head, left, &extent);
    }
    if (status != TL_CORRUPT)
        return status;
    report_latest(verifier, "value-checksum");
    return TL_OK;
}

/* A value of several extents: copied together, as its hash is of all of it. */
static tl_status chain_verify(tl_verifier *verifier, uint32_t tree_id, uint64_t birth_max,
                              tl_slice key, tl_value_ref ref)
{
    tl_memory *memory = verifier->pager->memory;
    size_t bytes = (size_t)ref.bytes + 1;
    uint8_t *copy = memory->allocate(memory, bytes);
    if (copy == NULL)
        return TL_NO_MEMORY;
    bool whole = false;
    tl_status status = value_collect(verifier, tree_id, birth_max, ref, copy, &whole);
    if (whole)
        verifier->summary->content_hash += tl_record_hash(key, tl_slice_of(copy, ref.bytes));
    memory->release(memory, copy, bytes);
    return status;
}

static uint64_t key_hash(tl_slice key)
{
    return tl_record_hash(key, (tl_slice){NULL, 0});
}

/* Bytes of the file that tell whether it is the extent known: whole sectors, for a simulated disk.
 */
static size_t extent_reach(const tl_extent *extent)
{
    return ((size_t)tl_extent_size(extent->bytes) + 511) & ~(size_t)511;
}

/* Is this extent known whole, with this record's hash?  Then it counts as read. */
static bool extent_pass(tl_verifier *verifier, const tl_extent *extent, uint32_t tree_id,
                        uint64_t birth_max, tl_slice key)
{
    tl_pager *pager = verifier->pager;
    tl_io *io = pager->io;
    tl_value_facts facts;
    uint64_t offset = (uint64_t)extent->pgno << pager->page_shift;
    if (io->recall == NULL || tl_pager_is_resident(pager, extent->pgno) ||
        !io->recall(io, pager->file, offset, NULL, extent_reach(extent), &facts, sizeof facts))
        return false;
    bool fits = facts.pgno == extent->pgno && facts.tag == extent->tag &&
                facts.tree_id == tree_id && facts.pages == extent->pages &&
                facts.bytes == extent->bytes && facts.birth <= birth_max &&
                facts.key_hash == key_hash(key);
    if (!fits || !io->pass_over(io, pager->file, offset, (size_t)tl_extent_size(extent->bytes)))
        return false;
    tl_pager_set_passed(pager, extent->pgno);
    verifier->summary->content_hash += facts.record_hash;
    return true;
}

static void extent_remember(const tl_verifier *verifier, const tl_extent *extent, uint32_t tree_id,
                            const uint8_t *head, tl_slice key, uint64_t record_hash)
{
    tl_pager *pager = verifier->pager;
    tl_io *io = pager->io;
    if (io->remember == NULL)
        return;
    tl_value_facts facts = {.pgno = extent->pgno,
                            .tag = extent->tag,
                            .tree_id = tree_id,
                            .pages = extent->pages,
                            .bytes = extent->bytes,
                            .read = 1,
                            .birth = tl_page_birth(head),
                            .key_hash = key_hash(key),
                            .record_hash = record_hash};
    io->remember(io, pager->file, (uint64_t)extent->pgno << pager->page_shift, NULL,
                 extent_reach(extent), &facts, sizeof facts);
}

/* A value that one extent holds: where it lies. */
static tl_status extent_verify(tl_verifier *verifier, const tl_extent *extent, uint32_t tree_id,
                               uint64_t birth_max, tl_slice key)
{
    tl_pager *pager = verifier->pager;
    const uint8_t *head = NULL;
    if (!extent_claim(verifier, extent) || extent_pass(verifier, extent, tree_id, birth_max, key))
        return TL_OK;
    bool here = tl_pager_is_resident(pager, extent->pgno);
    tl_status status = tl_extent_get(pager, extent, tree_id, &head);
    if (status == TL_CORRUPT)
        report_latest(verifier, "value-checksum");
    if (status != TL_OK)
        return status == TL_CORRUPT ? TL_OK : status;
    tl_slice value = tl_slice_of(head + tl_extent_data_at(extent->bytes), extent->bytes);
    uint64_t hash = tl_record_hash(key, value);
    verifier->summary->content_hash += hash;
    if (tl_page_birth(head) > birth_max)
        tl_verifier_report(verifier, "tree-birth", extent->pgno, "value is younger than its leaf");
    else if (!here)
        extent_remember(verifier, extent, tree_id, head, key, hash);
    return TL_OK;
}

tl_status tl_value_verify(tl_verifier *verifier, uint32_t tree_id, uint64_t birth_max, tl_slice key,
                          tl_slice reference)
{
    tl_value_ref ref = tl_value_ref_load(reference.data);
    tl_extent extent;
    if (ref.bytes > TL_VALUE_BYTES_MAX) {
        tl_verifier_report(verifier, "tree-reference", ref.pgno,
                           "record names an impossible value");
        return TL_OK;
    }
    bool alone =
        tl_extent_first(ref, verifier->pager->page_bytes, &extent) && extent.bytes == ref.bytes;
    return alone ? extent_verify(verifier, &extent, tree_id, birth_max, key)
                 : chain_verify(verifier, tree_id, birth_max, key, ref);
}
