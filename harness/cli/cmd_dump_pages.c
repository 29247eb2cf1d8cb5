/* harness/cli/cmd_dump_pages.c -- `treelab dump FILE --pages OUT.tsv`: a row for each page. */
#include "harness/cli/cmd_dump.h"

#include "harness/cli/cli.h"
#include "harness/report/text.h"

static void add_page(void *context, const tl_page_info *info)
{
    tl_text_addf(context, "%u\t%s\t%u\t%u\t%u\t%u\n", info->pgno, info->kind, info->tree,
                 info->level, info->used_bytes, info->usable_bytes);
}

bool tl_dump_page_table(tl_env *env, const char *file, const char *out, tl_status *status)
{
    tl_text table = {0};
    tl_env_info info = {0};
    tl_env_info_get(env, &info);
    tl_text_addf(&table, "# treelab.pages/1\n# page_bytes %u\n# file ", info.page_bytes);
    tl_text_add_field(&table, file);
    tl_text_add(&table, "\npage\tkind\ttree\tlevel\tused_bytes\tusable_bytes\n");
    *status = tl_env_pages(env, add_page, &table);
    bool read = *status == TL_OK;
    if (read)
        *status = tl_text_save(&table, out);
    tl_text_clear(&table);
    if (read && *status != TL_OK)
        tl_complain("dump", "cannot write '%s': %s; name a file in a directory that is there", out,
                    tl_status_text(*status));
    return !read || *status == TL_OK;
}
