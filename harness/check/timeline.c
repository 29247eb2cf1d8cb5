/* harness/check/timeline.c -- see timeline.h. */
#include "harness/check/timeline.h"

#include <inttypes.h>

/* How many of the operation's sectors are lost. */
static uint32_t lost_of(const tl_lost *lost, size_t op)
{
    uint32_t count = 0;
    for (size_t i = 0; i < lost->sector_count; i++)
        count += lost->sectors[i].op == op;
    return count;
}

static bool is_in(const size_t *ops, size_t count, size_t op)
{
    for (size_t i = 0; i < count; i++) {
        if (ops[i] == op)
            return true;
    }
    return false;
}

static void print_op(FILE *file, const tl_roles *roles, const tl_lost *lost, size_t op)
{
    char words[TL_OP_WORDS_MAX];
    uint32_t gone = lost_of(lost, op), all = tl_simdisk_op_at(roles->disk, op)->sector_count;
    bool name = is_in(lost->names, lost->name_count, op);
    bool size = is_in(lost->sizes, lost->size_count, op);
    tl_op_words(roles, op, words);
    if (tl_op_is_sync(roles->disk, op)) {
        fprintf(file, "-----%6zu -------  %s\n", op, words);
        return;
    }
    const char *mark = name                     ? "x lost"
                       : gone > 0 && gone < all ? "~ torn"
                       : gone > 0               ? "x lost"
                                                : "";
    if (gone == 0 && size)
        mark = "~ size";
    fprintf(file, "     %6zu  %-6s  %s", op, mark, words);
    if (gone > 0 && gone < all)
        fprintf(file, " (%" PRIu32 " of %" PRIu32 " sectors lost)", gone, all);
    if (size)
        fputs(" (the size that it gave is lost)", file);
    fputc('\n', file);
}

/* What the store was told, and told, when the log had `at` entries. */
static void print_marks(FILE *file, const tl_trace *trace, size_t at)
{
    if (trace->acknowledged[0] == at)
        fputs("                     > open returned\n", file);
    for (size_t n = 1; n <= trace->commits; n++) {
        if (n > 0 && trace->begun[n] == at)
            fprintf(file, "                     > commit %zu begun\n", n);
        if (trace->acknowledged[n] == at)
            fprintf(file, "                     < commit %zu acknowledged\n", n);
        if (trace->checkpointed != NULL && trace->checkpointed[n] == at)
            fprintf(file, "                     < %s behind commit %zu returned\n",
                    n == trace->commits ? "checkpoint or close" : "checkpoint", n);
    }
}

static size_t first_lost(const tl_lost *lost)
{
    size_t first = lost->point;
    if (lost->sector_count > 0 && lost->sectors[0].op < first)
        first = lost->sectors[0].op;
    if (lost->name_count > 0 && lost->names[0] < first)
        first = lost->names[0];
    if (lost->size_count > 0 && lost->sizes[0] < first)
        first = lost->sizes[0];
    return first;
}

void tl_timeline_print(FILE *file, const tl_roles *roles, const tl_trace *trace,
                       const tl_lost *lost, size_t around)
{
    size_t count = tl_simdisk_op_count(trace->disk), first = first_lost(lost);
    size_t from = around == 0 || first < around ? 0 : first - around;
    fprintf(file, "  operations %zu to %zu of %zu; x lost, ~ lost in part, --- sync\n", from,
            lost->point, count);
    for (size_t op = from; op < lost->point && op < count; op++) {
        print_marks(file, trace, op);
        print_op(file, roles, lost, op);
    }
    print_marks(file, trace, lost->point);
    char words[TL_OP_WORDS_MAX] = "after the last operation";
    if (lost->point < count)
        tl_op_words(roles, lost->point, words);
    fprintf(file, "=====%6zu =======  CRASH%s%s\n", lost->point,
            lost->point < count ? " in flight: " : " ", words);
    if (lost->point < count && !tl_op_is_sync(trace->disk, lost->point))
        print_op(file, roles, lost, lost->point);
}
