/* harness/cli/cmd_crash_replay.c -- `treelab crash replay ID`: one state again, by its name alone.
 *
 * An id holds all that the state depends on:
 *
 *     tree:leaf=bump/insert/4096/42/12/log/commit/journal/57.0/oldest
 *     store and settings, history, page size, seed, commits, protocol, durability, then the state
 */
#include "harness/cli/cmd_crash_cells.h"

#include <inttypes.h>
#include <string.h>

enum { FIELDS = 6, ID_BYTES = TL_STATE_ID_TEXT_MAX + TL_CRASH_TEXT_BYTES };

bool tl_crash_replay_id(const tl_crash_cell *cell, uint64_t seed, const char *where, char *text,
                        size_t text_bytes)
{
    int used =
        snprintf(text, text_bytes, "%s/%s/%" PRIu32 "/%" PRIu64 "/%" PRIu64 "/%s/%s/%s",
                 cell->arm->label, cell->history->name, cell->page_bytes, seed, cell->commits,
                 cell->protocol, tl_run_durability_name(cell->durability), where);
    return used > 0 && (size_t)used < text_bytes;
}

static int show_help(void)
{
    puts("Usage: treelab crash replay ID [OPTION of `treelab crash`...]\n"
         "Build one state of a crash again and check it, as a finding named it: the store runs\n"
         "its history, the disk forgets what the id says, the store recovers and is inspected.\n"
         "The same id gives the same state on every machine.\n"
         "\n"
         "  --times N   replay in N processes, one after the other, and tell how many of them\n"
         "              ended and told the same, to the letter\n"
         "\n"
         "Examples:\n"
         "  treelab crash replay tree/insert/4096/42/12/log/commit/posix/31.0/\n"
         "  treelab crash replay tree/insert/4096/42/12/log/commit/posix/31.0/ --keep /tmp/x \\\n"
         "    && treelab dump /tmp/x/tree.tl\n"
         "  treelab crash replay tree:leaf=bump/delete/4096/42/20/log/commit/journal/57.0/oldest "
         "\\\n"
         "    --json -\n"
         "  treelab crash replay tree/insert/4096/42/12/log/commit/posix/31.0/ --timeline\n"
         "  treelab crash replay tree/insert/4096/42/12/log/commit/posix/31.0/ --times 100\n"
         "\n"
         "Options that contradict the id are refused.\n"
         "\n"
         "Exit codes: 0 the state is right, 2 usage or no such state, 3 the finding is there "
         "again.");
    return TL_EXIT_OK;
}

/* Cut the id into its fields, in place; the last one is the rest.  False: it is none. */
static bool id_cut(char *id, char *fields[FIELDS])
{
    char *rest = id;
    for (unsigned i = 0; i + 1 < FIELDS; i++) {
        fields[i] = rest;
        rest = strchr(rest, '/');
        if (rest == NULL)
            return false;
        *rest++ = '\0';
    }
    fields[FIELDS - 1] = rest; /* "log/commit/journal/57.0/oldest" */
    return strchr(rest, '/') != NULL;
}

int tl_cmd_crash_replay(int argc, char **argv)
{
    static char id[ID_BYTES];
    /* What messages are signed with: shrinking begins with a replay. */
    char *signature = strcmp(argv[0], "crash shrink") == 0 ? argv[0] : (char *)"crash replay";
    char *fields[FIELDS] = {NULL};
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0))
        return show_help();
    if (argc < 2 || snprintf(id, sizeof id, "%s", argv[1]) >= (int)sizeof id ||
        !id_cut(id, fields)) {
        tl_complain(signature, "it takes the id of a state, such as "
                               "tree/insert/4096/42/12/log/commit/posix/31.0/; see --help");
        return TL_EXIT_USAGE;
    }
    int exit_code;
    if (tl_crash_replay_times(argc, argv, &exit_code))
        return exit_code;
    enum { ARGUMENTS_MAX = 64, MADE = 13 };
    char *made[ARGUMENTS_MAX + 1] = {
        signature, (char *)"--driver",    fields[0], (char *)"--history",
        fields[1], (char *)"--page-size", fields[2], (char *)"--seed",
        fields[3], (char *)"--ops",       fields[4], (char *)"--repro",
        fields[5],
    };
    int count = MADE;
    for (int i = 2; i < argc && count < ARGUMENTS_MAX; i++)
        made[count++] = argv[i];
    static tl_crash_request request = {.of_id = true}; /* large; once per process */
    exit_code = tl_crash_request_parse(count, made, &request);
    made[0] = (char *)"crash"; /* for the record */
    return exit_code == TL_EXIT_OK ? tl_crash_go(&request, count, made) : exit_code;
}
