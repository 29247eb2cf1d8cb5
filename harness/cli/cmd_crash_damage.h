/* harness/cli/cmd_crash_damage.h -- what the files of `treelab crash damage` share. */
#ifndef TL_HARNESS_CMD_CRASH_DAMAGE_H
#define TL_HARNESS_CMD_CRASH_DAMAGE_H

#include "harness/check/damage_document.h"
#include "harness/check/document_cell.h"
#include "harness/check/standard.h"
#include "harness/cli/cmd_run.h"
#include "harness/cli/crash_words.h"
#include "harness/report/resultfile.h"

#include <stdio.h>

typedef struct tl_damage_request {
    tl_choice choice; /* of drivers */
    const char *protocols[TL_CRASH_PROTOCOLS_MAX];
    size_t protocol_count;
    bool images[2]; /* crash, clean */
    bool kinds[TL_DAMAGE_KIND_COUNT];
    uint32_t page_bytes, pages;
    uint64_t seed, commits, sample;
    const char *json_path, *only;
    bool quiet;
} tl_damage_request;

/* Parse the command line, with defaults for what it leaves out; usage errors end the process. */
int tl_damage_request_parse(int argc, char **argv, tl_damage_request *request);

/* cmd_crash_damage_table.c: one image's counts, for people. */
void tl_damage_print(FILE *out, const char *id, const tl_damage_options *options,
                     const tl_damage_result *result);

/* The form of `treelab crash`: argv[1] is "damage". */
int tl_cmd_crash_damage(int argc, char **argv);

#endif
