/* engine/tests/test_hazards.c -- the ways in which B+trees are known to go wrong, one test each.
 *
 * Each of these broke an engine once, here in a prototype or elsewhere in public.  Readers that
 * begin during a commit are in test_threads.c.
 */
#include "engine/base/hash.h"
#include "engine/tests/support/rig.h"

#include <stdio.h>

enum { TEXT_BYTES = 2048 };

static tl_txn *begin(rig *on)
{
    tl_txn *txn = NULL;
    check_ok(tl_txn_begin(on->env, 0, &txn));
    return txn;
}

static void put(rig *on, tl_txn *txn, tl_slice key, tl_slice value)
{
    check_ok(tl_put(txn, TL_TREE_MAIN, key, value, 0));
    model_put(&on->truth, key, value);
}

static void del(rig *on, tl_txn *txn, tl_slice key)
{
    char copy[TEXT_BYTES];
    memcpy(copy, key.data, key.size_bytes); /* the model's own bytes go with the record */
    check_ok(tl_del(txn, TL_TREE_MAIN, tl_slice_of(copy, key.size_bytes)));
    assert_true(model_del(&on->truth, tl_slice_of(copy, key.size_bytes)));
}

static void clear(rig *on)
{
    tl_txn *txn = begin(on);
    while (on->truth.count != 0)
        del(on, txn, model_key(&on->truth, on->truth.count / 2));
    check_ok(tl_txn_commit(txn));
}

/* A key of `size` bytes: so many times `letter`, and the number at its end. */
static tl_slice padded_key(char letter, unsigned number, size_t size, char text[TEXT_BYTES])
{
    char digits[8];
    memset(text, letter, size);
    snprintf(digits, sizeof digits, "%05u", number % 100000);
    memcpy(text + size - 5, digits, 5);
    return tl_slice_of(text, size);
}

/* Long keys in groups of a few: separators are short between two groups and as long as a key inside
 * one, and no page has a long prefix. */
static tl_slice grouped_key(unsigned group, unsigned number, char text[TEXT_BYTES])
{
    tl_slice key = padded_key('k', number, 120, text);
    text[0] = (char)('a' + group % 20);
    text[1] = (char)('a' + group / 20);
    return key;
}

/* Splitting at the end of a leaf that is full to the last byte gives it an upper fence, which needs
 * bytes too.  Every remainder of the page size comes up. */
static void append_split_of_a_full_leaf_budgets_its_fence(void **state)
{
    rig *on = *state;
    char text[TEXT_BYTES], value[256];
    memset(value, 'v', sizeof value);
    rig_open(on);
    for (size_t size = 0; size < 159; size++) {
        tl_txn *txn = begin(on);
        for (unsigned i = 0; i < 24; i++)
            put(on, txn, padded_key('k', i, 120, text), tl_slice_of(value, size));
        check_ok(tl_txn_commit(txn));
        check_sound(on->env, &on->truth);
        clear(on);
    }
    assert_true(stats_of(on->env).splits_rightmost > 159);
    assert_int_equal(0, stats_of(on->env).alloc_failures);
}

/* Two leaves whose keys share 100 bytes each, and next to nothing with each other: merged, every
 * key is 100 bytes longer. */
static void merge_that_shortens_the_prefix_still_fits(void **state)
{
    rig *on = *state;
    char text[TEXT_BYTES];
    rig_open(on);
    for (unsigned keep = 1; keep < 12; keep++) {
        tl_txn *txn = begin(on);
        for (char letter = 'a'; letter < 'i'; letter++)
            for (unsigned i = 0; i < 40; i++)
                put(on, txn, padded_key(letter, i, 110, text), slice_of_text("value"));
        check_ok(tl_txn_commit(txn));
        for (char letter = 'a'; letter < 'i'; letter++) {
            txn = begin(on);
            for (unsigned i = keep; i < 40; i++)
                del(on, txn, padded_key(letter, (i * 7) % 40, 110, text));
            check_ok(tl_txn_commit(txn));
            check_sound(on->env, &on->truth);
        }
        clear(on);
    }
    tl_stats stats = stats_of(on->env);
    assert_true(stats.leaf_merges > 0 && stats.merge_refused_size > 0);
    assert_int_equal(0, stats.alloc_failures);
}

