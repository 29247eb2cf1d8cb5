/* engine/env/page_map.c -- what each page of the file is, by number.
 *
 * What is live is known from the allocator; what it is, from its header, which a page of a value
 * lacks but for the first of each extent.  So pages are looked at in ascending order, and an extent
 * covers those behind its head.
 */
#include "engine/env/inspect.h"
#include "engine/page/check.h"
#include "engine/page/extent.h"
#include "engine/page/zone.h"

typedef struct extent { /* the one that is being passed */
    uint32_t pages, bytes, tree;
} extent;

static bool is_zone_slot(const tl_env *env, uint32_t pgno)
{
    uint32_t zone = pgno / tl_zone_pages(env->pager.page_bytes);
    return zone < env->pager.space.zones.count &&
           (pgno == tl_zone_slot_pgno(env->pager.page_bytes, zone, 0) ||
            pgno == tl_zone_slot_pgno(env->pager.page_bytes, zone, 1));
}

static void pass_extent(extent *value, uint32_t page_bytes, tl_page_info *info)
{
    info->kind = "value";
    info->tree = value->tree;
    info->usable_bytes = page_bytes;
    info->used_bytes = value->bytes < page_bytes ? value->bytes : page_bytes;
    value->bytes -= info->used_bytes;
    value->pages--;
}

static void name_page(const tl_env *env, const uint8_t *page, extent *value, tl_page_info *info)
{
    uint32_t page_bytes = env->pager.page_bytes;
    info->kind = "other";
    if (tl_page_pgno(page) != info->pgno)
        return;
    if (tl_page_kind_of(page) == TL_PAGE_EXTENT) {
        *value = (extent){.pages = tl_load32(page + TL_AT_EXTENT_PAGES),
                          .bytes = tl_load32(page + TL_AT_EXTENT_BYTES),
                          .tree = tl_page_tree_id(page)};
        if (value->pages > 0)
            pass_extent(value, page_bytes, info);
        return;
    }
    if (page[TL_AT_KIND] == TL_PAGE_MANIFEST) {
        info->kind = "meta";
        return;
    }
    if (tl_page_check_bounds(page, page_bytes) != NULL)
        return;
    info->tree = tl_page_tree_id(page);
    info->level = tl_page_level(page);
    info->kind = info->tree == TL_TREE_CATALOG             ? "catalog"
                 : tl_page_kind_of(page) == TL_PAGE_BRANCH ? "branch"
                                                           : "leaf";
    info->usable_bytes = page_bytes - TL_PAGE_HEADER_BYTES;
    info->used_bytes = (uint32_t)tl_page_used(page, page_bytes) - TL_PAGE_HEADER_BYTES;
}

static tl_status visit_pages(tl_env *env, tl_page_fn visit, void *context)
{
    const tl_space *space = &env->pager.space;
    extent value = {.pages = 0};
    for (uint32_t pgno = 0; pgno < space->page_count; pgno++) {
        tl_page_info info = {.pgno = pgno, .kind = "free"};
        tl_status status = TL_OK;
        if (pgno < tl_meta_pages(space->page_bytes)) {
            info.kind = "meta";
        } else if (is_zone_slot(env, pgno)) {
            info.kind = "zone";
        } else if (!tl_bitmap_get(&space->live, pgno)) {
            value.pages = 0;
        } else if (value.pages > 0) {
            pass_extent(&value, space->page_bytes, &info);
        } else {
            const uint8_t *page = tl_inspect_page(env, pgno, &status);
            if (status != TL_OK)
                return status;
            name_page(env, page, &value, &info);
        }
        visit(context, &info);
    }
    return TL_OK;
}

tl_status tl_env_pages(tl_env *env, tl_page_fn visit, void *context)
{
    bool taken = !tl_turn_is_mine(env);
    tl_status status = taken ? tl_turn_take(env, 0) : TL_OK;
    if (status != TL_OK)
        return status;
    status = visit_pages(env, visit, context);
    if (taken)
        tl_turn_give(env);
    return status;
}
