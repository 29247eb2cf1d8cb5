/* harness/fuzz/crash_shrink.c -- see crash_shrink.h.
 *
 * In order: what is behind the crash, transactions, lines, options of the store, sizes of values,
 * the page size, and lines again; then, the script as it is, sectors that need not deviate from
 * their newest version.  Each candidate must give the same rule and status; one that gives another
 * finding is another bug.
 */
#define _GNU_SOURCE
#include "harness/fuzz/crash_shrink.h"

#include "harness/check/reproducer.h"
#include "harness/fuzz/ddmin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct shrinking {
    tl_crash_question question;
    tl_crash_answer *answer; /* of the smallest so far */
    tl_crash_shrunk *result;
    uint64_t begin_ns, bound_ns;
    bool late;
    const tl_steps *steps; /* fixed, while something else is left out */
    size_t at;             /* the step that is cut down */
} shrinking;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static bool does_it(void *context, const tl_steps *steps)
{
    shrinking *of = context;
    tl_crash_answer answer;
    if (now_ns() - of->begin_ns > of->bound_ns) {
        of->result->in_time = false;
        return false;
    }
    of->result->tries++;
    tl_crash_try(steps, &of->question, of->late, &answer);
    if (answer.found)
        *of->answer = answer;
    return answer.found;
}

/* *steps becomes `other`, which is taken, when that does it too. */
static bool take_if_it_does(shrinking *of, tl_steps *steps, tl_steps *other)
{
    bool does = does_it(of, other);
    tl_steps_free(does ? steps : other);
    if (does)
        *steps = *other;
    return does;
}

/* Nothing behind the step that the crash falls into is needed, or that step itself is not. */
static tl_status cut_tail(shrinking *of, tl_steps *steps)
{
    for (unsigned keep = 0; keep < 2; keep++) {
        size_t end = of->answer->step + keep;
        tl_steps part;
        if (end == 0 || end >= steps->count)
            continue;
        tl_status status = tl_steps_part(steps, 0, end, true, &part);
        if (status != TL_OK)
            return status;
        of->late = true;
        if (take_if_it_does(of, steps, &part))
            return TL_OK;
    }
    of->late = true; /* is the late part enough, with all steps there? */
    of->late = does_it(of, steps);
    return TL_OK;
}

static tl_status drop_transactions(shrinking *of, tl_steps *steps)
{
    tl_steps joined, split;
    tl_status status = tl_crash_steps_join(steps, &joined);
    if (status != TL_OK)
        return status;
    if (does_it(of, &joined)) /* the last step is longer now */
        status = tl_steps_shrink(&joined, does_it, of);
    if (status == TL_OK)
        status = tl_crash_steps_split(&joined, &split);
    tl_steps_free(&joined);
    if (status != TL_OK)
        return status;
    tl_steps_free(steps);
    *steps = split;
    return TL_OK;
}

/* --- parts of a step --- */

/* The words of a line, or the lines of a block, that stay. */
static char *text_of_parts(const char *text, char separator, const size_t *items, size_t count)
{
    char *made = calloc(1, strlen(text) + 2), *at = made;
    if (made == NULL)
        return NULL;
    size_t part = 0, next = 0;
    for (const char *from = text; from != NULL; part++) {
        const char *end = strchr(from, separator);
        size_t bytes = end == NULL ? strlen(from) : (size_t)(end - from);
        bool fixed = part == 0 || (separator == '\n' && end == NULL);
        bool listed = next < count && items[next] == part;
        next += listed;
        if (fixed || listed) {
            if (at != made)
                *at++ = separator;
            memcpy(at, from, bytes);
            at += bytes;
        }
        from = end == NULL ? NULL : end + 1;
    }
    return made;
}

/* With step of->at spelled otherwise; `text` is taken. */
static bool does_with(shrinking *of, char *text)
{
    if (text == NULL)
        return false;
    char *before = of->steps->at[of->at];
    of->steps->at[of->at] = text;
    bool does = does_it(of, of->steps);
    of->steps->at[of->at] = does ? text : before;
    free(does ? before : text);
    return does;
}

static char separator_of(const char *text)
{
    return strchr(text, '\n') != NULL ? '\n' : ' ';
}

/* Options of `open`, or items of a batch: one by one, the last first. */
static void drop_parts(shrinking *of, const tl_steps *steps, size_t at)
{
    const char *text = steps->at[at];
    char separator = separator_of(text);
    size_t parts = 1, items[512];
    for (const char *c = text; *c != '\0'; c++)
        parts += *c == separator;
    size_t last = separator == '\n' ? parts - 2 : parts - 1; /* `end` stays */
    of->steps = steps;
    of->at = at;
    for (size_t width = last; width >= 1 && parts < 512; width /= 2) {
        for (size_t first = last + 1; first > 1;) {
            size_t begin = first > width + 1 ? first - width : 1, count = 0;
            for (size_t i = 1; i <= last; i++)
                if (i < begin || i >= first)
                    items[count++] = i;
            if (count < last &&
                does_with(of, text_of_parts(steps->at[at], separator, items, count)))
                last = count;
            first = begin;
        }
    }
}

