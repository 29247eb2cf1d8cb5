/* harness/check/enumerate_outcome.c -- one outcome: its leaves, depth first, or their like met
 * before; and their verdicts by the bounds of this crash point. */
#include "harness/check/enumerate_body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POISON = 0xa5 };
/* Each so many-th state is scanned as well as verified; each so many-th is abandoned, not closed.
 */
enum { SCAN_EVERY = 64, ABANDON_EVERY = 4 };

static uint64_t number_of(const tl_state_id *where)
{
    return where->point + where->outcome + where->number;
}

bool tl_enumerate_closes(const tl_state_id *where)
{
    return number_of(where) % ABANDON_EVERY != 1;
}

static bool no_sharing(const tl_enumerator *on)
{
    return on->options->no_sharing || on->options->each_image;
}

/* What may be there at a crash point. */
tl_allowed tl_enumerate_allowed(const tl_enumerator *on, size_t point)
{
    if (on->recovery != NULL)
        return tl_enumerate_allowed_nested(on, point);
    return tl_contract_allowed(&on->contract, on->trace, point);
}

tl_status tl_enumerate_run(tl_enumerator *on, const tl_state_id *where, uint8_t poison, bool memo,
                           tl_verdict *verdict, tl_run_end *end)
{
    tl_allowed widest = {
        .low = 0, .high = tl_oracle_commits(on->inspector.oracle), .corrupt = on->contract.refuses};
    if (on->recovery != NULL) {
        widest.again = true;
        widest.after = on->recovery->after;
    }
    uint32_t mark = tl_simdisk_mark(on->state_disk);
    tl_status status = tl_choices_begin(on->choices, on->state_disk, poison);
    if (status != TL_OK)
        return status;
    on->inspector.one_pass = number_of(where) % SCAN_EVERY != 0;
    tl_simdisk_use_memo(on->state_disk, memo ? on->memo : NULL);
    bool clean = on->options->always_close || tl_enumerate_closes(where);
    tl_inspect(&on->inspector, tl_simdisk_io(on->state_disk), &widest, clean, verdict);
    *end = tl_choices_end(on->choices);
    tl_simdisk_release(on->state_disk, mark);
    return TL_OK;
}

static tl_status not_deterministic(tl_enumerator *on, const tl_state_id *where, const char *how)
{
    char text[TL_STATE_ID_TEXT_MAX];
    (void)tl_state_id_print(where, text);
    snprintf(on->result->error, sizeof on->result->error,
             "recovery is not deterministic: %s (%.120s)", how, text);
    return TL_INVALID;
}

static tl_status leaf_note(tl_enumerator *on, const tl_state_id *where, const tl_verdict *verdict,
                           bool not_covered, tl_answer_list *list)
{
    tl_answer *answer = tl_answer_of(list, verdict, not_covered);
    if (answer == NULL)
        return TL_NO_MEMORY;
    tl_choices_weight(on->choices, on->weight);
    mpz_add(answer->weight, answer->weight, on->weight);
    if (answer->leaves++ > 0)
        return TL_OK;
    answer->first = where->first;
    answer->point = where->point;
    answer->outcome = where->outcome;
    answer->pick = where->pick;
    answer->number = where->number;
    uint32_t count = tl_choices_branches(on->choices, NULL, 0);
    answer->branches = malloc((count + 1) * sizeof *answer->branches);
    if (answer->branches == NULL)
        return TL_NO_MEMORY;
    answer->branch_count = tl_choices_branches(on->choices, answer->branches, count);
    return TL_OK;
}

static tl_status leaf_count(tl_enumerator *on, const tl_verdict *verdict)
{
    tl_enumeration *result = on->result;
    result->leaves++;
    result->recovered += verdict->rule == TL_RULE_NONE && !verdict->refused;
    result->refused += verdict->refused;
    result->told += verdict->rule != TL_RULE_NONE && tl_contract_allows(&on->contract, verdict);
    tl_hash128 names = tl_choices_names_hash(on->choices);
    uint64_t trace = tl_choices_trace(on->choices);
    bool added;
    tl_status status = tl_hashset_add(
        &on->seen,
        (tl_hash128){names.low ^ trace, names.high + trace * UINT64_C(0x9e3779b97f4a7c15)}, &added);
    result->distinct += status == TL_OK && added;
    return status;
}

