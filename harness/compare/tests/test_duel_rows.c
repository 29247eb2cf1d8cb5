/* harness/compare/tests/test_duel_rows.c -- rows planned from a pilot and judged at looks, with
 * launches that are made up. */
#include "harness/compare/duel.h"
#include "workloads/keys.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 3 };

typedef struct fixture {
    tl_duel_load load;
    tl_duel_request request;
    tl_duel duel;
    tl_dice dice;
} fixture;

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->load.name = "made_up";
    f->request = (tl_duel_request){.loads = &f->load,
                                   .load_count = 1,
                                   .looks = tl_looks_default(),
                                   .margins = tl_margins_default()};
    f->duel.request = &f->request;
    f->duel.launch.phases = calloc(TL_LAUNCH_PHASES_MAX, sizeof *f->duel.launch.phases);
    assert_non_null(f->duel.launch.phases);
    tl_dice_init(&f->dice, 99);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    free(f->duel.launch.phases);
    free(f->duel.rows);
    free(f);
    return 0;
}

static void pilot_phase(fixture *f, size_t index, uint64_t ops, double ns_a, double ns_b,
                        bool repeats, bool read_only)
{
    tl_launch_phase *phase = &f->duel.launch.phases[index];
    *phase = (tl_launch_phase){
        .timed = true, .repeats = repeats, .read_only = read_only, .ops = ops, .slice_count = 1};
    snprintf(phase->name, sizeof phase->name, "p%zu", index);
    phase->slices[0] = (tl_timed_pair){
        .ops = ops, .cpu_ns = {(uint64_t)(ns_a * (double)ops), (uint64_t)(ns_b * (double)ops)}
    };
    f->duel.launch.phase_count = index + 1;
}

static void plan(fixture *f)
{
    bool again = false;
    assert_int_equal(tl_duel_rows_plan(&f->duel, 0, false, &again), TL_OK);
}

static void slices_last_five_milliseconds_on_the_slower_side(void **state)
{
    fixture *f = *state;
    pilot_phase(f, 0, 1000000, 400, 800, false, false); /* writes */
    pilot_phase(f, 1, 1000000, 400, 300, false, true);  /* reads */
    pilot_phase(f, 2, 1, 2e6, 3e6, true, true);         /* a scan */
    plan(f);
    for (size_t i = 0; i < 3; i++) {
        const tl_duel_row *row = &f->duel.rows[i];
        double slower = i == 0 ? 800 : i == 1 ? 400 : 3e6;
        assert_int_equal(row->plan.count, 20);
        assert_true((double)row->plan.ops * slower >= 5e6);
        assert_true(row->plan.warm * 4 >= row->plan.ops && row->plan.warm > 0);
        assert_true(row->active);
        assert_true(row->repeats || row->plan.count * (row->plan.ops + row->plan.warm) <= 1000000);
    }
    assert_true(f->duel.rows[0].plan.end_within);
    assert_false(f->duel.rows[1].plan.end_within);
}

static void a_phase_too_short_for_five_slices_is_invalid_not_a_pass(void **state)
{
    fixture *f = *state;
    pilot_phase(f, 0, 1000, 400, 400, false, false);
    plan(f);
    assert_int_equal(f->duel.rows[0].verdict, TL_VERDICT_INVALID);
    assert_non_null(strstr(f->duel.rows[0].note, "--ops"));
    assert_int_equal(tl_duel_conclude(&f->duel), TL_DUEL_NOTHING);
}

static void without_ops_the_scale_grows_until_slices_fit(void **state)
{
    fixture *f = *state;
    bool again = true;
    f->duel.setups[0].ops = 50000;
    pilot_phase(f, 0, 50000, 400, 400, false, false);
    assert_int_equal(tl_duel_rows_plan(&f->duel, 0, false, &again), TL_OK);
    assert_true(again && f->duel.setups[0].ops > 100000 && f->duel.row_count == 0);
    pilot_phase(f, 0, f->duel.setups[0].ops, 400, 400, false, false);
    assert_int_equal(tl_duel_rows_plan(&f->duel, 0, false, &again), TL_OK);
    assert_true(!again && f->duel.row_count == 1 && f->duel.rows[0].active);
}

