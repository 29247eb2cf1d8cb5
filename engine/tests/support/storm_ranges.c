/* engine/tests/support/storm_ranges.c -- the operations of a storm on whole ranges of keys. */
#include "engine/tests/support/storm_body.h"

typedef struct stretch { /* a range, and the model's records in it */
    tl_range range;
    size_t first, end;
    uint8_t lower[STORM_KEY_BYTES_MAX + 1], upper[STORM_KEY_BYTES_MAX + 1];
} stretch;

/* The first record of the model that is above a bound, or equal to it when `inclusive`. */
static size_t behind(const model *truth, tl_slice bound, bool inclusive)
{
    bool equal;
    size_t at = model_find(truth, bound, &equal);
    return at + (equal && !inclusive);
}

/* Bounds near keys that are there, or keys that are; now and then none. */
static void stretch_make(storm *run, const model *truth, stretch *made)
{
    storm_source *source = &run->source;
    *made = (stretch){.end = truth->count};
    tl_slice lower = storm_near_key(source, truth, made->lower), upper;
    size_t begin = behind(truth, lower, true), many = 1 + storm_below(source, truth->count / 2 + 1);
    upper = storm_near_key(source, truth, made->upper);
    if (storm_below(source, 2) == 0 && begin + many < truth->count) { /* not too far away */
        tl_slice key = model_key(truth, begin + storm_below(source, many));
        memcpy(made->upper, key.data, key.size_bytes);
        upper = tl_slice_of(made->upper, key.size_bytes);
    }
    made->range.lower_exclusive = storm_below(source, 2) == 0;
    made->range.upper_inclusive = storm_below(source, 2) == 0;
    if (storm_below(source, 8) != 0) {
        made->range.lower = lower;
        made->first = behind(truth, lower, !made->range.lower_exclusive);
    }
    if (storm_below(source, 8) != 0) {
        made->range.upper = upper;
        made->end = behind(truth, upper, !made->range.upper_inclusive);
    }
    if (made->end < made->first)
        made->end = made->first;
}

static void stretch_tell(storm *run, const char *what, const stretch *of)
{
    char lower[64], upper[64];
    storm_tell(run, "%s %c%s .. %s%c", what, of->range.lower_exclusive ? '(' : '[',
               storm_spell(of->range.lower, lower), storm_spell(of->range.upper, upper),
               of->range.upper_inclusive ? ']' : ')');
}

bool storm_op_del_range(storm *run)
{
    stretch of;
    uint64_t deleted = UINT64_MAX;
    stretch_make(run, &run->current, &of);
    if (storm_below(&run->source, 8) != 0 && of.end - of.first > run->config->records / 4)
        return true; /* seldom so many */
    stretch_tell(run, "delete range", &of);
    if (!storm_expect(run, "del range", TL_OK,
                      tl_del_range(run->txn, TL_TREE_MAIN, &of.range, &deleted)))
        return false;
    if (deleted != of.end - of.first)
        return storm_differ(run, "del range deleted %llu records, not %zu",
                            (unsigned long long)deleted, of.end - of.first);
    for (size_t i = of.first; i < of.end; i++) {
        tl_slice key = model_key(&run->current, of.first);
        memcpy(run->key, key.data, key.size_bytes);
        model_del(&run->current, tl_slice_of(run->key, key.size_bytes));
    }
    return true;
}

bool storm_op_count_range(storm *run)
{
    stretch of;
    uint64_t exact = UINT64_MAX, about = UINT64_MAX;
    stretch_make(run, &run->current, &of);
    stretch_tell(run, "count range", &of);
    if (!storm_expect(run, "count range", TL_OK,
                      tl_count_range(run->txn, TL_TREE_MAIN, &of.range, 0, &exact)) ||
        !storm_expect(run, "estimate range", TL_OK,
                      tl_count_range(run->txn, TL_TREE_MAIN, &of.range, TL_COUNT_ESTIMATE, &about)))
        return false;
    if (about > run->current.count)
        return storm_differ(run, "the estimate is more than all there is");
    return exact == of.end - of.first ||
           storm_differ(run, "count range gives %llu records, not %zu", (unsigned long long)exact,
                        of.end - of.first);
}

/* A cursor that is bound to a range: some steps from its begin, its end or the middle. */
bool storm_op_bound_cursor(storm *run)
{
    stretch of;
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    const model *truth = &run->current;
    stretch_make(run, truth, &of);
    stretch_tell(run, "walk the range", &of);
    if (!storm_expect(run, "cursor open", TL_OK, tl_cursor_open(run->txn, TL_TREE_MAIN, &cursor)) ||
        !storm_expect(run, "cursor bound", TL_OK, tl_cursor_bound(cursor, &of.range)))
        return false;
    bool forward = storm_below(&run->source, 2) == 0, good = true, inside = true;
    size_t at = forward ? of.first : of.end - 1; /* wraps when the range is empty */
    if (storm_below(&run->source, 2) == 0) {
        tl_slice from = storm_near_key(&run->source, truth, run->key);
        at = behind(truth, from, true);
        at = at < of.first ? of.first : at;
        inside = at < of.end;
        good = storm_expect(run, "bound seek", inside ? TL_OK : TL_NOT_FOUND,
                            tl_cursor_seek(cursor, from, &key, &value)) &&
               (!inside || storm_expect_record(run, "bound seek", truth, at, key, value));
        at = forward ? at + 1 : at - 1;
    }
    for (unsigned i = 0; i < 10 && good && inside; i++) {
        inside = at >= of.first && at < of.end;
        good = storm_expect(run, "bound step", inside ? TL_OK : TL_NOT_FOUND,
                            forward ? tl_cursor_next(cursor, &key, &value)
                                    : tl_cursor_prev(cursor, &key, &value)) &&
               (!inside || storm_expect_record(run, "bound step", truth, at, key, value));
        at = forward ? at + 1 : at - 1;
    }
    tl_cursor_close(cursor);
    return good;
}

/* First records of leaves ascend and are all in the model; there are no more leaves than records.
 */
bool storm_op_leaves(storm *run)
{
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    const model *truth = &run->current;
    size_t least = 0;
    storm_tell(run, "from leaf to leaf");
    if (!storm_expect(run, "cursor open", TL_OK, tl_cursor_open(run->txn, TL_TREE_MAIN, &cursor)))
        return false;
    tl_status status = tl_cursor_next_leaf(cursor, &key, &value);
    bool good = truth->count == 0 || status == TL_OK;
    while (good && status == TL_OK) { /* ends: `least` grows */
        bool equal;
        size_t at = model_find(truth, key, &equal);
        good = (equal && at >= least && (least != 0 || at == 0)) ||
               storm_differ(run, "a leaf begins with an unknown key or an old one");
        least = at + 1;
        status = good ? tl_cursor_next_leaf(cursor, &key, &value) : TL_OK;
    }
    tl_cursor_close(cursor);
    return good && storm_expect(run, "next leaf", TL_NOT_FOUND, status);
}
