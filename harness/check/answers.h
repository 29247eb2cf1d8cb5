/* harness/check/answers.h -- what was found in outcomes looked at before, to be found again.
 *
 * Recovery and judge are a function of what they read.  So two outcomes with equal names and sizes,
 * and with equal possible contents in every sector that any leaf of the first read, have equal
 * leaves, whatever else differs between them.  The answers of an outcome are its leaves by verdict,
 * each with the number of states that they stand for in the sectors read; the sectors not read
 * multiply it, here and there by another number.
 */
#ifndef TL_HARNESS_ANSWERS_H
#define TL_HARNESS_ANSWERS_H

#include "harness/check/inspect.h"
#include "harness/check/state_id.h"
#include "harness/fault/choices.h"

typedef struct tl_answer { /* leaves of one outcome with one verdict */
    tl_verdict verdict;    /* by the widest bounds: any commit that was ever begun */
    bool not_covered;      /* no verdict: too much to decide */
    uint64_t leaves;
    mpz_t weight;
    tl_first_crash first;
    size_t point; /* the first of them, as in tl_state_id */
    uint64_t outcome, number;
    tl_pick pick;
    uint32_t *branches, branch_count;
} tl_answer;

typedef struct tl_answer_list {
    tl_answer *at;
    uint32_t count, capacity;
} tl_answer_list;

/* The answer that a leaf belongs to, new when it is the first; NULL: no memory. */
tl_answer *tl_answer_of(tl_answer_list *list, const tl_verdict *verdict, bool not_covered);
void tl_answer_list_clear(tl_answer_list *list);

typedef struct tl_answers tl_answers;
tl_answers *tl_answers_create(void); /* NULL: no memory */
void tl_answers_destroy(tl_answers *answers);

/* The answers to an outcome equal to the one just loaded; *beside is what to multiply their weights
 * by.  NULL: none was met, or none is remembered: a million of outcomes are. */
const tl_answer_list *tl_answers_find(tl_answers *answers, tl_choices *choices, mpz_t beside);
/* Keep the answers to the outcome whose runs have just ended.  The list is taken over, its weights
 * divided by what was not read.  TL_NO_MEMORY: nothing happened. */
TL_MUST_USE tl_status tl_answers_add(tl_answers *answers, tl_choices *choices,
                                     tl_answer_list *list);

#endif
