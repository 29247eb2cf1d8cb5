/* engine/page/free_chain.c -- the chain of free blocks inside a page.
 *
 *   header     free_head --+
 *                          v
 *   heap       cell | block {next, bytes} ... | cell | cell | block {0, bytes} ... | fence
 *                             +-----------------------------^
 *
 * The chain ascends, so that a block given back finds its neighbours: blocks that touch are joined,
 * and one that touches the gap becomes gap.  Splinters of less than a block's own header are plain
 * garbage until a compaction.
 *
 * Both walks are bounded, so that an edit costs the same on a page full of holes as on any other.
 * Taking looks at the first few blocks and chooses the one that fits best.  Giving back goes
 * further for its place, since bytes that find none are garbage; beyond the bound so many holes lie
 * in front that the next compaction is near anyway.
 */
#include "engine/page/edit_parts.h"

enum { TAKE_HOPS = 8, GIVE_HOPS = 32 };

/* A block is named by its link: where its offset is stored, which is in the header or in the block
 * before it. */
static unsigned block_size(const uint8_t *page, unsigned at)
{
    return tl_load16(page + at + 2);
}

/* The last `bytes` of a block.  What is left of it stays on the chain, if it can. */
static unsigned block_cut(uint8_t *page, unsigned link, unsigned bytes)
{
    unsigned at = tl_load16(page + link), size = block_size(page, at), left = size - bytes;
    if (left >= TL_FREE_BLOCK_BYTES) {
        tl_store16(page + at + 2, left);
        tl_page_set_free_bytes(page, tl_page_free_bytes(page) - bytes);
    } else {
        tl_store16(page + link, tl_load16(page + at));
        tl_page_set_free_bytes(page, tl_page_free_bytes(page) - size);
        tl_page_set_frag(page, tl_page_frag(page) + left);
    }
    return at + left;
}

unsigned tl_free_take(const tl_edit *edit, uint8_t *page, size_t bytes)
{
    if (tl_page_free_bytes(page) < bytes)
        return 0;
    unsigned link = TL_AT_FREE_HEAD, best_link = 0, best_size = UINT32_MAX;
    for (unsigned hop = 0; hop < TAKE_HOPS && best_size != bytes; hop++) {
        unsigned at = tl_load16(page + link);
        if (at == 0)
            break;
        edit->stats->alloc_scans++;
        unsigned size = block_size(page, at);
        if (size >= bytes && size < best_size) {
            best_size = size;
            best_link = link;
        }
        link = at;
    }
    return best_link == 0 ? 0 : block_cut(page, best_link, (unsigned)bytes);
}

/* The bytes between the block `link` lies in and the one it points to enter the chain there. */
static void block_enter(uint8_t *page, unsigned link, unsigned offset, unsigned bytes)
{
    unsigned next = tl_load16(page + link), size = bytes;
    if (next != 0 && offset + bytes == next) {
        size += block_size(page, next);
        next = tl_load16(page + next);
    }
    bool joins_before = link != TL_AT_FREE_HEAD && link + block_size(page, link) == offset;
    if (joins_before) {
        tl_store16(page + link, next);
        tl_store16(page + link + 2, block_size(page, link) + size);
    } else if (size >= TL_FREE_BLOCK_BYTES) {
        tl_store16(page + offset, next);
        tl_store16(page + offset + 2, size);
        tl_store16(page + link, offset);
    } else {
        tl_page_set_frag(page, tl_page_frag(page) + bytes);
        return;
    }
    tl_page_set_free_bytes(page, tl_page_free_bytes(page) + bytes);
}

void tl_free_give(const tl_edit *edit, uint8_t *page, unsigned offset, size_t bytes)
{
    if (bytes == 0)
        return;
    if (offset == tl_page_heap_lo(page)) {
        tl_page_raise_heap(page, offset + (uint32_t)bytes);
        return;
    }
    unsigned link = TL_AT_FREE_HEAD, next = tl_page_free_head(page);
    for (unsigned hop = 0; next != 0 && next < offset; hop++) {
        if (hop == GIVE_HOPS) {
            tl_page_set_frag(page, tl_page_frag(page) + (unsigned)bytes);
            return;
        }
        edit->stats->alloc_scans++;
        link = next;
        next = tl_load16(page + next);
    }
    block_enter(page, link, offset, (unsigned)bytes);
}
