/* harness/cli/cmd_crash_shrink_campaign.c -- how small do findings get, and how fast?
 *
 * Each seeded bug that a crash can show is looked for in random scripts of many operations, by the
 * lab as it is, told nothing.  What is found is shrunk.  The bar: ten operations at most, within
 * ten seconds, nine times of ten.
 */
#include "harness/cli/cmd_crash_shrink.h"
#include "harness/fuzz/crash_shrink.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OPS_BAR = 10, SECONDS_BAR = 10, FIND_SECONDS = 15 };

typedef struct campaign {
    const tl_shrink_request *request;
    FILE *out;
    tl_arena *arena;
    uint64_t scripts, found, good;
} campaign;

/* The list of --mutant, or all. */
static bool is_wanted(const tl_shrink_request *request, const char *name)
{
    if (request->mutant == NULL)
        return true;
    size_t bytes = strlen(name);
    for (const char *at = request->mutant; (at = strstr(at, name)) != NULL; at += bytes)
        if ((at == request->mutant || at[-1] == ',') && (at[bytes] == ',' || at[bytes] == '\0'))
            return true;
    return false;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Random writes, as many as asked for; commits are durable. */
static tl_status make_script(const tl_shrink_request *request, uint64_t seed, tl_steps *steps)
{
    tl_choices choices = tl_choices_of_seed(seed);
    tl_steps all = {NULL, 0, 0};
    tl_status status = tl_steps_make(&choices, 2 * (size_t)request->ops + 100, &all);
    if (status == TL_OK)
        status = tl_crash_steps_writing(&all, (size_t)request->ops + 1, steps);
    tl_steps_free(&all);
    char line[512]; /* of two equal options the last one counts */
    snprintf(line, sizeof line, "%s durability=commit commit=%s", steps->at[0],
             tl_standard_protocols[seed % TL_STANDARD_PROTOCOLS]);
    char *copy = status == TL_OK ? strdup(line) : NULL;
    if (status == TL_OK && copy == NULL)
        return TL_NO_MEMORY;
    if (copy != NULL) {
        free(steps->at[0]);
        steps->at[0] = copy;
    }
    return status;
}

static bool find(const campaign *on, const tl_steps *steps, tl_profile weakest,
                 tl_crash_question *question, tl_crash_answer *answer)
{
    *question = (tl_crash_question){.driver = on->request->driver,
                                    .tier = TL_TIER_SINGLES,
                                    .seed = TL_STANDARD_SEED,
                                    .any = true,
                                    .budget_ns = FIND_SECONDS * UINT64_C(1000000000),
                                    .arena = on->arena};
    for (unsigned profile = weakest; profile <= TL_PROFILE_POSIX; profile++) {
        question->profile = (tl_profile)profile;
        tl_crash_try(steps, question, false, answer);
        if (!answer->ran)
            return false;
        if (answer->found)
            return true;
    }
    return false;
}

/* A bug that is seen without any crash leaves no history to crash: then fewer steps, until there is
 * one. */
static tl_status until_it_runs(const campaign *on, tl_steps *steps)
{
    tl_crash_question question = {.driver = on->request->driver,
                                  .profile = TL_PROFILE_SIGKILL,
                                  .tier = TL_TIER_ENDS,
                                  .budget_ns = 1,
                                  .arena = on->arena};
    tl_crash_answer answer;
    tl_status status = TL_OK;
    for (;;) { /* ends: half as many each round */
        tl_steps half;
        tl_crash_try(steps, &question, false, &answer);
        if (answer.ran || steps->count < 4)
            return TL_OK;
        status = tl_steps_part(steps, 0, steps->count / 2, true, &half);
        if (status != TL_OK)
            return status;
        tl_steps_free(steps);
        *steps = half;
    }
}

static void try_one(campaign *on, const char *names, tl_profile weakest, uint64_t seed)
{
    tl_steps steps = {NULL, 0, 0};
    tl_crash_question question;
    tl_crash_answer answer;
    tl_crash_shrunk shrunk;
    double begin = seconds_now();
    on->scripts++;
    if (make_script(on->request, seed, &steps) != TL_OK || until_it_runs(on, &steps) != TL_OK ||
        !find(on, &steps, weakest, &question, &answer)) {
        fprintf(on->out, "%s\t%" PRIu64 "\t-\t-\t%.1f\t%zu\t-\t-\t-\t-\t%s\n", names, seed,
                seconds_now() - begin, steps.count - 1, answer.ran ? "not found" : "wrong anyway");
        tl_steps_free(&steps);
        return;
    }
    double found = seconds_now();
    question.budget_ns = UINT64_C(2000000000);
    on->found++;
    if (tl_crash_shrink(&steps, &question, &answer, on->request->bound_s * UINT64_C(1000000000),
                        &shrunk) == TL_OK) {
        double took = (double)shrunk.elapsed_ns / 1e9;
        bool good = shrunk.steps <= OPS_BAR && took <= SECONDS_BAR;
        on->good += good;
        char deviations[16] = "-";
        if (shrunk.deviations != UINT32_MAX)
            snprintf(deviations, sizeof deviations, "%" PRIu32, shrunk.deviations);
        fprintf(on->out, "%s\t%" PRIu64 "\t%s\t%s\t%.1f\t%zu\t%zu\t%s\t%.1f\t%" PRIu64 "\t%s\n",
                names, seed, tl_profile_at(question.profile)->name,
                tl_rule_name(answer.verdict.rule), found - begin, shrunk.steps_before, shrunk.steps,
                deviations, took, shrunk.tries, good ? "yes" : "no");
    }
    fflush(on->out);
    tl_steps_free(&steps);
}

static void try_row(campaign *on, const tl_mutant_row *row)
{
    char names[TL_MUTANT_NAME_MAX];
    snprintf(names, sizeof names, "%s%s%s", row->name, row->pair != NULL ? "+" : "",
             row->pair != NULL ? row->pair : "");
    tl_mutant_engine_here->wake(names);
    for (uint64_t seed = 1; seed <= on->request->seeds && !tl_interrupted(); seed++) {
        if (!on->request->quiet)
            fprintf(stderr, "%s, script %" PRIu64 ": %" PRIu64 " found, %" PRIu64 " small\n", names,
                    seed, on->found, on->good);
        try_one(on, names, (tl_profile)row->finder, seed);
    }
    tl_mutant_engine_here->wake(NULL);
}

int tl_shrink_campaign(const tl_shrink_request *request)
{
    campaign on = {.request = request, .out = stdout};
    if (request->out_path != NULL && (on.out = fopen(request->out_path, "w")) == NULL) {
        tl_complain("crash shrink", "cannot write %s", request->out_path);
        return TL_EXIT_ENVIRONMENT;
    }
    tl_catch_interrupt();
    if (tl_arena_create(TL_STANDARD_ARENA_BYTES, &on.arena) != TL_OK)
        on.arena = NULL;
    fprintf(on.out,
            "bug\tscript\tprofile\trule\tfound_s\tlines_before\tlines\tdeviations\tshrunk_s\t"
            "tries\tgood\n");
    for (size_t i = 0; i < tl_mutant_count() && !tl_interrupted(); i++) {
        const tl_mutant_row *row = tl_mutant_at(i);
        if (row->absent == NULL && row->finder <= TL_FINDER_POSIX && is_wanted(request, row->name))
            try_row(&on, row);
    }
    tl_arena_destroy(on.arena);
    bool closed = on.out == stdout || fclose(on.out) == 0;
    printf("%" PRIu64 " scripts, %" PRIu64 " findings, %" PRIu64
           " of them at most %d operations within %d s (%.0f %%)\n",
           on.scripts, on.found, on.good, OPS_BAR, SECONDS_BAR,
           on.found == 0 ? 0.0 : 100.0 * (double)on.good / (double)on.found);
    if (tl_interrupted())
        return TL_EXIT_INTERRUPTED;
    if (!closed)
        return TL_EXIT_ENVIRONMENT;
    if (on.found == 0)
        return TL_EXIT_NOTHING;
    return on.good * 10 >= on.found * 9 ? TL_EXIT_OK : TL_EXIT_WRONG;
}
