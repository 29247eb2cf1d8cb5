/* engine/tests/test_close.c -- what a clean close does about free pages, whatever happens to it. */
#include "engine/tests/support/gate.h"
#include "engine/tests/support/rig.h"

#include <stdlib.h>

enum { FREE_PAGES_LEFT = 48 }; /* so few are never worth the while */

/* Records in no order, a few a txn: what the checkpoints held is holes in the end. */
static void load(tl_env *env, model *truth, unsigned first, unsigned count, size_t bytes)
{
    static uint8_t text[40000];
    key_buffer buffer;
    memset(text, 'v', sizeof text);
    for (unsigned i = 0; i < count;) {
        tl_txn *txn = NULL;
        check_ok(tl_txn_begin(env, 0, &txn));
        for (unsigned k = 0; k < 100 && i < count; k++, i++) {
            unsigned number = first + (unsigned)((uint64_t)i * 7919 % count);
            tl_slice value = tl_slice_of(text, number % 50 == 3 ? bytes : 60);
            text[0] = (uint8_t)number;
            check_ok(tl_put(txn, TL_TREE_MAIN, key_of(number, &buffer), value, 0));
            if (truth != NULL)
                model_put(truth, key_of(number, &buffer), value);
        }
        check_ok(tl_txn_commit(txn));
    }
}

static bool few_are_free(tl_env_info info)
{
    return info.pages_free <= FREE_PAGES_LEFT || info.pages_free <= info.page_count / 20;
}

static void a_clean_close_leaves_at_most_a_twentieth_free(void **state)
{
    (void)state;
    static const char *const commits[] = {"log", "shadow1", "shadow2"};
    for (unsigned i = 0; i < 6; i++) {
        rig on;
        rig_make(&on);
        on.options.commit = commits[i % 3];
        on.options.growth_bytes = 0;
        on.options.ckpt_bytes = 1 << 18;
        on.options.space = i < 3 ? "simple" : "segregated";
        rig_open(&on);
        load(on.env, &on.truth, 0, 12000, 60);
        check_ok(tl_env_checkpoint(on.env));
        tl_env_info before = info_of(on.env);
        assert_true(before.pages_free > before.page_count / 10); /* there is something to do */
        rig_close(&on);
        uint64_t size = 0;
        memdisk_bytes(on.disk, rig_path, &size);
        rig_open(&on);
        tl_env_info info = info_of(on.env);
        assert_int_equal(size, (uint64_t)info.page_count * info.page_bytes);
        assert_true(few_are_free(info));
        assert_true(info.page_count < before.page_count);
        rig_compare(&on);
        load(on.env, &on.truth, 3000, 2000, 60); /* it grows and shrinks again */
        rig_close(&on);
        rig_open(&on);
        assert_true(few_are_free(info_of(on.env)));
        rig_compare(&on);
        rig_drop(&on);
    }
}

/* Values in extents move as well, as far as there are holes that are long enough. */
static void large_values_move_too(void **state)
{
    rig *on = *state;
    on->options.growth_bytes = 0;
    on->options.ckpt_bytes = 1 << 18;
    rig_open(on);
    for (unsigned round = 0; round < 3; round++)
        load(on->env, &on->truth, 0, 8000, 2500 + 400 * round);
    check_ok(tl_env_checkpoint(on->env));
    tl_env_info before = info_of(on->env);
    rig_close(on);
    rig_open(on);
    tl_env_info info = info_of(on->env);
    assert_true(info.pages_free < before.pages_free / 2);
    assert_true(info.pages_free <= info.page_count / 6);
    rig_compare(on);
}

/* Who changed little of a large file does not pay for its holes. */
static void a_close_moves_no_more_than_was_written(void **state)
{
    rig *on = *state;
    on->options.growth_bytes = 0;
    rig_open(on);
    load(on->env, &on->truth, 0, 12000, 60);
    check_ok(tl_env_checkpoint(on->env));
    rig_abandon(on); /* with its holes */
    rig_open(on);
    tl_env_info before = info_of(on->env);
    assert_true(before.pages_free > before.page_count / 10);
    put_range(on->env, &on->truth, 100, 1, 'x', 60);
    uint64_t writes = atomic_load(&on->faults.calls[FAULTIO_WRITE]);
    rig_close(on);
    assert_true(atomic_load(&on->faults.calls[FAULTIO_WRITE]) - writes < 100);
    rig_open(on);
    writes = atomic_load(&on->faults.calls[FAULTIO_WRITE]);
    rig_close(on); /* nothing was changed, and nothing is moved but what recovery wrote */
    assert_true(atomic_load(&on->faults.calls[FAULTIO_WRITE]) - writes < 30);
    rig_open(on);
    rig_compare(on);
}

