/* engine/page/free_chain.c -- the chain of free blocks inside a page.
 *
 *   header     free_head --+
 *                          v
 *   heap       cell | block {next, bytes} ... | cell | cell | block {0, bytes} ... | fence
 *                             +-----------------------------^
 *
 * The chain ascends.  A cell that is given back enters at its front or not at all: one behind the
 * first block is garbage until a compaction.  Looking further for its place would read a cold cache
 * line per block (deletes of random keys took a third longer with 4 steps, twice as long with 32);
 * what is lost so is found again by the next compaction, which a page with many holes is near.
 * A block that touches the one behind it is joined with it, one that touches the gap becomes gap,
 * and splinters of less than a block's own header are garbage too.
 *
 * Taking looks at the first few blocks and chooses the one that fits best.
 */
#include "engine/page/edit_parts.h"

enum { TAKE_HOPS = 8 };

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
    unsigned hop = 0;
    for (; hop < TAKE_HOPS && best_size != bytes; hop++) {
        unsigned at = tl_load16(page + link);
        if (at == 0)
            break;
        unsigned size = block_size(page, at);
        if (size >= bytes && size < best_size) {
            best_size = size;
            best_link = link;
        }
        link = at;
    }
    edit->stats->alloc_scans += hop;
    return best_link == 0 ? 0 : block_cut(page, best_link, (unsigned)bytes);
}

void tl_free_give(const tl_edit *edit, uint8_t *page, unsigned offset, size_t bytes)
{
    (void)edit;
    unsigned size = (unsigned)bytes, next = tl_page_free_head(page);
    if (bytes == 0)
        return;
    if (offset == tl_page_heap_lo(page)) {
        tl_page_raise_heap(page, offset + size);
        return;
    }
    bool touches = next != 0 && offset + size == next;
    if ((next != 0 && next < offset) || (!touches && size < TL_FREE_BLOCK_BYTES)) {
        tl_page_set_frag(page, tl_page_frag(page) + size);
        return;
    }
    if (touches) {
        size += block_size(page, next);
        next = tl_load16(page + next);
    }
    tl_store16(page + offset, next);
    tl_store16(page + offset + 2, size);
    tl_store16(page + TL_AT_FREE_HEAD, offset);
    tl_page_set_free_bytes(page, tl_page_free_bytes(page) + (unsigned)bytes);
}
