/* harness/cli/cmd_verify.c -- `treelab verify FILE`: is this database sound?
 *
 * Opens read-only, so that a crashed file stays bit-identical, replays its log in memory and checks
 * every page against every invariant.
 */
#include "harness/cli/arguments.h"
#include "harness/cli/database.h"
#include "harness/report/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct request {
    const char *file, *json;
    uint64_t findings_max;
} request;

static const struct argp_option rows[] = {
    {"json",                                             'j', "FILE", 0, "write the outcome as JSON to FILE, - for stdout", 0},
    {"findings",                                            'f', "N", 0, "stop after N findings (default 100)", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    request *wanted = state->input;
    switch (key) {
    case 'j':
        wanted->json = argument;
        return 0;
    case 'f':
        wanted->findings_max = tl_arguments_number(state, "findings", argument, 1, UINT32_MAX);
        return 0;
    default:
        return tl_database_argument(key, argument, state, "verify", &wanted->file);
    }
}

static const struct argp argp = {
    rows,
    parse,
    "FILE",
    "Check every page of a treelab database; FILE is opened read-only.\v"
    "Examples:\n"
    "  treelab verify data.tl\n"
    "  treelab verify data.tl --json -\n\n"
    "Exit codes: 0 sound, 2 not a treelab file, 3 damaged, 5 in use or unreadable.",
    NULL,
    NULL,
    NULL,
};

typedef struct listing {
    tl_json *findings; /* NULL without --json */
    FILE *text;
    uint64_t left;
} listing;

static bool list_finding(void *context, const tl_finding *finding)
{
    listing *list = context;
    fprintf(list->text, "%s  page %u: %s\n", finding->rule, finding->pgno, finding->text);
    if (list->findings != NULL) {
        tl_json *row = tl_json_add_object(list->findings, NULL);
        tl_json_add_text(row, "rule", finding->rule);
        tl_json_add_count(row, "pgno", finding->pgno);
        tl_json_add_text(row, "text", finding->text);
    }
    return --list->left != 0;
}

static void print_summary(FILE *out, const char *file, const tl_env_info *info,
                          const tl_verify_summary *summary)
{
    double fill = summary->leaf_bytes_capacity == 0
                      ? 0
                      : 100.0 * (double)summary->bytes_used / (double)summary->leaf_bytes_capacity;
    fprintf(out, "%s: %s, %" PRIu64 " finding%s\n", file,
            summary->findings == 0 ? "sound" : "DAMAGED", summary->findings,
            summary->findings == 1 ? "" : "s");
    fprintf(out,
            "  %" PRIu64 " records in %" PRIu64 " leaves (%.1f %% full) and %" PRIu64
            " branches, main tree of depth %u\n",
            summary->records, summary->leaves, fill, summary->branches, info->depth);
    fprintf(out,
            "  pages of %u bytes: %" PRIu64 ", %" PRIu64 " live, %" PRIu64 " free; txn %" PRIu64
            ", checkpoint %" PRIu64 ", %" PRIu64 " log frames replayed, %" PRIu64
            " bytes of a torn tail dropped\n",
            info->page_bytes, info->page_count, info->pages_live, info->pages_free, info->txn,
            info->checkpoint_no, info->frames_replayed, info->tail_bytes_dropped);
    fprintf(out,
            "  content hash of the main tree %016" PRIx64 ", of all %" PRIu64 " tree%s %016" PRIx64
            "\n",
            summary->content_hash, summary->trees, summary->trees == 1 ? "" : "s",
            summary->trees_hash);
}

static int verify_open_env(const request *wanted, tl_env *env)
{
    tl_json *root = wanted->json != NULL ? tl_json_object_new() : NULL;
    listing list = {.text =
                        wanted->json != NULL && strcmp(wanted->json, "-") == 0 ? stderr : stdout,
                    .left = wanted->findings_max};
    tl_verify_summary summary;
    tl_env_info info;
    tl_json_add_text(root, "schema", "treelab.verify/1");
    tl_json_add_text(root, "file", wanted->file);
    list.findings = root != NULL ? tl_json_add_array(root, "findings") : NULL;
    tl_status status = tl_verify(env, list_finding, &list, &summary);
    if (status != TL_OK && status != TL_CORRUPT) {
        tl_complain("verify", "'%s' could not be read to its end: %s", wanted->file,
                    tl_status_text(status));
        tl_json_free(root);
        return tl_exit_code(status);
    }
    tl_env_info_get(env, &info);
    print_summary(list.text, wanted->file, &info, &summary);
    tl_json_add_bool(root, "sound", summary.findings == 0);
    tl_json_add_count(root, "records", summary.records);
    tl_json_add_count(root, "pages_checked", summary.pages_checked);
    tl_json_add_count(root, "trees", summary.trees);
    tl_json_add_hex(root, "content_hash", summary.content_hash);
    tl_json_add_hex(root, "trees_hash", summary.trees_hash);
    tl_status written = root != NULL ? tl_json_write(root, wanted->json) : TL_OK;
    tl_json_free(root);
    if (written != TL_OK)
        tl_complain("verify", "'%s' could not be written: %s", wanted->json,
                    tl_status_reason(written));
    return status != TL_OK ? TL_EXIT_WRONG : tl_exit_code(written);
}

int tl_cmd_verify(int argc, char **argv)
{
    request wanted = {.findings_max = 100};
    int code = tl_arguments_parse(&argp, argc, argv, &wanted);
    if (code != TL_EXIT_OK)
        return code;
    tl_env *env = NULL;
    code = tl_database_open("verify", wanted.file, &env);
    if (code != TL_EXIT_OK)
        return code;
    code = verify_open_env(&wanted, env);
    tl_env_abandon(env);
    return code;
}