/* A branch holds few separators that are as long as keys may be, and must split at once. */
static void separator_that_grows_splits_the_parent(void **state)
{
    rig *on = *state;
    char text[TEXT_BYTES], value[200];
    memset(value, 'v', sizeof value);
    rig_open(on);
    tl_txn *txn = begin(on);
    for (unsigned i = 0; i < 1200; i++) {
        unsigned which = i * 7919 % 1200;
        put(on, txn, grouped_key(which / 6, which % 6, text), tl_slice_of(value, 150));
    }
    check_ok(tl_txn_commit(txn));
    rig_compare(on);
    assert_true(stats_of(on->env).branch_splits > 50 && info_of(on->env).depth > 3);
}

/* Moving records between leaves puts a longer separator into a parent that may be full.  A delete
 * must neither fail nor make the tree higher. */
static void delete_never_grows_the_tree_for_a_longer_separator(void **state)
{
    rig *on = *state;
    uint64_t random = 3;
    char text[TEXT_BYTES], value[200];
    memset(value, 'v', sizeof value);
    rig_open(on);
    for (unsigned round = 0; round < 4; round++) {
        tl_txn *txn = begin(on);
        for (unsigned i = 0; i < 1200; i++) {
            unsigned which = (unsigned)(tl_random_next(&random) % 2400);
            put(on, txn, grouped_key(which / 12, which % 12, text),
                tl_slice_of(value, tl_random_next(&random) % 140));
        }
        check_ok(tl_txn_commit(txn));
        unsigned depth = info_of(on->env).depth;
        while (on->truth.count != 0) {
            txn = begin(on);
            size_t at = tl_random_next(&random) % on->truth.count;
            for (unsigned i = 0; i < 8 && at < on->truth.count; i++) /* its neighbours stay full */
                del(on, txn, model_key(&on->truth, at));
            check_ok(tl_txn_commit(txn));
            check_sound(on->env, &on->truth);
            assert_true(info_of(on->env).depth <= depth);
            depth = info_of(on->env).depth;
        }
    }
    tl_stats stats = stats_of(on->env);
    assert_true(stats.leaf_moves > 0 && stats.branch_moves > 0);
    assert_true(stats.merge_refused_separator > 0);
}

static void append(rig *on, tl_txn *txn, unsigned first, unsigned count)
{
    key_buffer buffer;
    for (unsigned i = first; i < first + count; i++)
        put(on, txn, key_of(i, &buffer), slice_of_text("twenty bytes of text"));
}

static void append_shortcut_dies_at_abort(void **state)
{
    rig *on = *state;
    model before = {0};
    rig_open(on);
    put_range(on->env, &on->truth, 0, 100, 'a', 30);
    model_copy(&before, &on->truth);
    tl_txn *txn = begin(on);
    append(on, txn, 100, 500);
    tl_txn_abort(txn);
    model_copy(&on->truth, &before);
    txn = begin(on);
    append(on, txn, 100, 3);
    check_ok(tl_txn_commit(txn));
    rig_compare(on);
    rig_reopen(on);
    assert_int_equal(103, on->truth.count);
    model_clear(&before);
}

static void append_shortcut_dies_at_commit(void **state)
{
    rig *on = *state;
    tl_txn *reader = NULL;
    model before = {0};
    rig_open(on);
    tl_txn *txn = begin(on);
    append(on, txn, 0, 3);
    check_ok(tl_txn_commit(txn));
    model_copy(&before, &on->truth);
    check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &reader));
    txn = begin(on);
    append(on, txn, 3, 3); /* on a stale leaf this would edit what the reader sees */
    check_ok(tl_txn_commit(txn));
    check_content(reader, &before);
    tl_txn_abort(reader);
    rig_compare(on);
    model_clear(&before);
}

