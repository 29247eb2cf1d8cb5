/* harness/script/run.c -- line after line: ask the store, ask the model, compare. */
#include "harness/script/run.h"

#include "harness/script/actions.h"
#include "harness/script/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX   UINT64_C(20000000)
#define WRITTEN_MAX (UINT64_C(1) << 30)

const char *tl_script_outcome_name(tl_script_outcome outcome)
{
    static const char *const names[] = {
        [TL_SCRIPT_PASSED] = "passed",           [TL_SCRIPT_MISMATCH] = "mismatch",
        [TL_SCRIPT_UNSUPPORTED] = "unsupported", [TL_SCRIPT_UNFIT] = "unfit",
        [TL_SCRIPT_REFUSED] = "refused",         [TL_SCRIPT_STOPPED] = "stopped",
        [TL_SCRIPT_NO_MEMORY] = "no-memory",
    };
    return names[outcome];
}

/* " (i=17, j=2)" for a line inside loops; "" otherwise. */
static void say_loops(const tl_script_scope *scope, char *text, size_t text_bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned loop = 0; loop < scope->loop_count && used < text_bytes; loop++) {
        int more = snprintf(text + used, text_bytes - used, "%s%s=%" PRId64,
                            loop == 0 ? " (" : ", ", scope->names[loop], scope->values[loop]);
        used += more > 0 ? (size_t)more : 0;
    }
    if (scope->loop_count > 0 && used < text_bytes)
        snprintf(text + used, text_bytes - used, ")");
}

/* End the run at `line`.  Always false, so that callers can return it. */
static bool stop(tl_play *play, const tl_script_line *line, tl_script_outcome outcome,
                 const char *text)
{
    char loops[256];
    say_loops(&play->scope, loops, sizeof loops);
    play->result->outcome = outcome;
    play->result->line = line->number;
    snprintf(play->result->message, sizeof play->result->message, "%s:%u: %s%s",
             tl_script_name(play->script), line->number, text, loops);
    return false;
}

static bool stop_mismatch(tl_play *play, const tl_script_line *line)
{
    char text[2 * TL_SCRIPT_SAYING_BYTES + 32];
    snprintf(text, sizeof text, "want %s, got %s", play->result->want, play->result->got);
    return stop(play, line, TL_SCRIPT_MISMATCH, text);
}

static bool stop_failed(tl_play *play, const tl_script_line *line, tl_status status)
{
    if (status == TL_NO_MEMORY)
        return stop(play, line, TL_SCRIPT_NO_MEMORY, "out of memory");
    return stop(play, line, TL_SCRIPT_UNFIT, play->scope.error);
}

/* A verb that the store does not have: step over it or end. */
static bool pass_over(tl_play *play, const tl_script_line *line)
{
    const tl_script_config *config = play->session.config;
    char text[TL_SCRIPT_SAYING_BYTES + 80];
    const char *note = play->answers[TL_SIDE_STORE].note;
    snprintf(text, sizeof text, "unsupported by driver %s%s%s", config->driver->name,
             note[0] != '\0' ? ": " : "", note);
    if (!config->skip_unsupported)
        return stop(play, line, TL_SCRIPT_UNSUPPORTED, text);
    play->result->skipped++;
    if (config->on_skip != NULL && !play->told[line->index]) {
        char told[512];
        snprintf(told, sizeof told, "%s:%u: skipped, %s", tl_script_name(play->script),
                 line->number, text);
        config->on_skip(config->on_skip_context, told);
    }
    play->told[line->index] = true;
    return true;
}

/* The store came back from a crash with a content that no allowed commit left. */
static bool stop_strayed(tl_play *play, const tl_script_line *line)
{
    const tl_script_survivors *survivors = &play->session.survivors;
    snprintf(play->result->want, sizeof play->result->want,
             "the content after commit %" PRIu64 " to %" PRIu64, survivors->least, survivors->most);
    snprintf(play->result->got, sizeof play->result->got, "another content");
    return stop_mismatch(play, line);
}