/* The number behind `word` in the step made smaller: 0, or else by half as often as that goes. */
static void halve_numbers(shrinking *of, const tl_steps *steps, size_t at, const char *word)
{
    of->steps = steps;
    of->at = at;
    size_t from = 0;
    for (;;) { /* ends: `from` grows, or the number shrinks */
        const char *text = steps->at[at], *found = strstr(text + from, word);
        if (found == NULL)
            return;
        const char *digits = found + strlen(word);
        char *behind = NULL;
        unsigned long number = strtoul(digits, &behind, 10);
        bool smaller = false;
        const unsigned long tries[] = {8, number / 8, number / 2};
        for (unsigned i = 0; i < 3 && !smaller && number > 8; i++) {
            char *made = NULL;
            if (tries[i] >= number ||
                asprintf(&made, "%.*s%lu%s", (int)(digits - text), text, tries[i], behind) < 0)
                continue;
            smaller = does_with(of, made);
            if (smaller)
                break; /* the text is another one */
        }
        if (!smaller)
            from = (size_t)(digits - text);
    }
}

static void smaller_page(shrinking *of, const tl_steps *steps)
{
    static const char word[] = "page_bytes=";
    of->steps = steps;
    of->at = 0;
    for (unsigned long page = 1024; page <= 4096; page *= 2) {
        const char *text = steps->at[0], *found = strstr(text, word);
        char *behind = NULL, *made = NULL;
        if (found == NULL)
            return;
        const char *digits = found + strlen(word);
        unsigned long number = strtoul(digits, &behind, 10);
        if (page >= number)
            return;
        if (asprintf(&made, "%.*s%lu%s", (int)(digits - text), text, page, behind) >= 0 &&
            does_with(of, made))
            return;
    }
}

/* --- which sectors must deviate --- */

static bool does_with_sectors(void *context, const size_t *items, size_t count)
{
    shrinking *of = context;
    const tl_state_id *full = of->question.only; /* the list that items are of */
    tl_state_id part = *full;
    part.branch_count = 0;
    for (size_t i = 0; i < count; i++) {
        part.branches[part.branch_count++] = full->branches[2 * items[i]];
        part.branches[part.branch_count++] = full->branches[2 * items[i] + 1];
    }
    if (count == 0)
        part.pick = TL_PICK_NEWEST;
    of->question.only = &part;
    bool does = does_it(of, of->steps);
    of->question.only = full;
    return does;
}

static tl_status fewest_deviations(shrinking *of, const tl_steps *steps)
{
    tl_state_id full = of->answer->where;
    size_t items[TL_BRANCHES_MAX / 2], count = full.branch_count / 2;
    if (full.pick != TL_PICK_LESS) {
        of->result->deviations = full.pick == TL_PICK_NEWEST ? 0 : UINT32_MAX;
        return TL_OK;
    }
    for (size_t i = 0; i < count; i++)
        items[i] = i;
    of->question.only = &full;
    of->steps = steps;
    tl_status status = tl_ddmin(items, &count, does_with_sectors, of);
    of->question.only = NULL;
    of->result->deviations = (uint32_t)count;
    return status;
}

/* --- all of it --- */

static tl_status shrink_script(shrinking *of, tl_steps *steps)
{
    tl_status status = cut_tail(of, steps);
    if (status == TL_OK)
        status = drop_transactions(of, steps);
    if (status == TL_OK)
        status = tl_steps_shrink(steps, does_it, of);
    if (status != TL_OK || steps->count == 0)
        return status;
    for (size_t i = 0; i < steps->count; i++)
        if (i == 0 || strchr(steps->at[i], '\n') != NULL)
            drop_parts(of, steps, i);
    for (size_t i = 1; i < steps->count; i++) {
        halve_numbers(of, steps, i, "fill(");
        halve_numbers(of, steps, i, "rep(97,");
    }
    smaller_page(of, steps);
    return tl_steps_shrink(steps, does_it, of);
}

tl_status tl_crash_shrink(tl_steps *steps, const tl_crash_question *question,
                          tl_crash_answer *answer, uint64_t bound_ns, tl_crash_shrunk *shrunk)
{
    shrinking of = {.question = *question,
                    .answer = answer,
                    .result = shrunk,
                    .begin_ns = now_ns(),
                    .bound_ns = bound_ns};
    *shrunk = (tl_crash_shrunk){.steps_before = steps->count - 1, .in_time = true};
    of.question.any = false;
    of.question.rule = answer->verdict.rule;
    of.question.status = answer->verdict.status;
    tl_status status = shrink_script(&of, steps);
    if (status == TL_OK)
        status = fewest_deviations(&of, steps);
    shrunk->steps = steps->count - 1;
    shrunk->elapsed_ns = now_ns() - of.begin_ns;
    return status;
}

static bool ends_in_transaction(const tl_steps *steps)
{
    bool inside = false;
    for (size_t i = 0; i < steps->count; i++) {
        const char *line = steps->at[i];
        if (strncmp(line, "begin", 5) == 0)
            inside = true;
        else if (strncmp(line, "commit", 6) == 0 || strncmp(line, "abort", 5) == 0)
            inside = false;
    }
    return inside;
}

tl_status tl_crash_steps_tell(const tl_steps *steps, const tl_crash_question *question,
                              const tl_crash_answer *answer, const char *remark, char **text)
{
    char *told = NULL;
    tl_status status = tl_steps_tell(steps, remark, &told);
    if (status != TL_OK)
        return status;
    size_t text_bytes = 0;
    FILE *out = open_memstream(text, &text_bytes);
    if (out == NULL) {
        free(told);
        return TL_NO_MEMORY;
    }
    fputs(told, out);
    if (answer->in_closing)
        fputs(ends_in_transaction(steps) ? "abort\nclose\n" : "close\n", out);
    const tl_enumerate_finding finding = {
        .where = answer->where, .verdict = answer->verdict, .allowed = answer->allowed};
    tl_reproducer_write_end(out, &finding, &answer->where, question->seed, answer->marker);
    free(told);
    return fclose(out) == 0 ? TL_OK : TL_NO_MEMORY;
}
