/* harness/cli/cmd_dump_pages.c -- `treelab dump FILE --pages OUT.tsv`: a row for each page. */
#include "harness/cli/cmd_dump.h"

#include "harness/cli/cli.h"
#include "harness/report/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool ends_in_tsv(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".tsv") == 0;
}

/* By its first bytes, of the database (engine/FORMAT.md) or of its log. */
static bool is_of_a_store(const char *path)
{
    static const char of_data[] = "treelab\x1a", of_log[] = "treelog\x1a";
    char begin[sizeof of_data - 1];
    FILE *file = fopen(path, "re");
    bool whole = file != NULL && fread(begin, sizeof begin, 1, file) == 1;
    if (file != NULL)
        fclose(file);
    return whole &&
           (memcmp(begin, of_data, sizeof begin) == 0 || memcmp(begin, of_log, sizeof begin) == 0);
}

int tl_dump_pages_check(const char *file, const char *out)
{
    struct stat there, store;
    if (strcmp(out, "-") == 0 || stat(out, &there) != 0 || !S_ISREG(there.st_mode))
        return TL_EXIT_OK; /* nothing is lost; what cannot be written is told when it is tried */
    bool same =
        stat(file, &store) == 0 && store.st_dev == there.st_dev && store.st_ino == there.st_ino;
    if (same || is_of_a_store(out))
        tl_complain("dump", "--pages '%s' is a database and would be overwritten; name a new file",
                    out);
    else if (!ends_in_tsv(out))
        tl_complain("dump",
                    "--pages '%s' is there and does not end in .tsv, so it is no table of pages; "
                    "name a new file",
                    out);
    else
        return TL_EXIT_OK;
    return TL_EXIT_USAGE;
}

static void add_page(void *context, const tl_page_info *info)
{
    tl_text_addf(context, "%u\t%s\t%u\t%u\t%u\t%u\n", info->pgno, info->kind, info->tree,
                 info->level, info->used_bytes, info->usable_bytes);
}

/* A wrong name is the user's error, whatever status stands for it. */
static int complain_write(const char *out, tl_status status)
{
    int error_number = errno;
    const char *reason = tl_status_reason(status);
    bool has_system_reason = status != TL_NO_MEMORY;
    tl_complain("dump", "cannot write '%s': %s%s", out, reason,
                has_system_reason && error_number == ENOENT
                    ? "; name a file in a directory that is there"
                    : "");
    bool is_wrong_name =
        error_number == ENOENT || error_number == EISDIR || error_number == ENOTDIR;
    return has_system_reason && is_wrong_name ? TL_EXIT_USAGE : tl_exit_code(status);
}

int tl_dump_page_table(tl_env *env, const char *file, const char *out, tl_status *status)
{
    tl_text table = {0};
    tl_env_info info = {0};
    int code = TL_EXIT_OK;
    tl_env_info_get(env, &info);
    tl_text_addf(&table, "# treelab.pages/1\n# page_bytes %u\n# file ", info.page_bytes);
    tl_text_add_field(&table, file);
    tl_text_add(&table, "\npage\tkind\ttree\tlevel\tused_bytes\tusable_bytes\n");
    *status = tl_env_pages(env, add_page, &table);
    if (*status == TL_OK) {
        tl_status written = tl_text_save(&table, out);
        code = written == TL_OK ? TL_EXIT_OK : complain_write(out, written);
    }
    tl_text_clear(&table);
    return code;
}