static bool run_block(tl_play *play, const tl_script_line *line);

/* How many rounds [from, to) has with `step`, which is not 0. */
static uint64_t round_count(int64_t from, int64_t to, int64_t step)
{
    uint64_t first = (uint64_t)from, end = (uint64_t)to, stride = (uint64_t)step;
    if (step > 0)
        return from < to ? (end - first - 1) / stride + 1 : 0;
    return from > to ? (first - end - 1) / (0 - stride) + 1 : 0;
}

typedef struct loop_plan { /* a `for` line with its numbers evaluated */
    int64_t from, step;
    uint64_t round_count, seed;
} loop_plan;

static tl_status plan_loop(tl_script_scope *scope, const tl_script_line *line, loop_plan *plan)
{
    int64_t to = 0, seed = 0;
    plan->step = 1;
    tl_status status = tl_script_int_value(scope, line->from, &plan->from);
    if (status == TL_OK)
        status = tl_script_int_value(scope, line->to, &to);
    if (status == TL_OK && line->step != NULL)
        status = tl_script_int_value(scope, line->step, &plan->step);
    if (status == TL_OK && line->shuffle != NULL)
        status = tl_script_int_value(scope, line->shuffle, &seed);
    if (status != TL_OK)
        return status;
    if (plan->step == 0) {
        snprintf(scope->error, sizeof scope->error, "a loop with step 0 never ends");
        return TL_INVALID;
    }
    plan->round_count = round_count(plan->from, to, plan->step);
    plan->seed = (uint64_t)seed;
    return TL_OK;
}

static bool run_loop(tl_play *play, const tl_script_line *line)
{
    tl_script_scope *scope = &play->scope;
    loop_plan plan;
    tl_status status = plan_loop(scope, line, &plan);
    if (status != TL_OK)
        return stop_failed(play, line, status);
    if (plan.round_count > play->lines_max - play->result->lines)
        return stop(play, line, TL_SCRIPT_UNFIT,
                    "the loop takes the script past its limit of lines");
    tl_permutation order;
    bool going = true, shuffled = line->shuffle != NULL && plan.round_count > 0;
    if (shuffled)
        tl_permutation_init(&order, plan.round_count, plan.seed);
    unsigned loop = scope->loop_count++;
    scope->names[loop] = line->name;
    for (uint64_t round = 0; round < plan.round_count && going; round++) {
        uint64_t nth = shuffled ? tl_permutation_at(&order, round) : round;
        scope->values[loop] = (int64_t)((uint64_t)plan.from + nth * (uint64_t)plan.step);
        going = run_block(play, line->body);
    }
    scope->loop_count = loop;
    return going;
}

static bool want_allows_unsupported(const tl_script_want *want)
{
    return want->any || (want->has_status && want->status == TL_UNSUPPORTED);
}

/* What keeps a store from opening at all, when the line did not ask for it. */
static tl_script_outcome open_outcome(const tl_play *play, const tl_script_line *line)
{
    bool opens = line->verb == TL_SCRIPT_OPEN || line->verb == TL_SCRIPT_REOPEN;
    if (!opens || line->want.given)
        return TL_SCRIPT_PASSED;
    switch (play->answers[TL_SIDE_STORE].status) {
    case TL_INVALID:
        return TL_SCRIPT_UNFIT;
    case TL_ACCESS:
    case TL_NO_SPACE:
    case TL_NO_MEMORY:
        return TL_SCRIPT_REFUSED;
    default:
        return TL_SCRIPT_PASSED;
    }
}

static bool stop_unopened(tl_play *play, const tl_script_line *line, tl_script_outcome outcome)
{
    const tl_script_answer *store = &play->answers[TL_SIDE_STORE];
    return stop(play, line, outcome,
                store->note[0] != '\0' ? store->note : tl_status_text(store->status));
}

static void tell_answer(const tl_play *play, const tl_script_line *line,
                        const tl_script_answer *answer)
{
    const tl_script_config *config = play->session.config;
    if (config->on_answer != NULL)
        config->on_answer(config->on_answer_context, line->number, answer->status);
}