/* A gate failed: its third and last pilot found a phase shorter than the first two had. */
static void a_late_pilot_is_repeated_only_for_a_phase_that_could_not_be_compared(void **state)
{
    fixture *f = *state;
    bool again = true;
    uint64_t ops = f->duel.setups[0].ops = 100000;
    pilot_phase(f, 0, ops, 390, 390, false, true); /* 39.0 ms; five slices take 39.1 */
    assert_int_equal(tl_duel_rows_plan(&f->duel, 0, true, &again), TL_OK);
    assert_true(again && f->duel.setups[0].ops > ops && f->duel.row_count == 0);
    ops = f->duel.setups[0].ops = 100000;
    pilot_phase(f, 0, ops, 450, 450, false, true);
    assert_int_equal(tl_duel_rows_plan(&f->duel, 0, true, &again), TL_OK);
    assert_true(!again && f->duel.setups[0].ops == ops && f->duel.row_count == 1);
    assert_true(f->duel.rows[0].active);
}

static double bell(fixture *f) /* about normal, of standard deviation 1 */
{
    double sum = 0;
    for (int i = 0; i < 12; i++)
        sum += (double)(tl_dice_next(&f->dice) >> 11) * 0x1p-53;
    return sum - 6;
}

/* One launch: every slice of row i takes exp(effect) times as long on side B. */
static void launch(fixture *f, const double effects[ROWS], double noise, tl_duel_stage stage)
{
    for (size_t i = 0; i < ROWS; i++) {
        tl_launch_phase *phase = &f->duel.launch.phases[i];
        double ratio = exp(effects[i] + noise * bell(f));
        phase->slice_count = 20;
        for (size_t j = 0; j < 20; j++)
            phase->slices[j] = (tl_timed_pair){
                .cpu_ns = {6000000, (uint64_t)(6e6 * ratio)},
                  .wall_ns = {7000000, 7000000                }
            };
    }
    tl_duel_rows_add(&f->duel, 0, stage);
}

static void look_after(fixture *f, const double effects[ROWS], double noise, size_t look)
{
    while (f->duel.rows[0].n + f->duel.rows[1].n + f->duel.rows[2].n == 0 ||
           f->duel.rows[2].n < f->request.looks.rows[look].launches)
        launch(f, effects, noise, TL_DUEL_LOOKS);
    assert_int_equal(tl_duel_rows_look(&f->duel, look), TL_OK);
}

static void three_rows(fixture *f)
{
    for (size_t i = 0; i < ROWS; i++)
        pilot_phase(f, i, 1000000, 400, 400, false, false);
    plan(f);
}

static void slow_rows_regress_equal_ones_pass_and_unclear_ones_go_on(void **state)
{
    fixture *f = *state;
    const double effects[ROWS] = {0.06, 0, 0.0475};
    three_rows(f);
    f->request.margins.delta = tl_effect_log(4.7); /* so that the third is on neither side */
    look_after(f, effects, 0.004, 0);
    const tl_duel_row *rows = f->duel.rows;
    assert_int_equal(rows[0].verdict, TL_VERDICT_REGRESSED);
    assert_int_equal(rows[1].verdict, TL_VERDICT_PASS);
    assert_true(rows[1].effects[TL_DUEL_MEDIAN].equivalent);
    assert_int_equal(rows[2].verdict, TL_VERDICT_INCONCLUSIVE);
    assert_true(rows[2].active);
    assert_true(!rows[0].active && !rows[1].active && rows[0].look == 1);
}

static void wide_noise_is_inconclusive_and_stays_active(void **state)
{
    fixture *f = *state;
    const double effects[ROWS] = {0, 0, 0};
    three_rows(f);
    look_after(f, effects, 0.2, 0);
    for (size_t i = 0; i < ROWS; i++)
        assert_true(f->duel.rows[i].active);
    assert_int_equal(tl_duel_conclude(&f->duel), TL_DUEL_INCONCLUSIVE);
}

static void a_failure_that_fresh_launches_deny_is_inconclusive(void **state)
{
    fixture *f = *state;
    const double slow[ROWS] = {0.1, 0.1, 0}, fresh[ROWS] = {0.1, -0.01, 0};
    three_rows(f);
    look_after(f, slow, 0.01, 0);
    assert_int_equal(f->duel.rows[0].verdict, TL_VERDICT_REGRESSED);
    assert_int_equal(f->duel.rows[1].verdict, TL_VERDICT_REGRESSED);
    f->duel.rows[0].active = f->duel.rows[1].active = true;
    for (int i = 0; i < 20; i++)
        launch(f, fresh, 0.01, TL_DUEL_CONFIRM);
    assert_int_equal(tl_duel_rows_confirm(&f->duel), TL_OK);
    assert_int_equal(f->duel.rows[0].verdict, TL_VERDICT_REGRESSED);
    assert_true(fabs(f->duel.rows[0].confirmed.estimate - 0.1) < 0.01);
    assert_int_equal(f->duel.rows[1].verdict, TL_VERDICT_INCONCLUSIVE);
    assert_int_equal(tl_duel_conclude(&f->duel), TL_DUEL_REGRESSED);
}

