/* harness/cli/cmd_duel.h -- what `treelab duel` was asked for, from texts to a request. */
#ifndef TL_HARNESS_CMD_DUEL_H
#define TL_HARNESS_CMD_DUEL_H

#include "harness/cli/cmd_run.h"
#include "harness/compare/duel.h"
#include "harness/compare/inject.h"

enum { TL_DUEL_ARGUMENTS_MAX = 96, TL_DUEL_WORD_MAX = 600 };

typedef struct tl_duel_words { /* arguments of `treelab agent`, in the making */
    char *words[TL_DUEL_ARGUMENTS_MAX];
    size_t count;
} tl_duel_words;

typedef struct tl_duel_options { /* zeros are a good start; lives as long as the process */
    tl_choice choice;            /* workloads, plug-ins, settings */
    char *arm_texts[2];
    size_t arm_count;
    tl_duel_words arms[2], common, loads[TL_DUEL_LOADS_MAX];
    tl_duel_load load_rows[TL_DUEL_LOADS_MAX];
    tl_duel_request request; /* all but dir and the callbacks */
    char own_binary[TL_DUEL_WORD_MAX], binaries[2][TL_DUEL_WORD_MAX], drivers[2][TL_RUN_NAME_MAX];
    tl_durability durability;
    uint64_t launches; /* 0: as the looks say */
    bool looks_given;
    size_t layouts; /* wanted; all of them, or it is an error, when they are demanded */
    bool layouts_demanded;
    tl_links links[2];
    char layout_note[TL_DUEL_TEXT_MAX];
    const char *json_path, *stores_dir;
    bool quiet;
} tl_duel_options;

/* TL_EXIT_OK, or TL_EXIT_ENVIRONMENT; ends the process on a usage error. */
int tl_duel_options_parse(int argc, char **argv, tl_duel_options *options);

#endif