/* All leaves, or the one that is wanted.  *whole: none was left out. */
static tl_status leaves_run(tl_enumerator *on, const tl_state_id *where, bool only_one,
                            tl_answer_list *list, bool *whole)
{
    uint32_t every = on->options->check_every;
    *whole = false;
    do {
        if (!tl_enumerator_goes_on(on))
            return TL_OK;
        tl_verdict verdict;
        tl_run_end end;
        tl_status status = tl_enumerate_run(on, where, POISON, true, &verdict, &end);
        if (status != TL_OK)
            return status;
        if (end == TL_RUN_NO_MEMORY)
            return TL_NO_MEMORY;
        if (end == TL_RUN_COLLISION) {
            snprintf(on->result->error, sizeof on->result->error,
                     "a mixture of versions that was to be refused has a checksum that is right");
            return TL_INVALID;
        }
        if (end == TL_RUN_DIFFERENT)
            return not_deterministic(on, where, "a read was another than in the run before");
        bool covered = end == TL_RUN_WHOLE;
        if (!covered) {
            verdict = (tl_verdict){.rule = TL_RULE_NONE};
            on->result->not_covered_leaves++;
        }
        status = leaf_note(on, where, &verdict, !covered, list);
        if (status == TL_OK && covered)
            status = leaf_count(on, &verdict);
        if (status == TL_OK && covered && every != 0 && on->result->leaves % every == 0)
            status = tl_enumerate_apart(on, where, &verdict);
        if (status != TL_OK || only_one)
            return status;
    } while (tl_choices_next(on->choices));
    *whole = true;
    return TL_OK;
}

static void finding_report(tl_enumerator *on, const tl_state_id *where, const tl_answer *answer,
                           const tl_verdict *verdict, const tl_allowed *allowed, bool shared)
{
    tl_enumeration *result = on->result;
    const tl_contract_row *known = tl_contract_known(on->contracts, &on->whose, verdict->rule);
    result->known += known != NULL;
    result->findings += known == NULL;
    result->by_rule[verdict->rule] += known == NULL;
    if (on->options->on_finding == NULL)
        return;
    tl_enumerate_finding finding = {*where, *verdict, *allowed, on->weight, shared, known};
    finding.where.schedule = on->options->recording->trace.threads.schedule;
    if (where->pick == TL_PICK_BRANCHES) {
        finding.where.branch_count =
            answer->branch_count < TL_BRANCHES_MAX ? answer->branch_count : TL_BRANCHES_MAX;
        memcpy(finding.where.branches, answer->branches,
               finding.where.branch_count * sizeof *answer->branches);
    }
    on->options->on_finding(on->options->context, &finding);
}

void tl_enumerate_report(tl_enumerator *on, const tl_state_id *where, const tl_verdict *verdict,
                         const tl_allowed *allowed)
{
    static const tl_answer alone;
    mpz_set_ui(on->weight, 1);
    finding_report(on, where, &alone, verdict, allowed, false);
}

/* Judge one answer by what is allowed here.  Its weight here stands in on->weight. */
static void answer_judge(tl_enumerator *on, const tl_state_id *where, const tl_answer *answer,
                         bool shared)
{
    if (answer->not_covered) {
        mpz_add(on->result->not_covered, on->result->not_covered, on->weight);
        return;
    }
    mpz_add(on->result->represented, on->result->represented, on->weight);
    tl_allowed allowed = tl_enumerate_allowed(on, where->point);
    tl_verdict verdict = answer->verdict;
    if (on->recovery == NULL)
        tl_contract_see(&on->result->seen, on->trace, where->point, &verdict);
    if (verdict.rule == TL_RULE_NONE && !verdict.refused)
        (void)tl_inspect_bounds(on->inspector.oracle, &allowed, &verdict);
    if (tl_contract_allows(&on->contract, &verdict))
        return;
    /* Bounds are judged here, so this state shows it; anything else, the one that was run. */
    tl_state_id first = {.profile = where->profile,
                         .nested = where->nested,
                         .first = answer->first,
                         .point = answer->point,
                         .outcome = answer->outcome,
                         .pick = answer->pick,
                         .number = answer->number};
    bool here = answer->verdict.rule == TL_RULE_NONE || tl_pick_lists(where->pick);
    finding_report(on, here ? where : &first, answer, &verdict, &allowed, shared);
}