static void append_shortcut_dies_at_split(void **state)
{
    rig *on = *state;
    key_buffer buffer;
    rig_open(on);
    tl_txn *txn = begin(on);
    append(on, txn, 1000, 5);
    for (unsigned i = 0; i < 40; i++) { /* below: the last leaf splits between two appends */
        put(on, txn, key_of(999 - i, &buffer), slice_of_text("a value of some length"));
        append(on, txn, 1005 + i, 1);
    }
    check_ok(tl_txn_commit(txn));
    assert_true(stats_of(on->env).leaf_splits > 2);
    rig_compare(on);
}

static void append_shortcut_dies_at_merge(void **state)
{
    rig *on = *state;
    key_buffer buffer;
    rig_open(on);
    for (unsigned round = 0; round < 20; round++) {
        put_range(on->env, &on->truth, 0, 120, 'm', 30);
        tl_txn *txn = begin(on);
        append(on, txn, 200, 2); /* the shortcut is taken ... */
        for (unsigned i = 119; i > 119 - 10 * (round % 11); i--)
            del(on, txn, key_of(i, &buffer)); /* ... and its leaf merged away ... */
        append(on, txn, 300, 5);
        del(on, txn, key_of(304, &buffer));
        append(on, txn, 304, 40); /* ... before it is used again */
        check_ok(tl_txn_commit(txn));
        check_sound(on->env, &on->truth);
        clear(on);
    }
    tl_stats stats = stats_of(on->env);
    assert_true(stats.leaf_merges > 0 && stats.append_hits > 0);
}

/* A last leaf that deletes have emptied, or whose last key has gone, still takes appends. */
static void append_shortcut_survives_deletes_in_its_leaf(void **state)
{
    rig *on = *state;
    key_buffer buffer;
    rig_open(on);
    tl_txn *txn = begin(on);
    append(on, txn, 0, 5);
    for (unsigned i = 5; i-- > 0;)
        del(on, txn, key_of(i, &buffer));
    append(on, txn, 2, 3);
    append(on, txn, 0, 1);
    append(on, txn, 5, 1);
    check_ok(tl_txn_commit(txn));
    rig_compare(on);
}

/* Keys that are equal in the four bytes of a head, zero padding included. */
static void equal_heads_are_told_apart(void **state)
{
    rig *on = *state;
    static const uint8_t letters[] = {0x00, 0x01, 0xff};
    enum { COUNT = 3 + 9 + 27 + 81 + 243 + 729 };
    rig_open(on);
    tl_txn *txn = begin(on);
    for (unsigned i = 0; i < COUNT; i++) {
        uint8_t key[6];
        unsigned which = (i * 631 + 17) % COUNT, size = 1, span = 3; /* 631: coprime to COUNT */
        while (which >= span) {
            which -= span;
            span *= 3;
            size++;
        }
        for (unsigned at = 0; at < size; at++, which /= 3)
            key[at] = letters[which % 3];
        put(on, txn, tl_slice_of(key, size), tl_slice_of(&i, sizeof i));
    }
    assert_int_equal(COUNT, on->truth.count);
    check_content(txn, &on->truth);
    check_ok(tl_txn_commit(txn));
    assert_true(stats_of(on->env).head_ties > 0);
    rig_compare(on);
    txn = begin(on);
    for (unsigned i = 0; on->truth.count > COUNT / 3; i++)
        del(on, txn, model_key(&on->truth, i * 7919 % on->truth.count));
    check_ok(tl_txn_commit(txn));
    rig_reopen(on);
}

typedef struct other_thread {
    pthread_t thread;
    tl_env *env;
    tl_status status;
} other_thread;

static void *checkpoint_body(void *context)
{
    other_thread *self = context;
    self->status = tl_env_checkpoint(self->env);
    return NULL;
}

