/* harness/check/document_tiers.c -- see document_tiers.h. */
#include "harness/check/document_tiers.h"

#include "harness/check/roles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

tl_tiers_sum tl_tiers_add_up(const tl_tiers_row *rows, size_t row_count)
{
    tl_tiers_sum sum = {.complete = true};
    for (size_t i = 0; i < row_count; i++) {
        const tl_enumeration *done = &rows[i].done;
        sum.leaves += done->leaves;
        sum.distinct += done->distinct;
        sum.findings += done->findings;
        sum.recovered += done->recovered;
        sum.elapsed_ns += done->elapsed_ns;
        sum.points = done->points > sum.points ? done->points : sum.points;
        sum.complete = sum.complete && done->complete;
        for (unsigned r = 0; r < TL_RULE_COUNT; r++)
            sum.by_rule[r] += done->by_rule[r];
    }
    return sum;
}

double tl_tiers_coverage(const tl_tiers_row *row)
{
    if (!row->counted || mpz_sgn(row->allowed) == 0)
        return (double)NAN;
    if (mpz_cmp(row->done.represented, row->allowed) == 0)
        return 1;
    mpq_t ratio;
    mpq_init(ratio);
    mpq_set_num(ratio, row->done.represented);
    mpq_set_den(ratio, row->allowed);
    mpq_canonicalize(ratio);
    double part = mpq_get_d(ratio); /* cut towards zero: never 1 by rounding */
    mpq_clear(ratio);
    return part;
}

/* Numbers of any size are texts. */
static void add_big(tl_json *object, const char *name, mpz_srcptr value)
{
    char *text = mpz_get_str(NULL, 10, value);
    tl_json_add_text(object, name, text);
    free(text);
}

static void add_rate(tl_json *object, const tl_tiers_row *row)
{
    const tl_enumeration *done = &row->done;
    tl_json *rate = tl_json_add_object(object, "rate");
    tl_json_add_bool(rate, "memo", row->rate.memo);
    tl_json_add_count(rate, "pages_least", row->rate.pages_least);
    tl_json_add_count(rate, "pages_most", row->rate.pages_most);
    tl_cell_add_total(rate, "repeated", done->repeated);
    tl_cell_add_total(rate, "leaf_pages_known", done->memo_found);
    tl_cell_add_total(rate, "leaf_pages_new", done->memo_missed);
    tl_json_add_real(rate, "checks_per_cpu_s", tl_cell_rate(done->leaves, row->rate.cpu_ns));
}

void tl_matrix_mark(char *matrix, size_t point, tl_matrix_last *last, const tl_enumeration *done)
{
    static const char order[] = "-.rkF";
    tl_matrix_last now = {done->findings, done->known, done->refused + done->told, done->outcomes};
    char mark = now.leaves > last->leaves ? '.' : '-';
    if (now.findings > last->findings)
        mark = 'F';
    else if (now.known > last->known)
        mark = 'k';
    else if (now.refused > last->refused)
        mark = 'r';
    *last = now;
    if (strchr(order, mark) > strchr(order, matrix[point]))
        matrix[point] = mark;
}

static void add_profile(tl_json *profiles, const tl_tiers_row *row)
{
    const tl_enumeration *done = &row->done;
    tl_json *object = tl_json_add_object(profiles, NULL);
    tl_json_add_text(object, "name", tl_profile_at(row->profile)->name);
    tl_json_add_text(object, "tier", tl_tier_at(row->tier)->name);
    tl_json_add_count(object, "points", done->points);
    tl_json_add_bool(object, "complete", done->complete);
    tl_cell_add_total(object, "outcomes", done->outcomes);
    tl_cell_add_total(object, "shared", done->shared);
    tl_cell_add_total(object, "recoveries", done->recoveries);
    tl_cell_add_total(object, "leaves", done->leaves);
    tl_cell_add_total(object, "distinct", done->distinct);
    tl_cell_add_total(object, "reruns", done->reruns);
    add_big(object, "represented", done->represented);
    if (row->counted)
        add_big(object, "allowed", row->allowed);
    else
        tl_json_add_null(object, "allowed");
    tl_json_add_real(object, "coverage", tl_tiers_coverage(row));
    add_big(object, "not_covered", done->not_covered);
    tl_json_add_count(object, "findings", done->findings);
    tl_json_add_count(object, "known", done->known);
    tl_json *again = tl_json_add_object(object, "recovered_twice");
    tl_json_add_count(again, "states", done->again);
    tl_json_add_count(again, "calls_max", done->again_calls_max);
    tl_json_add_count(again, "read_bytes_max", done->again_bytes_max);
    tl_json_add_text(object, "stronger", row->stronger[0] != '\0' ? row->stronger : NULL);
    tl_json_add_text(object, "matrix", row->matrix);
    if (row->causes != NULL)
        tl_json_attach(object, "causes", row->causes);
    tl_json_add_real(object, "leaves_per_s", tl_cell_rate(done->leaves, done->elapsed_ns));
    if (row->schedules)
        tl_json_add_count(object, "schedules", row->seeds);
    else if (row->seeds > 1)
        tl_json_add_count(object, "seeds", row->seeds);
    if (row->rate.wanted)
        add_rate(object, row);
}

/* What was going on at each crash point, a letter each: open, commit, between, close. */
static void add_moments(tl_json *crash, const tl_trace *trace)
{
    size_t count = trace->disk == NULL ? 0 : tl_simdisk_op_count(trace->disk) + 1;
    char *text = malloc(count + 1);
    static const char letters[] = {'o', 'c', 'b', 'x'};
    for (size_t i = 0; i < count && text != NULL; i++)
        text[i] = letters[tl_moment_of(trace, i)];
    if (text != NULL)
        text[count] = '\0';
    tl_json_add_text(crash, "moments", text);
    free(text);
}

tl_json *tl_tiers_cell_json(const tl_cell_head *head, const tl_trace *trace,
                            const tl_tiers_row *rows, size_t row_count, size_t wanted)
{
    tl_tiers_sum sum = tl_tiers_add_up(rows, row_count);
    sum.complete = sum.complete && row_count == wanted && head->status == TL_OK;
    tl_trace_figures figures = tl_cell_figures(trace);
    tl_json *object = tl_cell_begin(head);
    tl_json *crash = tl_json_add_object(object, "crash");
    tl_cell_add_trace(crash, &figures);
    tl_json_add_count(crash, "points", sum.points);
    tl_json_add_bool(crash, "complete", sum.complete);
    tl_cell_add_total(crash, "states", sum.leaves);
    tl_cell_add_total(crash, "distinct", sum.distinct);
    tl_json_add_real(crash, "states_per_s", tl_cell_rate(sum.leaves, sum.elapsed_ns));
    tl_json *profiles = tl_json_add_array(crash, "profiles");
    for (size_t i = 0; i < row_count; i++)
        add_profile(profiles, &rows[i]);
    add_moments(crash, trace);
    tl_json *missing = tl_json_add_array(crash, "not_covered");
    for (size_t i = 0; i < TL_MISSING_COUNT; i++) {
        char text[TL_MISSING_TEXT_MAX];
        if (tl_missing_text((tl_missing)i, rows, row_count, wanted, text))
            tl_json_add_text(missing, NULL, text);
    }
    tl_cell_add_total(crash, "recovered", sum.recovered);
    tl_cell_add_rules(crash, sum.by_rule, sum.findings);
    tl_cell_add_first_failure(crash, head);
    return object;
}