static void answers_judge(tl_enumerator *on, const tl_state_id *where, const tl_answer_list *list,
                          mpz_srcptr beside, bool shared)
{
    for (uint32_t i = 0; i < list->count; i++) {
        mpz_mul(on->weight, list->at[i].weight, beside);
        answer_judge(on, where, &list->at[i], shared);
    }
}

static tl_status outcome_run(tl_enumerator *on, const tl_state_id *where, bool only_one)
{
    tl_answer_list list = {0};
    bool whole;
    tl_status status = leaves_run(on, where, only_one, &list, &whole);
    if (status == TL_OK && list.count > 0) {
        on->result->outcomes++;
        mpz_set_ui(on->beside, 1);
        answers_judge(on, where, &list, on->beside, false);
    }
    bool keep = status == TL_OK && whole && !no_sharing(on) && on->options->only == NULL &&
                tl_choices_was_exact(on->choices);
    if (keep)
        status = tl_answers_add(on->answers, on->choices, &list);
    tl_answer_list_clear(&list);
    return status;
}

/* An outcome that cannot even be shown: all its states are told as not covered. */
static void outcome_give_up(tl_enumerator *on)
{
    mpz_set_ui(on->weight, 1);
    for (uint32_t i = 0; i < on->possible.open_count; i++)
        mpz_mul_ui(on->weight, on->weight, on->possible.open[i].count);
    mpz_add(on->result->not_covered, on->result->not_covered, on->weight);
    on->result->not_covered_leaves++;
    on->result->outcomes++;
}

tl_status tl_enumerate_outcome(tl_enumerator *on, const tl_state_id *where)
{
    tl_status status = tl_choices_load(on->choices, &on->possible);
    if (status == TL_UNSUPPORTED) {
        outcome_give_up(on);
        return TL_OK;
    }
    if (status != TL_OK)
        return status;
    bool only_one = on->options->only != NULL && where->pick == TL_PICK_BRANCHES;
    if (!only_one && !no_sharing(on)) {
        const tl_answer_list *list = tl_answers_find(on->answers, on->choices, on->beside);
        if (list != NULL) {
            on->result->outcomes++;
            on->result->shared++;
            answers_judge(on, where, list, on->beside, true);
            return TL_OK;
        }
    }
    tl_state_id bare = *where;
    if (only_one)
        tl_choices_follow(on->choices, where->branches, where->branch_count);
    if (where->pick == TL_PICK_BRANCHES)
        bare.branch_count = 0;
    status = outcome_run(on, &bare, only_one);
    if (status == TL_OK && only_one && !tl_choices_followed(on->choices)) {
        snprintf(on->result->error, sizeof on->result->error, "the state has no such choices");
        return TL_INVALID;
    }
    return status;
}

tl_status tl_enumerate_follow(tl_enumerator *on, const tl_state_id *where)
{
    tl_verdict verdict;
    tl_run_end end = TL_RUN_WHOLE;
    tl_status status = tl_choices_load(on->choices, &on->possible);
    if (status != TL_OK)
        return status;
    tl_choices_follow(on->choices, where->branches, where->branch_count);
    status = tl_enumerate_run(on, where, POISON, false, &verdict, &end);
    if (status == TL_OK && (end != TL_RUN_WHOLE || !tl_choices_followed(on->choices)))
        status = TL_INVALID;
    return status;
}
