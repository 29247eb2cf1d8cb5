/* harness/cli/cmd_dump_pages.c -- `treelab dump FILE --pages OUT.tsv`: a row for each page. */
#include "harness/cli/cmd_dump.h"

#include "harness/report/text.h"

static void add_page(void *context, const tl_page_info *info)
{
    tl_text_addf(context, "%u\t%s\t%u\t%u\t%u\t%u\n", info->pgno, info->kind, info->tree,
                 info->level, info->used_bytes, info->usable_bytes);
}

tl_status tl_dump_page_table(tl_env *env, const char *file, const char *out)
{
    tl_text table = {0};
    tl_env_info info = {0};
    tl_env_info_get(env, &info);
    tl_text_addf(&table, "# treelab.pages/1\n# page_bytes %u\n# file ", info.page_bytes);
    tl_text_add_field(&table, file);
    tl_text_add(&table, "\npage\tkind\ttree\tlevel\tused_bytes\tusable_bytes\n");
    tl_status status = tl_env_pages(env, add_page, &table);
    if (status == TL_OK)
        status = tl_text_save(&table, out);
    tl_text_clear(&table);
    return status;
}