/* Where only the model is believed and it was not asked, the store may do what it is told, or the
 * line came at a wrong time. */
static bool may_stand_alone(tl_status status)
{
    return status == TL_OK || status == TL_BUSY || status == TL_INVALID || status == TL_UNSUPPORTED;
}

static bool stop_unasked(tl_play *play, const tl_script_line *line)
{
    const tl_script_answer *store = &play->answers[TL_SIDE_STORE];
    snprintf(play->result->want, sizeof play->result->want, "TL_OK");
    snprintf(play->result->got, sizeof play->result->got, "%s%s%s", tl_status_name(store->status),
             store->note[0] != '\0' ? ": " : "", store->note);
    return stop_mismatch(play, line);
}

/* Ask, then compare. */
static bool run_action(tl_play *play, const tl_script_line *line)
{
    tl_script_answer *store = &play->answers[TL_SIDE_STORE];
    for (size_t side = 0; side < TL_SIDE_COUNT; side++)
        tl_script_answer_reset(&play->answers[side]);
    play->model_asked = false;
    play->expectation.model_only = play->session.config->model_only;
    tl_status status = tl_script_expect(&play->scope, &line->want, &play->expectation);
    if (status == TL_OK)
        status = tl_play_act(play, line);
    if (status != TL_OK)
        return stop_failed(play, line, status);
    if (play->session.strayed)
        return stop_strayed(play, line);
    if (play->session.model_status != TL_OK)
        return stop(play, line, TL_SCRIPT_NO_MEMORY, "the model cannot go on: out of memory");
    tl_script_outcome outcome = open_outcome(play, line);
    if (outcome != TL_SCRIPT_PASSED)
        return stop_unopened(play, line, outcome);
    if (store->status == TL_UNSUPPORTED && !want_allows_unsupported(&line->want))
        return pass_over(play, line);
    play->result->checks++;
    if (play->differs)
        return stop_mismatch(play, line);
    const tl_script_answer *model = play->model_asked ? &play->answers[TL_SIDE_MODEL] : NULL;
    tell_answer(play, line, model != NULL ? model : store);
    if (model == NULL && play->expectation.model_only && !may_stand_alone(store->status))
        return stop_unasked(play, line);
    if (tl_script_answer_agrees(&play->expectation, store, model, play->result->want,
                                play->result->got))
        return true;
    return stop_mismatch(play, line);
}

static bool run_item(tl_play *play, const tl_script_line *line)
{
    tl_status status = tl_play_item(play, line);
    return status == TL_OK || stop_failed(play, line, status);
}

static bool run_line(tl_play *play, const tl_script_line *line)
{
    const tl_script_config *config = play->session.config;
    if (line->verb == TL_SCRIPT_BLANK)
        return true;
    if (play->result->lines++ >= play->lines_max)
        return stop(play, line, TL_SCRIPT_UNFIT, "the script runs more lines than its limit");
    if (play->result->lines % 1024 == 0 && config->interrupted != NULL && config->interrupted())
        return stop(play, line, TL_SCRIPT_STOPPED, "interrupted");
    if (line->verb == TL_SCRIPT_FOR)
        return run_loop(play, line);
    if (line->verb == TL_SCRIPT_ITEM)
        return run_item(play, line);
    if (strchr(tl_script_verb_get(line->verb)->shape, 'B') != NULL) { /* a batch: items first */
        tl_play_batch_begin(play);
        if (!run_block(play, line->body))
            return false;
    }
    return run_action(play, line);
}

static bool run_block(tl_play *play, const tl_script_line *line)
{
    uint32_t end = play->session.config->end_line;
    for (; line != NULL && (end == 0 || line->number < end); line = line->next)
        if (!run_line(play, line))
            return false;
    return true;
}

