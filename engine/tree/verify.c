/* engine/tree/verify.c -- every page against every rule, and against its parent. */
#include "engine/tree/verify.h"
#include "engine/page/check.h"

#include <stdio.h>

typedef struct expectation { /* what a parent says of a child */
    tl_ref ref;
    unsigned level;
    uint64_t birth_max;
    tl_slice lower, upper;
} expectation;

bool tl_verifier_report(tl_verifier *verifier, const char *rule, uint32_t pgno, const char *text)
{
    tl_finding finding = {rule, pgno, text};
    verifier->summary->findings++;
    if (verifier->report != NULL && !verifier->report(verifier->context, &finding))
        verifier->stopped = true;
    return !verifier->stopped;
}

bool tl_verifier_reach(tl_verifier *verifier, uint32_t pgno)
{
    uint64_t mask = UINT64_C(1) << (pgno & 63);
    if ((verifier->reached[pgno >> 6] & mask) != 0)
        return false;
    verifier->reached[pgno >> 6] |= mask;
    return true;
}

static void check_against_parent(tl_verifier *verifier, const uint8_t *page,
                                 const expectation *wanted)
{
    uint32_t pgno = wanted->ref.pgno;
    if (tl_page_birth(page) > wanted->birth_max)
        tl_verifier_report(verifier, "tree-birth", pgno, "page is younger than its parent");
    if (tl_slice_compare(tl_page_lower(page), wanted->lower) != 0)
        tl_verifier_report(verifier, "tree-fences", pgno,
                           "lower fence differs from the separator before it");
    if (tl_slice_compare(tl_page_upper(page), wanted->upper) != 0)
        tl_verifier_report(verifier, "tree-fences", pgno,
                           "upper fence differs from the separator behind it");
    if (tl_page_kind_of(page) == TL_PAGE_BRANCH && tl_page_count(page) == 0)
        tl_verifier_report(verifier, "tree-fanout", pgno, "branch has a single child");
}

/* *alone: all of the leaf's content is in the leaf. */
static tl_status count_leaf(tl_verifier *verifier, const tl_root *root, const uint8_t *page,
                            bool *alone)
{
    uint8_t key[TL_KEY_BYTES_MAX];
    tl_slice prefix = tl_page_prefix(page);
    tl_copy(key, prefix.data, prefix.size_bytes);
    verifier->summary->leaves++;
    verifier->summary->records += tl_page_count(page);
    verifier->summary->leaf_bytes_capacity += verifier->pager->page_bytes - TL_PAGE_HEADER_BYTES;
    verifier->summary->bytes_used +=
        tl_page_used(page, verifier->pager->page_bytes) - TL_PAGE_HEADER_BYTES;
    tl_status status = TL_OK;
    for (unsigned i = 0; i < tl_page_count(page) && status == TL_OK && !verifier->stopped; i++) {
        tl_slice suffix = tl_leaf_suffix(page, i), value = tl_leaf_value(page, i);
        tl_copy(key + prefix.size_bytes, suffix.data, suffix.size_bytes);
        tl_slice whole = tl_slice_of(key, prefix.size_bytes + suffix.size_bytes);
        if (!tl_leaf_has_overflow(page, i)) {
            verifier->summary->content_hash += tl_record_hash(whole, value);
            continue;
        }
        *alone = false;
        status = tl_value_verify(verifier, root->tree_id, tl_page_birth(page), whole, value);
    }
    return status;
}

static tl_status verify_page(tl_verifier *verifier, const tl_root *root, const expectation *wanted);

/* `here`: it was in memory; `sound`: nothing was found about the page itself. */
static tl_status verify_children(tl_verifier *verifier, const tl_root *root, const uint8_t *page,
                                 const expectation *wanted, bool here, bool sound)
{
    unsigned count = tl_page_count(page);
    uint64_t findings = verifier->summary->findings;
    uint8_t before[TL_KEY_BYTES_MAX], behind[TL_KEY_BYTES_MAX];
    tl_status status = TL_OK;
    tl_children children;
    tl_run run = {.kind = TL_PAGE_BRANCH};
    tl_run_add_page(&run, page, 0, count);
    tl_children_recall(verifier, page, here, &children);
    for (unsigned i = 0; i <= count && status == TL_OK && !verifier->stopped; i++) {
        tl_ref ref = tl_branch_child(page, i);
        if (children.at != NULL && tl_child_pass(verifier, ref, &children.at[i]))
            continue;
        expectation child = {
            .ref = ref,
            .level = wanted->level - 1,
            .birth_max = tl_page_birth(page),
            .lower = i == 0 ? wanted->lower : tl_run_key(&run, i - 1, before),
            .upper = i == count ? wanted->upper : tl_run_key(&run, i, behind),
        };
        tl_leaf_place place = {root->tree_id, child.birth_max, child.lower, child.upper};
        status = verify_page(verifier, root, &child);
        if (children.at != NULL && status == TL_OK)
            tl_child_note(verifier, ref, &place, &children, i);
    }
    sound = sound && status == TL_OK && verifier->summary->findings == findings;
    tl_children_remember(verifier, page, sound, &children);
    return status;
}

