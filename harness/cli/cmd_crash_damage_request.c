/* harness/cli/cmd_crash_damage_request.c -- the command line of `treelab crash damage`. */
#include "harness/cli/cmd_crash_damage.h"

#include <stdlib.h>
#include <string.h>

enum { COMMITS_MAX = 100000, COMMITS_MIN = 48, PAGES_DEFAULT = 64 };

enum { /* options without a letter */
       OPTION_COMMIT = 256,
       OPTION_IMAGE,
       OPTION_KIND,
       OPTION_PAGE_SIZE,
       OPTION_PAGES,
       OPTION_SEED,
       OPTION_SAMPLE,
       OPTION_ONLY,
       OPTION_JSON,
};

static const char *const image_names[] = {"crash", "clean"};

/* clang-format off */
static const struct argp_option options[] = {
    {"driver", 'd', "NAME[:KEY=VALUE]...,...", 0, "Stores to damage (default: tree)", 0},
    {"commit", OPTION_COMMIT, "NAME,...", 0, "Commit protocols (default: log,shadow2,shadow1)", 0},
    {"image", OPTION_IMAGE, "NAME,...", 0, "clean: after a close; crash: killed, with commits in the log (default: both)", 0},
    {"kind", OPTION_KIND, "NAME,...", 0, "flip, bit, zero_sector, zero_page, stale, stale_sector, misdirect, swap, truncate, earlier, foreign (default: all)", 0},
    {"page-size", OPTION_PAGE_SIZE, "BYTES", 0, "Page size of the store (default: 4096)", 0},
    {"pages", OPTION_PAGES, "N", 0, "The page file spans at least N pages (default: 64)", 0},
    {"seed", OPTION_SEED, "S", 0, "Equal seeds give equal cases (default: 42)", 0},
    {"ops", 'n', "N", 0, "Commits that the history has at most (default: as many as pages, at least 48)", 0},
    {"sample", OPTION_SAMPLE, "N", 0, "N cases of each kind instead of all, spread evenly", 0},
    {"only", OPTION_ONLY, "CASE", 0, "Judge this one case, as a finding named it", 0},
    {"json", OPTION_JSON, "FILE", 0,
     "Also write the result to FILE; '-': stdout, the tables then go to stderr", 0},
    {"quiet", 'q', NULL, 0, "No progress on stderr", 0},
    {0},
};
/* clang-format on */

static void add_protocol(struct argp_state *state, const char *word)
{
    tl_damage_request *request = state->input;
    tl_crash_add_protocol(state, word, request->protocols, &request->protocol_count);
}

static void add_image(struct argp_state *state, const char *word)
{
    tl_damage_request *request = state->input;
    for (unsigned i = 0; i < 2; i++) {
        if (strcmp(image_names[i], word) == 0) {
            request->images[i] = true;
            return;
        }
    }
    tl_arguments_unknown(state, "image", word, image_names, 2, NULL);
}

static void add_kind(struct argp_state *state, const char *word)
{
    tl_damage_request *request = state->input;
    const char *names[TL_DAMAGE_KIND_COUNT];
    tl_damage_kind kind;
    for (unsigned i = 0; i < TL_DAMAGE_KIND_COUNT; i++)
        names[i] = tl_damage_kind_name((tl_damage_kind)i);
    if (tl_damage_kind_find(word, &kind))
        request->kinds[kind] = true;
    else
        tl_arguments_unknown(state, "kind of damage", word, names, TL_DAMAGE_KIND_COUNT, NULL);
}

static void set_defaults(struct argp_state *state)
{
    tl_damage_request *request = state->input;
    bool no_kind = true;
    tl_crash_default_protocols(request->protocols, &request->protocol_count);
    if (!request->images[0] && !request->images[1])
        request->images[0] = request->images[1] = true;
    for (unsigned k = 0; k < TL_DAMAGE_KIND_COUNT; k++)
        no_kind = no_kind && !request->kinds[k];
    if (no_kind)
        memset(request->kinds, true, sizeof request->kinds);
    if (request->commits == 0)
        request->commits = request->pages < COMMITS_MIN ? COMMITS_MIN : request->pages;
    tl_choice_resolve(&request->choice, state);
    for (size_t i = 0; i < request->choice.driver_count; i++)
        tl_crash_need_simulated(state, request->choice.arms[i].driver);
    if (request->only != NULL &&
        (request->choice.driver_count != 1 || request->protocol_count != 1 ||
         request->images[0] == request->images[1]))
        argp_error(state, "--only is about one image: give one --driver, --commit and --image");
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    tl_damage_request *request = state->input;
    switch (key) {
    case 'd':
        tl_choice_add_drivers(&request->choice, state, value);
        return 0;
    case OPTION_COMMIT:
        tl_arguments_list(state, value, add_protocol);
        return 0;
    case OPTION_IMAGE:
        tl_arguments_list(state, value, add_image);
        return 0;
    case OPTION_KIND:
        tl_arguments_list(state, value, add_kind);
        return 0;
    case OPTION_PAGE_SIZE:
        request->page_bytes = tl_arguments_page_bytes(state, value);
        return 0;
    case OPTION_PAGES:
        request->pages = (uint32_t)tl_arguments_number(state, "pages", value, 16, 65536);
        return 0;
    case OPTION_SEED:
        request->seed = tl_arguments_seed(state, value);
        return 0;
    case 'n':
        request->commits = tl_arguments_number(state, "ops", value, 1, COMMITS_MAX);
        return 0;
    case OPTION_SAMPLE:
        request->sample = tl_arguments_number(state, "sample", value, 1, UINT64_C(1) << 32);
        return 0;
    case OPTION_ONLY:
        request->only = value;
        return 0;
    case OPTION_JSON:
        request->json_path = value;
        return 0;
    case 'q':
        request->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is no option; stores are given by --driver", value);
        return 0;
    case ARGP_KEY_END:
        set_defaults(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp damage_argp = {
    .options = options,
    .parser = parse_option,
    .doc = "Damage a store byte by byte, sector by sector and page by page, in memory, and look at "
           "it through every read path: each state is opened three times, for a get of every key, "
           "a scan and a verify, and every answer is compared with the truth."
           "\vThe result is out/ID/run.json.  See harness/check/README.md for regions, outcomes "
           "and what is asked of a state.\n\n"
           "Examples:\n"
           "  treelab crash damage\n"
           "  treelab crash damage --commit log --image clean --kind flip\n"
           "  treelab crash damage --driver tree:leaf=dense --pages 1024 --sample 20000\n"
           "  treelab crash damage --commit log --image crash --only flip:tree.tl:8192:0x40\n"
           "\n"
           "Exit codes: 0 no finding, 2 usage, 3 a finding, 5 the machine refused, 6 no state was "
           "checked, 130 interrupted (what was found is kept).\n",
};

int tl_damage_request_parse(int argc, char **argv, tl_damage_request *request)
{
    request->page_bytes = TL_STANDARD_PAGE_BYTES;
    request->pages = PAGES_DEFAULT;
    request->seed = TL_STANDARD_SEED;
    return tl_arguments_parse(&damage_argp, argc, argv, request);
}