/* A difference found after the last line. */
static void stop_at_end(tl_play *play, const char *want, const char *got)
{
    tl_script_result *result = play->result;
    result->outcome = TL_SCRIPT_MISMATCH;
    snprintf(result->want, sizeof result->want, "%s", want);
    snprintf(result->got, sizeof result->got, "%s", got);
    snprintf(result->message, sizeof result->message, "%s: at the end: want %s, got %s",
             tl_script_name(play->script), want, got);
}

/* One tree, record by record: what the lines never asked for must be right too. */
static void check_tree(tl_play *play, const tl_session_txn *txn, const char *tree)
{
    static const tl_script_line scan_line = {.verb = TL_SCRIPT_SCAN};
    static const tl_script_want nothing;
    const tl_operation scan = {
        .line = &scan_line, .low = {"", 0},
             .limit = UINT64_MAX
    };
    for (size_t side = 0; side < TL_SIDE_COUNT; side++) {
        tl_script_answer *answer = &play->answers[side];
        tl_session_view view;
        tl_script_answer_reset(answer);
        answer->status = tl_session_view_of(&play->session, txn, side, tree, false, &view);
        if (answer->status == TL_OK)
            tl_side_scan(view.driver, view.txn, &scan, answer);
        if (answer->status == TL_OK || view.txn != NULL)
            tl_session_leave(&play->session, side, tree, &view);
        if (answer->status == TL_UNSUPPORTED) /* then no line made it either */
            return;
    }
    play->expectation.want = &nothing;
    play->expectation.model_only = tree != NULL; /* that it is gone on both sides is fine */
    play->result->checks++;
    char want[TL_SCRIPT_SAYING_BYTES], got[TL_SCRIPT_SAYING_BYTES];
    if (!tl_script_answer_agrees(&play->expectation, &play->answers[TL_SIDE_STORE],
                                 &play->answers[TL_SIDE_MODEL], want, got))
        stop_at_end(play, want, got);
}

static void check_whole(tl_play *play)
{
    tl_session *session = &play->session;
    tl_script_answer *store = &play->answers[TL_SIDE_STORE];
    if (session->stores[TL_SIDE_STORE] == NULL)
        return;
    tl_script_answer_reset(store);
    tl_session_txn *txn = tl_session_begin(session, NULL, true, true, store);
    if (txn == NULL) {
        stop_at_end(play, "TL_OK", tl_status_name(store->status));
        return;
    }
    check_tree(play, txn, NULL);
    for (size_t i = 0; i < session->tree_count && play->result->outcome == TL_SCRIPT_PASSED; i++)
        check_tree(play, txn, session->trees[i]);
    tl_session_abort(session, txn);
}

static void end_session(tl_play *play)
{
    if (play->result->outcome == TL_SCRIPT_PASSED)
        check_whole(play);
    const tl_script_host *host = play->session.config->host;
    if (host != NULL && host->on_end != NULL)
        host->on_end(host->context, play->session.stores[TL_SIDE_STORE]);
    bool faulty = play->session.faulty;
    tl_status status = tl_session_end(&play->session);
    if (play->result->outcome == TL_SCRIPT_PASSED && status != TL_OK && !faulty)
        stop_at_end(play, "TL_OK from close", tl_status_name(status));
}

void tl_script_run(const tl_script *script, const tl_script_config *config,
                   tl_script_result *result)
{
    *result = (tl_script_result){.outcome = TL_SCRIPT_PASSED};
    tl_play *play = calloc(1, sizeof *play);
    bool *told = calloc((size_t)tl_script_line_count(script) + 1, sizeof *told);
    if (play == NULL || told == NULL) {
        result->outcome = TL_SCRIPT_NO_MEMORY;
        snprintf(result->message, sizeof result->message, "out of memory");
        goto done;
    }
    play->script = script;
    play->result = result;
    play->told = told;
    play->lines_max = config->lines_max != 0 ? config->lines_max : LINES_MAX;
    play->written_max = config->written_max != 0 ? config->written_max : WRITTEN_MAX;
    tl_session_start(&play->session, config);
    run_block(play, tl_script_first(script));
    end_session(play);
    tl_play_free(play);

done:
    free(told);
    free(play);
}