typedef struct cut { /* a store of holes whose close is interrupted */
    rig like;        /* its options and the truth */
    gate *at;
    faultio faults;
    tl_env *env;
} cut;

static tl_env_options cut_options(const cut *on, tl_io *io)
{
    tl_env_options options = on->like.options;
    options.io = io;
    options.memory = NULL;
    options.growth_bytes = 0;
    options.ckpt_bytes = 1 << 16;
    options.durability = TL_DURABILITY_COMMIT;
    return options;
}

static void cut_make(cut *made, const char *commit)
{
    rig_make(&made->like);
    made->like.options.commit = commit;
    made->at = gate_create(NULL);
    faultio_init(&made->faults, gate_io(made->at));
    tl_env_options options = cut_options(made, &made->faults.io);
    check_ok(tl_env_open(rig_path, &options, &made->env));
    load(made->env, &made->like.truth, 0, 2500, 1500);
    check_ok(tl_env_checkpoint(made->env)); /* what the close writes is its own moves */
    tl_env_info info = info_of(made->env);
    assert_true(info.pages_free > 2 * FREE_PAGES_LEFT);
}

/* What is left after the power went: everything, once and whole. */
static void cut_check(cut *on, uint64_t seed)
{
    gate_cut(on->at);
    memdisk *left = gate_remains(on->at, seed);
    tl_env_options options = cut_options(on, memdisk_io(left));
    tl_env *env = NULL;
    check_ok(tl_env_open(rig_path, &options, &env));
    check_sound(env, &on->like.truth);
    check_ok(tl_env_close(env));
    check_ok(tl_env_open(rig_path, &options, &env)); /* that close has its turn at the holes */
    check_sound(env, &on->like.truth);
    tl_env_abandon(env);
    memdisk_destroy(left);
    gate_destroy(on->at);
    rig_drop(&on->like);
}

/* The 1st write, sync or cut of the file fails, and all behind it, and the power goes: then the
 * 2nd, ..., until none is left to fail.  The close tells of none but those of its last checkpoint,
 * and there was one just before. */
static void a_crash_at_every_call_of_a_close_is_harmless(void **state)
{
    (void)state;
    static const faultio_call kinds[] = {FAULTIO_WRITE, FAULTIO_SYNC, FAULTIO_TRUNCATE,
                                         FAULTIO_ALLOCATE};
    static const char *const commits[] = {"log", "shadow1"};
    unsigned fired = 0;
    for (unsigned c = 0; c < 2; c++)
        for (unsigned k = 0; k < 4; k++)
            for (uint64_t nth = 1; nth != 0; nth += nth < 20 ? 1 : nth / 8) {
                cut on;
                cut_make(&on, commits[c]);
                faultio_plan(&on.faults, kinds[k], nth, TL_IO, true);
                check_ok(tl_env_close(on.env));
                bool more = atomic_load(&on.faults.fired) != 0;
                fired += more;
                cut_check(&on, nth * 4 + k);
                if (!more)
                    break;
            }
    assert_true(fired > 20);
}

/* The close is through and nothing was lost to the cache either. */
static void a_failed_allocation_costs_a_close_nothing_but_space(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth < 60; nth += 1 + nth / 8) {
        rig on;
        rig_make(&on);
        on.options.growth_bytes = 0;
        on.options.ckpt_bytes = 1 << 16;
        rig_open(&on);
        load(on.env, &on.truth, 0, 2500, 1500);
        check_ok(tl_env_checkpoint(on.env));
        faultmem_plan(&on.memory, nth, true);
        rig_close(&on);
        faultmem_plan(&on.memory, 0, false);
        rig_open(&on);
        rig_compare(&on);
        rig_drop(&on);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_close_leaves_at_most_a_twentieth_free),
        rig_test(large_values_move_too),
        rig_test(a_close_moves_no_more_than_was_written),
        cmocka_unit_test(a_crash_at_every_call_of_a_close_is_harmless),
        cmocka_unit_test(a_failed_allocation_costs_a_close_nothing_but_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