static void a_store_that_works_while_the_other_side_runs_gets_no_verdict(void **state)
{
    fixture *f = *state;
    const double effects[ROWS] = {0.2, 0.2, 0.2};
    three_rows(f);
    for (size_t i = 0; i < 16; i++)
        launch(f, effects, 0.001, TL_DUEL_LOOKS);
    f->duel.rows[0].idle_ns[1] = 0.05 * f->duel.rows[0].busy_ns[1];
    f->duel.rows[1].idle_ns[1] = 0.01 * f->duel.rows[1].busy_ns[1];
    assert_int_equal(tl_duel_rows_look(&f->duel, 0), TL_OK);
    assert_int_equal(f->duel.rows[0].verdict, TL_VERDICT_INCONCLUSIVE);
    assert_true(!f->duel.rows[0].active && strstr(f->duel.rows[0].note, "background") != NULL);
    assert_int_equal(f->duel.rows[1].verdict, TL_VERDICT_REGRESSED);
}

/* The promise of the looks: equal arms regress in 1 % of duels at most, all looks and rows of it
 * together.  1000 duels of three rows; true rates of 1 % give more than 20 once in a thousand. */
static void equal_arms_rarely_regress_at_any_look(void **state)
{
    fixture *f = *state;
    int alarms = 0;
    f->request.margins.delta = 1e-9; /* no mercy */
    f->request.looks.count = 2;
    for (int round = 0; round < 1000; round++) {
        f->duel.row_count = 0;
        three_rows(f);
        for (size_t look = 0; look < f->request.looks.count; look++) {
            while (f->duel.rows[0].n < f->request.looks.rows[look].launches)
                for (size_t i = 0; i < ROWS; i++) {
                    tl_duel_row *row = &f->duel.rows[i];
                    row->values[TL_DUEL_MEDIAN][row->n] = 0.1 * bell(f);
                    row->values[TL_DUEL_SUMS][row->n] = 0.1 * bell(f);
                    row->n++;
                }
            assert_int_equal(tl_duel_rows_look(&f->duel, look), TL_OK);
        }
        bool alarm = false;
        for (size_t i = 0; i < ROWS; i++)
            alarm = alarm || f->duel.rows[i].verdict == TL_VERDICT_REGRESSED;
        alarms += alarm;
    }
    assert_true(alarms <= 20);
}

static void counters_of_bytes_and_syncs_decide_and_times_are_not_looked_at(void **state)
{
    fixture *f = *state;
    static const struct {
        uint64_t bytes_a, bytes_b, splits_b;
        tl_verdict verdict;
    } rows[] = {
        {100, 100, 5, TL_VERDICT_PASS     },
        {100, 101, 5, TL_VERDICT_REGRESSED},
        {100, 99,  5, TL_VERDICT_PASS     },
        {100, 100, 6, TL_VERDICT_PASS     },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        f->duel.row_count = 0;
        pilot_phase(f, 0, 1000000, 400, 4000, false, false);
        tl_launch_phase *phase = &f->duel.launch.phases[0];
        for (unsigned side = 0; side < 2; side++) {
            phase->counter_count[side] = 3;
            phase->counters[side][0] =
                (tl_launch_counter){"splits", side == 0 ? 5 : rows[i].splits_b};
            phase->counters[side][1] = (tl_launch_counter){
                "page_bytes_written", side == 0 ? rows[i].bytes_a : rows[i].bytes_b};
            phase->counters[side][2] = (tl_launch_counter){"choose_ns", side};
        }
        plan(f);
        tl_duel_rows_count(&f->duel);
        assert_int_equal(f->duel.rows[0].verdict, rows[i].verdict);
        assert_null(strstr(f->duel.rows[0].note, "choose_ns"));
    }
}

int main(void)
{
#define ROW_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROW_TEST(slices_last_five_milliseconds_on_the_slower_side),
        ROW_TEST(a_phase_too_short_for_five_slices_is_invalid_not_a_pass),
        ROW_TEST(without_ops_the_scale_grows_until_slices_fit),
        ROW_TEST(a_late_pilot_is_repeated_only_for_a_phase_that_could_not_be_compared),
        ROW_TEST(slow_rows_regress_equal_ones_pass_and_unclear_ones_go_on),
        ROW_TEST(wide_noise_is_inconclusive_and_stays_active),
        ROW_TEST(a_failure_that_fresh_launches_deny_is_inconclusive),
        ROW_TEST(a_store_that_works_while_the_other_side_runs_gets_no_verdict),
        ROW_TEST(equal_arms_rarely_regress_at_any_look),
        ROW_TEST(counters_of_bytes_and_syncs_decide_and_times_are_not_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
