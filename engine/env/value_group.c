/* engine/env/value_group.c -- see value_group.h.
 *
 * What a put does with one value, done with many before the tree hears of the first: extents are
 * taken and filled, and those that are written once go out while they are in the cache.  As long as
 * no record names them, giving the pages back and cutting the list of what is still to be written
 * undoes all of it.
 */
#include "engine/env/value_group.h"
#include "engine/env/value.h"

void tl_value_group_begin(tl_value_group *group, tl_env *env, tl_tree tree)
{
    *group = (tl_value_group){.env = env,
                              .tree = tree,
                              .before = tl_direct_mark_now(&env->pager),
                              .direct_before = env->pager.stats.values_direct};
}

/* Pages for `bytes`, and memory for everything that follows. */
static tl_status group_make(tl_value_group *group, size_t bytes, size_t others)
{
    tl_pager *pager = &group->env->pager;
    tl_value_maker *maker = &group->maker;
    tl_status status = tl_vector_reserve(&group->values, pager->memory, 1);
    maker->kept = group->extents.count;
    if (status == TL_OK)
        status = tl_value_make(maker, pager, group->tree, bytes, others);
    if (status != TL_OK)
        return status;
    status = tl_vector_reserve(&group->extents, pager->memory, maker->extents.count);
    if (status == TL_OK)
        status = tl_direct_secure(pager, maker);
    if (status != TL_OK)
        tl_value_unmake(maker);
    return status;
}

tl_status tl_value_group_add(tl_value_group *group, tl_slice value, bool stays, size_t others,
                             uint8_t ref[TL_VALUE_REF_BYTES])
{
    tl_pager *pager = &group->env->pager;
    tl_value_maker *maker = &group->maker;
    tl_status status = TL_OK;
    if (pager->direct_waiting_bytes >= TL_DIRECT_WAIT_BYTES)
        status = tl_direct_write(pager);
    if (status == TL_OK)
        status = group_make(group, value.size_bytes, others);
    if (status != TL_OK)
        return status;
    bool in_one_piece = stays || maker->extents.count == 1;
    tl_value_append(maker, value.data, value.size_bytes);
    bool direct = tl_value_goes_direct(group->env, maker, in_one_piece);
    tl_value_ref_store(ref, tl_value_seal(maker, direct));
    if (direct)
        tl_direct_note(pager, maker);
    pager->stats.values_direct += direct;
    for (size_t i = 0; i < maker->extents.count; i++)
        tl_vector_push(&group->extents, maker->extents.at[i]);
    tl_vector_push(&group->values, ((tl_group_value){group->extents.count, direct}));
    return TL_OK;
}

void tl_value_group_log(tl_value_group *group, tl_slice key, tl_slice value)
{
    const tl_group_value *of = &group->values.at[group->logged];
    size_t first = group->logged == 0 ? 0 : of[-1].end;
    const tl_extent *extents = &group->extents.at[first];
    tl_made_value made = {extents, of->end - first, value, of->direct};
    group->logged++;
    if (value.data == NULL && made.extent_count == 1) /* where a reader would find it */
        made.bytes = tl_slice_of(tl_pager_at(&group->env->pager, extents->pgno) +
                                     tl_extent_data_at(extents->bytes),
                                 extents->bytes);
    tl_value_log(group->env, group->tree, key, &made);
}

void tl_value_group_undo(tl_value_group *group)
{
    tl_pager *pager = &group->env->pager;
    for (size_t i = 0; i < group->extents.count; i++)
        tl_space_give_run(&pager->space, group->extents.at[i].pgno, group->extents.at[i].pages,
                          pager->txn, true, false);
    tl_direct_rollback(pager, group->before);
    pager->stats.values_direct = group->direct_before;
    group->extents.count = group->values.count = 0;
}

void tl_value_group_end(tl_value_group *group)
{
    if (group->env == NULL)
        return;
    tl_memory *memory = group->env->pager.memory;
    tl_value_maker_release(&group->maker);
    tl_vector_release(&group->extents, memory);
    tl_vector_release(&group->values, memory);
}