/* A checkpoint asked for while a txn edits pages in place waits for its end. */
static void checkpoint_never_writes_an_in_place_edit(void **state)
{
    rig *on = *state;
    key_buffer buffer;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 300, 'a', 30);
    tl_txn *txn = begin(on);
    check_status(TL_BUSY, tl_env_checkpoint(on->env));
    uint64_t before = atomic_load(&on->faults.writes[FAULTIO_PAGES]);
    other_thread other = {.env = on->env};
    assert_int_equal(0, pthread_create(&other.thread, NULL, checkpoint_body, &other));
    for (unsigned i = 0; i < 300; i++)
        check_ok(tl_put(txn, TL_TREE_MAIN, key_of(i, &buffer), slice_of_text("uncommitted"), 0));
    assert_int_equal(before, atomic_load(&on->faults.writes[FAULTIO_PAGES]));
    tl_txn_abort(txn);
    pthread_join(other.thread, NULL);
    check_ok(other.status);
    assert_true(atomic_load(&on->faults.writes[FAULTIO_PAGES]) > before);
    rig_reopen(on);
}

/* All heads of these keys tie in the last leaf, which has no upper fence and so no prefix: the
 * comparison with the last key comes before any search. */
static void shared_prefix_appends_take_the_last_key_path(void **state)
{
    rig *on = *state;
    enum { COUNT = 4000 };
    static const uint32_t sizes[] = {1024, 8192, 65536};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        rig other;
        rig_make(&other);
        other.options.page_bytes = sizes[s];
        rig_open(&other);
        tl_txn *txn = begin(&other);
        for (unsigned i = 0; i < COUNT; i++) {
            char text[32];
            snprintf(text, sizeof text, "user%016u", i);
            put(&other, txn, slice_of_text(text), slice_of_text("value"));
        }
        check_ok(tl_txn_commit(txn));
        tl_stats stats = stats_of(other.env);
        assert_true(stats.append_hits + 3 * stats.leaf_splits + stats.soft_reencodes + 3 >= COUNT);
        assert_true(stats.full_compares < 2 * COUNT);
        rig_compare(&other);
        rig_drop(&other);
    }
    (void)on;
}

/* A page is copied without its gap: a single put into a large, nearly empty page is cheap. */
static void a_copy_of_a_page_leaves_its_gap_out(void **state)
{
    rig *on = *state;
    on->options.page_bytes = 65536;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 10, 'a', 20);
    uint64_t before = stats_of(on->env).cow_bytes;
    put_range(on->env, &on->truth, 3, 1, 'b', 20);
    uint64_t copied = stats_of(on->env).cow_bytes - before;
    assert_true(copied > 0 && copied < 2048);
    rig_reopen(on);
}

/* Slots stay when their records go.  An update that grows the last record of a page once crowded
 * with small ones finds their room, in place: there is nothing to split. */
static void a_page_of_empty_slots_takes_a_growing_update(void **state)
{
    rig *on = *state;
    uint8_t key[2] = {0, 0};
    char value[480];
    memset(value, 'v', sizeof value);
    rig_open(on);
    for (unsigned left = 1; left < 4; left++) {
        tl_txn *txn = begin(on);
        for (unsigned i = 0; i < 86; i++) {
            key[0] = (uint8_t)i;
            put(on, txn, tl_slice_of(key, 1), tl_slice_of("", 0));
        }
        while (on->truth.count > left)
            del(on, txn, model_key(&on->truth, on->truth.count - 1));
        uint64_t splits = stats_of(on->env).splits;
        key[0] = 0;
        put(on, txn, tl_slice_of(key, 1), tl_slice_of(value, 278));
        assert_int_equal(splits, stats_of(on->env).splits);
        check_ok(tl_txn_commit(txn));
        rig_compare(on);
        clear(on);
    }
}

/* Pages at the edge of the tree have no fences that tell what their keys share.  All heads would be
 * "user", and each search a bisection by whole keys. */
static void keys_with_one_beginning_do_not_tie_at_the_edge_of_the_tree(void **state)
{
    rig *on = *state;
    enum { COUNT = 16000 }; /* the root has some separators */
    char text[TEXT_BYTES];
    rig_open(on);
    tl_txn *txn = begin(on);
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(text, sizeof text, "user%012u", i * 1009 % COUNT * 7);
        put(on, txn, slice_of_text(text), slice_of_text("value"));
    }
    check_ok(tl_txn_commit(txn));
    check_sound(on->env, &on->truth);
    tl_stats before = stats_of(on->env);
    assert_true(before.soft_reencodes > 0);
    txn = begin(on);
    for (unsigned i = 0; i < COUNT; i++) {
        tl_slice value;
        snprintf(text, sizeof text, "user%012u", i * 7);
        check_ok(tl_get(txn, TL_TREE_MAIN, slice_of_text(text), &value));
    }
    tl_txn_abort(txn);
    tl_stats after = stats_of(on->env);
    assert_true(after.head_ties - before.head_ties < (after.levels - before.levels) / 10);
}

