/* engine/env/commits/shadow1.c -- commit protocol `shadow1`: every commit is a checkpoint with one
 * sync.
 *
 * Pages and meta go out together.  Should the meta arrive without some of them, its manifest tells,
 * and recovery takes the meta before, of which nothing is reused until the sync has returned.  A
 * commit that writes more pages than one manifest can list syncs twice, like shadow2.
 */
#include "engine/env/env.h"

static tl_status commit_shadow1(tl_env *env, tl_ticket *ticket)
{
    env->one_sync_wanted = true;
    tl_status status = tl_commit_by_checkpoint(env, ticket);
    env->one_sync_wanted = false;
    return status;
}

const tl_commit_protocol tl_commit_shadow1 = {
    "shadow1", "pages, checksums of them and meta, one sync at every commit", false, true,
    commit_shadow1};