static void check_itself(tl_verifier *verifier, const uint8_t *page, uint32_t pgno)
{
    const tl_pager *pager = verifier->pager;
    tl_page_fault fault = tl_page_check_whole(page, pager->page_bytes, pager->marks);
    if (fault.rule != NULL)
        tl_verifier_report(verifier, fault.rule, pgno, fault.text);
}

static tl_status verify_page(tl_verifier *verifier, const tl_root *root, const expectation *wanted)
{
    tl_pager *pager = verifier->pager;
    const uint8_t *page = NULL;
    if (wanted->ref.pgno < tl_meta_pages(pager->page_bytes) ||
        wanted->ref.pgno >= pager->space.page_count) {
        tl_verifier_report(verifier, "tree-reference", wanted->ref.pgno,
                           "parent names a page that the file does not have");
        return TL_OK;
    }
    if (!tl_verifier_reach(verifier, wanted->ref.pgno)) {
        tl_verifier_report(verifier, "space-shared", wanted->ref.pgno,
                           "page is reached from two places");
        return TL_OK;
    }
    tl_leaf_place place = {root->tree_id, wanted->birth_max, wanted->lower, wanted->upper};
    bool here = tl_pager_is_resident(pager, wanted->ref.pgno); /* then memory is what counts */
    tl_page_facts facts;
    bool known = tl_page_recall(pager, wanted->ref.pgno,
                                here ? tl_pager_at(pager, wanted->ref.pgno) : NULL, &facts);
    if (known && wanted->level == 0 && tl_leaf_pass(verifier, wanted->ref, here, &place, &facts))
        return TL_OK;
    tl_verify_summary before = *verifier->summary;
    tl_status status = tl_pager_get(pager, wanted->ref, wanted->level, root->tree_id, &page);
    if (status == TL_CORRUPT) {
        pthread_mutex_lock(&pager->error_mutex);
        tl_error error = pager->error;
        pthread_mutex_unlock(&pager->error_mutex);
        tl_verifier_report(verifier, "page-checksum", wanted->ref.pgno, error.text);
        return TL_OK;
    }
    if (status != TL_OK)
        return status;
    verifier->summary->pages_checked++;
    if (!known)
        check_itself(verifier, page, wanted->ref.pgno);
    bool sound = verifier->summary->findings == before.findings;
    check_against_parent(verifier, page, wanted);
    bool fits = verifier->summary->findings == before.findings;
    bool alone = true;
    if (wanted->level == 0)
        status = count_leaf(verifier, root, page, &alone);
    if (sound && (!known || (!here && facts.read == 0))) {
        bool whole = wanted->level == 0 && alone && status == TL_OK &&
                     verifier->summary->findings == before.findings;
        tl_page_remember(verifier, page, !here, whole ? &place : NULL, &before);
    }
    if (wanted->level == 0)
        return status;
    verifier->summary->branches++;
    return verify_children(verifier, root, page, wanted, here, fits);
}

tl_status tl_tree_verify(tl_verifier *verifier, const tl_root *root)
{
    uint64_t before = verifier->summary->records;
    expectation all = {.ref = root->ref, .level = root->depth - 1, .birth_max = verifier->txn};
    tl_status status = verify_page(verifier, root, &all);
    if (status != TL_OK || verifier->stopped)
        return status;
    if (verifier->summary->records - before != root->count) {
        char text[120];
        snprintf(text, sizeof text, "leaves hold %llu records, the catalog says %llu",
                 (unsigned long long)(verifier->summary->records - before),
                 (unsigned long long)root->count);
        tl_verifier_report(verifier, "tree-count", root->ref.pgno, text);
    }
    return TL_OK;
}