/* Keys that break the prefix which an edge page took from its keys: before all, after all, shorter,
 * and the prefix itself; into full pages and into lone leaves. */
static void keys_that_break_a_soft_prefix_find_a_place(void **state)
{
    rig *on = *state;
    static const char *const breakers[] = {"a",         "user",      "user0", "users", "z",
                                           "user00000", "user00001", "u",     "usez",  "user9"};
    char text[TEXT_BYTES], value[200];
    memset(value, 'v', sizeof value);
    rig_open(on);
    for (unsigned round = 0; round < 200; round++) {
        tl_txn *txn = begin(on);
        unsigned count = round * 3 % 41;
        for (unsigned i = 0; i < count; i++) {
            snprintf(text, sizeof text, "user%05u%0*u", i / 30, (int)(1 + round % 60), i);
            put(on, txn, slice_of_text(text), tl_slice_of(value, round % 50));
        }
        for (unsigned i = 0; i < 1 + round % 10; i++)
            put(on, txn, slice_of_text(breakers[(round + i * 3) % 10]), tl_slice_of(value, round));
        check_ok(tl_txn_commit(txn));
        check_sound(on->env, &on->truth);
        if (round % 3 == 0)
            clear(on);
    }
    tl_stats stats = stats_of(on->env);
    assert_true(stats.soft_reencodes > 0 && stats.soft_breaks > 0);
    assert_int_equal(0, stats.alloc_failures);
}

/* 10 000 ascending integers: a last leaf that cuts no prefix would be full too early, and leave
 * leaves three quarters full when it has. */
static void ascending_integers_leave_full_leaves(void **state)
{
    rig *on = *state;
    on->options.page_bytes = 8192;
    on->options.max_key_bytes = 0;
    rig_open(on);
    tl_txn *txn = begin(on);
    for (uint64_t i = 0; i < 10000; i++) {
        uint64_t key = __builtin_bswap64(i), value = i;
        check_ok(tl_put(txn, TL_TREE_MAIN, tl_slice_of(&key, 8), tl_slice_of(&value, 8), 0));
    }
    check_ok(tl_txn_commit(txn));
    tl_stats stats = stats_of(on->env);
    tl_verify_summary summary;
    check_ok(tl_verify(on->env, NULL, NULL, &summary));
    assert_int_equal(0, summary.findings);
    assert_int_equal(10000, summary.records);
    assert_true(stats.leaf_splits <= 28);
    assert_int_equal(0, stats.alloc_failures);
    assert_int_equal(0, stats.alloc_rebuilds);
    assert_true(summary.bytes_used * 100 >= summary.leaf_bytes_capacity * 95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(append_split_of_a_full_leaf_budgets_its_fence),
        rig_test(merge_that_shortens_the_prefix_still_fits),
        rig_test(separator_that_grows_splits_the_parent),
        rig_test(delete_never_grows_the_tree_for_a_longer_separator),
        rig_test(append_shortcut_dies_at_abort),
        rig_test(append_shortcut_dies_at_commit),
        rig_test(append_shortcut_dies_at_split),
        rig_test(append_shortcut_dies_at_merge),
        rig_test(append_shortcut_survives_deletes_in_its_leaf),
        rig_test(equal_heads_are_told_apart),
        rig_test(checkpoint_never_writes_an_in_place_edit),
        rig_test(shared_prefix_appends_take_the_last_key_path),
        rig_test(a_copy_of_a_page_leaves_its_gap_out),
        rig_test(a_page_of_empty_slots_takes_a_growing_update),
        rig_test(keys_with_one_beginning_do_not_tie_at_the_edge_of_the_tree),
        rig_test(keys_that_break_a_soft_prefix_find_a_place),
        rig_test(ascending_integers_leave_full_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
