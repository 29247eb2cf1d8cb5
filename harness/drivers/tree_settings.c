/* harness/drivers/tree_settings.c -- what driver `tree` can be asked for by name.
 *
 * `treelab list settings` prints this table; zeros are the engine's own defaults (tl/engine.h).
 */
#include "harness/drivers/settings.h"

#define TREE_FIELD(field, kind, doc)                                                               \
    {                                                                                              \
#field, kind, offsetof(tl_env_options, field), 0, NULL, doc                                \
    }
#define TREE_NAME(field, names, doc)                                                               \
    {                                                                                              \
#field, TL_SETTING_NAME, offsetof(tl_env_options, field), 0, names, doc                    \
    }
/* clang-format off */
static const tl_setting_row rows[] = {
    TREE_NAME(commit, tl_commit_protocols, "commit protocol"),
    TREE_NAME(leaf, tl_leaf_modes, "leaf mode"),
    TREE_NAME(split, tl_splits, "split strategy"),
    TREE_NAME(fill, tl_fills, "fill policy"),
    TREE_FIELD(page_bytes, TL_SETTING_U32, "of a new file: a power of two in 1024..65536; 0: 4096"),
    TREE_NAME(space, tl_space_policies, "space policy"),
    TREE_NAME(simd, tl_simds, "how pages are searched"),
    TREE_NAME(checkpoint_thread, tl_checkpoint_threads, "who writes a checkpoint that is due"),
    TREE_FIELD(log_bytes, TL_SETTING_U64, "first size of each log file; 0: 64k"),
    TREE_FIELD(ckpt_bytes, TL_SETTING_U64, "log bytes between two checkpoints; 0: 64m"),
    TREE_FIELD(max_bytes, TL_SETTING_U64, "limit of the page file; 0: map_bytes"),
    TREE_FIELD(growth_bytes, TL_SETTING_U64, "the page file grows by so much; 0: by a sixteenth"),
    TREE_FIELD(log_pad_bytes, TL_SETTING_U32, "each flush of the log starts at a multiple: 512 or 4096"),
    {"small_pages", TL_SETTING_FLAG, offsetof(tl_env_options, flags), TL_OPEN_SMALL_PAGES, NULL,
     "1: the system is not asked for huge pages"},
    TREE_FIELD(map_bytes, TL_SETTING_U64, "address space for pages"),
    TREE_FIELD(async_ms, TL_SETTING_U32, "age of the oldest undurable commit under async; 0: 100"),
    TREE_FIELD(group_wait_us, TL_SETTING_U32, "how long a flush waits for more committers"),
    TREE_FIELD(publish_early, TL_SETTING_BOOL, "1: new readers see a commit before it is durable"),
    TREE_FIELD(max_key_bytes, TL_SETTING_U32, "of a new file: longest key; 0: 511, or an eighth of a page"),
    TREE_FIELD(log_value_max, TL_SETTING_U64, "longer values go to pages, not to the log; 0: 32k"),
    TREE_FIELD(reserve_pages, TL_SETTING_U32, "pages that a put leaves free for deletes on a full file"),
    TREE_FIELD(readers_max, TL_SETTING_U32, "read transactions at a time; 0: 126"),
};
/* clang-format on */

const tl_setting_table tl_tree_settings = {rows, sizeof rows / sizeof rows[0]};
