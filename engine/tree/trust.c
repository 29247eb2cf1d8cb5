/* engine/tree/trust.c -- pages of the file are looked at once more before they are edited.
 *
 * A checksum tells that the bytes are those that were written, not that a sound writer wrote them.
 * The check of a load makes a page safe to read: offsets and sums.  An edit builds on more: keys
 * that ascend, heads and prefix that fit them, fences that are the parent's separators; a page that
 * breaks these promises would make the edit write beyond its end.  Every page of the file passes
 * here once, when the first txn copies it: what this env has written itself it trusts.
 */
#include "engine/page/check.h"
#include "engine/tree/tree.h"

static tl_status refuse(tl_pager *pager, const uint8_t *page, const char *fault)
{
    return tl_pager_fail(pager, TL_CORRUPT, tl_page_pgno(page), "page %u is damaged: %s",
                         tl_page_pgno(page), fault);
}

/* Is `fence` separator `index` of `parent`? */
static bool is_separator(const uint8_t *parent, unsigned index, tl_slice fence)
{
    uint8_t scratch[TL_HEAD_BYTES];
    tl_slice prefix = tl_page_prefix(parent), suffix = tl_branch_suffix(parent, index, scratch);
    return fence.size_bytes == prefix.size_bytes + suffix.size_bytes &&
           (prefix.size_bytes == 0 || memcmp(fence.data, prefix.data, prefix.size_bytes) == 0) &&
           (suffix.size_bytes == 0 || memcmp((const uint8_t *)fence.data + prefix.size_bytes,
                                             suffix.data, suffix.size_bytes) == 0);
}

static bool is_same(tl_slice a, tl_slice b)
{
    return tl_slice_compare(a, b) == 0;
}

tl_status tl_page_trust(tl_pager *pager, const uint8_t *page, const uint8_t *parent, unsigned index)
{
    if (tl_page_birth(page) > pager->foreign_txn)
        return TL_OK;
    const char *fault = tl_page_check_content(page);
    if (fault != NULL)
        return refuse(pager, page, fault);
    tl_slice lower = tl_page_lower(page), upper = tl_page_upper(page);
    if (parent == NULL)
        return lower.size_bytes == 0 && upper.size_bytes == 0
                   ? TL_OK
                   : refuse(pager, page, "a root has no fences");
    bool lower_fits =
        index > 0 ? is_separator(parent, index - 1, lower) : is_same(lower, tl_page_lower(parent));
    bool upper_fits = index < tl_page_count(parent) ? is_separator(parent, index, upper)
                                                    : is_same(upper, tl_page_upper(parent));
    return lower_fits && upper_fits ? TL_OK
                                    : refuse(pager, page, "its fences are not its parent's");
}
