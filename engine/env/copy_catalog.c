/* engine/env/copy_catalog.c -- the catalog of a copy, built bottom up.
 *
 * The snapshot knows the trees by a table; its file's catalog may be older.  So the copy's is
 * written from the table: sorted by name, into leaves as full as they can surely be, then branches
 * above them.  A page is filled by a bound that leaves the savings of prefixes out and takes the
 * longest fence for one that is not known yet.
 */
#include "engine/env/copy.h"

#include <assert.h>

typedef struct shelf { /* one level under construction */
    tl_hot_copy *copy;
    tl_copy_tree *items; /* of a branch level: the first name and the ref of each child */
    size_t count;
    unsigned level;
} shelf;

/* Order by name.  Ids ascend, so names are as good as shuffled. */
static void sort_by_name(tl_copy_tree *at, size_t count)
{
    for (size_t gap = count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
        for (size_t i = gap; i < count; i++) {
            tl_copy_tree moving = at[i];
            size_t j = i;
            for (; j >= gap && tl_slice_compare(at[j - gap].name, moving.name) > 0; j -= gap)
                at[j] = at[j - gap];
            at[j] = moving;
        }
}

static size_t item_bytes(const shelf *on, size_t i)
{
    size_t entry = TL_ENTRY_BYTES + on->items[i].name.size_bytes;
    return entry + (on->level == 0 ? TL_CELL_HEADER_BYTES + (size_t)TL_CATALOG_VALUE_BYTES
                                   : (size_t)TL_CHILD_BYTES);
}

/* One behind the last item of the page that begins with `first`. */
static size_t page_end(const shelf *on, size_t first)
{
    const tl_pager *pager = &on->copy->env->pager;
    size_t room = pager->page_bytes - TL_PAGE_HEADER_BYTES - TL_CHILD_BYTES - pager->max_key_bytes -
                  on->items[first].name.size_bytes;
    size_t end = first, used = 0;
    while (end < on->count && used + item_bytes(on, end) <= room)
        used += item_bytes(on, end++);
    if (on->level > 0 && end + 1 == on->count)
        end--; /* a branch needs two children, also the last one */
    assert(end >= first + (on->level > 0 ? 2u : 1u));
    return end;
}

/* Build and place the page of items first..end-1; it becomes item `at` of the level above. */
static tl_status page_make(shelf *on, size_t first, size_t end, size_t at)
{
    tl_hot_copy *copy = on->copy;
    uint8_t *page = copy->levels, value[TL_CATALOG_VALUE_BYTES];
    tl_slice none = {NULL, 0}, lower = first == 0 ? none : on->items[first].name;
    tl_slice upper = end == on->count ? none : on->items[end].name;
    size_t entries = on->level == 0 ? end - first : end - first - 1;
    tl_page_identity identity = {.page_bytes = copy->env->pager.page_bytes,
                                 .pgno = tl_copy_number(copy),
                                 .tree_id = TL_TREE_CATALOG,
                                 .birth = copy->from->number,
                                 .kind = on->level == 0 ? TL_PAGE_LEAF : TL_PAGE_BRANCH,
                                 .level = (uint8_t)on->level};
    tl_builder builder;
    tl_build_begin(&builder, page, &identity, lower, upper, (unsigned)entries);
    if (on->level > 0)
        tl_build_first_child(&builder, on->items[first].root.ref);
    for (size_t i = end - entries; i < end; i++) {
        const tl_copy_tree *item = &on->items[i];
        if (on->level == 0)
            tl_build_record(&builder, item->name, none, tl_catalog_record(&item->root, value), 0);
        else
            tl_build_entry(&builder, item->name, none, item->root.ref);
    }
    tl_build_end(&builder);
    on->items[at] = (tl_copy_tree){on->items[first].name, {.ref = tl_page_ref(page)}};
    return tl_copy_place(copy, page);
}

tl_status tl_copy_catalog(tl_hot_copy *copy, tl_copy_tree *trees, size_t count, tl_meta *meta)
{
    shelf on = {copy, trees, count, 0};
    sort_by_name(trees, count);
    for (;; on.level++) { /* ends: each level has at most half the items of the one below */
        size_t pages = 0;
        for (size_t first = 0; first < on.count;) {
            size_t end = page_end(&on, first);
            tl_status status = page_make(&on, first, end, pages++);
            if (status != TL_OK)
                return status;
            first = end;
        }
        on.count = pages;
        if (pages == 1)
            break;
    }
    meta->catalog = trees[0].root.ref;
    meta->catalog_depth = on.level + 1;
    return TL_OK;
}
