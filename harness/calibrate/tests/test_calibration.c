/* harness/calibrate/tests/test_calibration.c -- journals of samples, and gates replayed from
 * launches that are made up. */
#include "harness/calibrate/calibration.h"
#include "harness/calibrate/neighbours.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define HEAD "# title\n# policy 1\n"

enum { LAUNCHES = 400 };

/* Of a law that is symmetric around `middle`, about 1 % wide. */
static void add_launches(tl_samples *samples, const char *arm, const char *row, double middle,
                         uint64_t seed)
{
    tl_dice dice;
    tl_dice_init(&dice, seed);
    for (int i = 0; i < LAUNCHES; i++) {
        double sum = 0;
        for (int j = 0; j < 6; j++)
            sum += (double)tl_dice_below(&dice, 20001) / 10000 - 1;
        tl_sample sample = {arm, row, "load", 0, middle + sum / 140, middle + sum / 120, 0, 0.1};
        assert_int_equal(tl_samples_add(samples, &sample), TL_OK);
    }
}

static tl_calibration *calibration_of(const tl_samples *samples)
{
    tl_duel_request policy = {
        .looks = tl_looks_default(), .margins = tl_margins_default(), .confirm_launches = 40};
    tl_calibration_request request = {
        .policy = &policy,
        .gates = 200,
        .power_gates = 30,
        .levels = {0.001, 0.05},
        .level_count = 2,
        .seed = 3
    };
    tl_calibration *made = malloc(sizeof *made);
    assert_non_null(made);
    assert_int_equal(tl_calibration_make(samples, &request, made), TL_OK);
    return made;
}

static void replayed_gates_see_what_is_there_and_nothing_else(void **state)
{
    (void)state;
    static tl_samples samples;
    add_launches(&samples, "aa", "load/a", 0.002, 1); /* what the sides differ by is turned away */
    add_launches(&samples, "aa", "load/b", 0, 2);
    add_launches(&samples, "cpu:0.05", "load/b", log1p(0.05), 3);
    tl_calibration *made = calibration_of(&samples);
    assert_int_equal(made->row_count, 2);
    assert_int_equal(made->gates, 200);
    assert_true(made->alarms <= 6);         /* 2 are granted; 7 have a chance of 0.5 % */
    assert_int_equal(made->power_count, 5); /* of b also what was injected */
    for (size_t i = 0; i < made->power_count; i++) {
        const tl_power *power = &made->powers[i];
        assert_int_equal(power->gates, 30);
        if (power->level > 0.01)
            assert_int_equal(power->caught, 30);
        else
            assert_true(power->caught <= 3); /* below delta: no regression */
    }
    tl_bias bias = tl_calibration_bias(made, true);
    assert_int_equal(bias.chunks, 2 * LAUNCHES / 40);
    assert_true(bias.error_points < 0.5 && bias.coverage > 0.8);
    tl_calibration *again = calibration_of(&samples);
    assert_int_equal(made->alarms, again->alarms);
    assert_true(made->seconds == again->seconds);
    free(again);
    free(made);
    tl_samples_release(&samples);
}

static void a_journal_that_was_cut_off_goes_on_after_its_last_whole_line(void **state)
{
    (void)state;
    static tl_samples samples;
    char path[] = "/tmp/treelab-test-XXXXXX", error[256];
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    unlink(path);
    assert_int_equal(tl_samples_read(path, HEAD, &samples, error, sizeof error), TL_NOT_FOUND);
    tl_sample sample = {"aa", "l/p", "l", 0, 0.25, -0.5, 1.0 / 3, 1.5};
    FILE *journal = tl_samples_open(path, HEAD);
    assert_non_null(journal);
    assert_true(tl_samples_write(journal, &sample));
    fputs("aa\tl/p\tl\t0\t0.7", journal);
    fclose(journal);
    assert_int_equal(tl_samples_read(path, HEAD, &samples, error, sizeof error), TL_OK);
    assert_int_equal(tl_samples_launches(&samples, "aa", "l"), 1);
    tl_samples_release(&samples);
    journal = tl_samples_open(path, HEAD);
    assert_non_null(journal);
    assert_true(tl_samples_write(journal, &sample));
    fclose(journal);
    assert_int_equal(tl_samples_read(path, HEAD, &samples, error, sizeof error), TL_OK);
    const tl_series *series = tl_samples_find(&samples, "aa", "l/p");
    assert_int_equal(series->n, 2);
    assert_true(series->wall[1] == 1.0 / 3);
    tl_samples_release(&samples);
    assert_int_equal(tl_samples_read(path, "# title\n# policy 2\n", &samples, error, sizeof error),
                     TL_VERSION);
    assert_non_null(strstr(error, "# policy 1"));
    unlink(path);
}

static void neighbours_of_each_kind_work_and_are_gone_when_stopped(void **state)
{
    (void)state;
    tl_neighbours neighbours;
    tl_neighbours_request request = tl_neighbours_default();
    unsigned kinds = 0;
    assert_false(tl_neighbours_kinds_parse("spin,", &kinds));
    assert_false(tl_neighbours_kinds_parse("spinn", &kinds));
    assert_true(tl_neighbours_kinds_parse("memcpy,spin", &kinds));
    request.kinds = kinds;
    request.processes = 2;
    assert_int_equal(tl_neighbours_start(&request, &neighbours), TL_OK);
    assert_int_equal(neighbours.count, 2);
    tl_neighbours_stop(&neighbours);
    assert_int_equal(neighbours.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replayed_gates_see_what_is_there_and_nothing_else),
        cmocka_unit_test(a_journal_that_was_cut_off_goes_on_after_its_last_whole_line),
        cmocka_unit_test(neighbours_of_each_kind_work_and_are_gone_when_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
