/* harness/check/answers.c -- see answers.h.
 *
 * Two tables: by hash of names and sizes the shapes, that is, the sets of sectors that some outcome
 * of these names read; by hash of that, the shape and the contents there, the answers.
 */
#include "harness/check/answers.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1 << 16, SHAPES_MAX = 32, OUTCOMES_MAX = 1 << 20 };

typedef struct shape { /* which sectors the leaves of an outcome read */
    struct shape *next;
    tl_hash128 names;
    uint32_t number;
    size_t sector_count;
    tl_read_sector sectors[];
} shape;

typedef struct known { /* an outcome that was looked at */
    struct known *next;
    tl_hash128 key;
    tl_answer_list list;
} known;

struct tl_answers {
    shape *shapes[BUCKETS];
    known *outcomes[BUCKETS];
    uint32_t shape_count, outcome_count;
    mpz_t beside;
};

tl_answer *tl_answer_of(tl_answer_list *list, const tl_verdict *verdict, bool not_covered)
{
    for (uint32_t i = 0; i < list->count; i++) {
        tl_answer *answer = &list->at[i];
        const tl_verdict *other = &answer->verdict;
        if (answer->not_covered == not_covered && other->rule == verdict->rule &&
            other->status == verdict->status && other->refused == verdict->refused &&
            other->content.n == verdict->content.n &&
            other->content.round == verdict->content.round)
            return answer;
    }
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 1 : list->capacity * 2;
        tl_answer *grown = realloc(list->at, capacity * sizeof *grown);
        if (grown == NULL)
            return NULL;
        list->at = grown;
        list->capacity = capacity;
    }
    tl_answer *answer = &list->at[list->count++];
    memset(answer, 0, sizeof *answer);
    answer->verdict = *verdict;
    answer->not_covered = not_covered;
    mpz_init(answer->weight);
    return answer;
}

void tl_answer_list_clear(tl_answer_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        mpz_clear(list->at[i].weight);
        free(list->at[i].branches);
    }
    free(list->at);
    *list = (tl_answer_list){0};
}

tl_answers *tl_answers_create(void)
{
    tl_answers *answers = calloc(1, sizeof *answers);
    if (answers != NULL)
        mpz_init(answers->beside);
    return answers;
}

void tl_answers_destroy(tl_answers *answers)
{
    if (answers == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        while (answers->shapes[i] != NULL) {
            shape *next = answers->shapes[i]->next;
            free(answers->shapes[i]);
            answers->shapes[i] = next;
        }
        while (answers->outcomes[i] != NULL) {
            known *next = answers->outcomes[i]->next;
            tl_answer_list_clear(&answers->outcomes[i]->list);
            free(answers->outcomes[i]);
            answers->outcomes[i] = next;
        }
    }
    mpz_clear(answers->beside);
    free(answers);
}

static bool hash_is(tl_hash128 one, tl_hash128 other)
{
    return one.low == other.low && one.high == other.high;
}

static size_t bucket_of(tl_hash128 hash)
{
    return (size_t)((hash.low ^ hash.low >> 33 ^ hash.high) * UINT64_C(0x9e3779b97f4a7c15) >> 40) %
           BUCKETS;
}

static tl_hash128 key_of(const shape *read, tl_hash128 contents)
{
    contents.low ^= read->names.low + read->number * UINT64_C(0xd6e8feb86659fd93);
    contents.high ^= read->names.high + read->number * UINT64_C(0xa0761d6478bd642f);
    return contents;
}

static known *known_find(tl_answers *answers, tl_hash128 key)
{
    known *found = answers->outcomes[bucket_of(key)];
    while (found != NULL && !hash_is(found->key, key))
        found = found->next;
    return found;
}

const tl_answer_list *tl_answers_find(tl_answers *answers, tl_choices *choices, mpz_t beside)
{
    tl_hash128 names = tl_choices_names_hash(choices);
    shape **bucket = &answers->shapes[bucket_of(names)];
    int tried = 0;
    for (shape **at = bucket; *at != NULL && tried < SHAPES_MAX; at = &(*at)->next) {
        shape *read = *at;
        tl_hash128 contents;
        if (!hash_is(read->names, names))
            continue;
        tried++;
        if (!tl_choices_hash_set(choices, read->sectors, read->sector_count, &contents))
            continue;
        known *found = known_find(answers, key_of(read, contents));
        if (found == NULL)
            continue;
        *at = read->next; /* to the front: the next outcome is likely to be alike */
        read->next = *bucket;
        *bucket = read;
        tl_choices_beside_set(choices, read->sectors, read->sector_count, beside);
        return &found->list;
    }
    return NULL;
}

static shape *shape_of(tl_answers *answers, tl_hash128 names, const tl_read_sector *sectors,
                       size_t sector_count)
{
    shape **bucket = &answers->shapes[bucket_of(names)];
    for (shape *read = *bucket; read != NULL; read = read->next) {
        if (hash_is(read->names, names) && read->sector_count == sector_count &&
            (sector_count == 0 ||
             memcmp(read->sectors, sectors, sector_count * sizeof *sectors) == 0))
            return read;
    }
    shape *made = malloc(sizeof *made + sector_count * sizeof *sectors);
    if (made == NULL)
        return NULL;
    made->names = names;
    made->number = ++answers->shape_count;
    made->sector_count = sector_count;
    if (sector_count > 0)
        memcpy(made->sectors, sectors, sector_count * sizeof *sectors);
    made->next = *bucket;
    *bucket = made;
    return made;
}

tl_status tl_answers_add(tl_answers *answers, tl_choices *choices, tl_answer_list *list)
{
    const tl_read_sector *sectors;
    size_t sector_count;
    if (answers->outcome_count == OUTCOMES_MAX) {
        tl_answer_list_clear(list);
        return TL_OK;
    }
    tl_status status = tl_choices_read_set(choices, &sectors, &sector_count);
    if (status != TL_OK)
        return status;
    shape *read = shape_of(answers, tl_choices_names_hash(choices), sectors, sector_count);
    known *made = malloc(sizeof *made);
    if (read == NULL || made == NULL) {
        free(made);
        return TL_NO_MEMORY;
    }
    tl_hash128 contents = {0, 0};
    (void)tl_choices_hash_set(choices, sectors, sector_count, &contents);
    tl_choices_beside_set(choices, sectors, sector_count, answers->beside);
    for (uint32_t i = 0; i < list->count; i++)
        mpz_divexact(list->at[i].weight, list->at[i].weight, answers->beside);
    made->key = key_of(read, contents);
    made->list = *list;
    answers->outcome_count++;
    *list = (tl_answer_list){0};
    known **bucket = &answers->outcomes[bucket_of(made->key)];
    made->next = *bucket;
    *bucket = made;
    return TL_OK;
}
