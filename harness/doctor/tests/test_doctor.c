/* What the doctor says of made-up noise, and that every complaint comes with a remedy. */
#include "harness/doctor/doctor_body.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const tl_doctor_noise quiet = {
    .elapsed_ns = 1e9,
    .spread = 0.003,
    .gaps = 3,
    .gap_ns = 6e5,
    .gap_ns_max = 3e5,
    .steal = 0,
    .waited = 0.001,
    .others = 0.02,
    .busiest = "init (1)",
};

static const tl_symptom *symptom_find(const tl_examination *found, const char *name)
{
    for (size_t i = 0; i < found->count; i++)
        if (strcmp(found->symptoms[i].name, name) == 0)
            return &found->symptoms[i];
    fail_msg("no symptom '%s'", name);
    return NULL;
}

static void a_quiet_machine_is_fit_for_everything(void **state)
{
    (void)state;
    tl_examination found = {.count = 0};
    tl_doctor_judge_noise(&quiet, &found);
    for (tl_purpose purpose = 0; purpose < TL_PURPOSE_COUNT; purpose++)
        assert_int_equal(tl_doctor_conclude(&found, purpose), TL_FIT);
}

static void each_kind_of_noise_is_told_and_spoils_what_it_concerns(void **state)
{
    (void)state;
    tl_doctor_noise rows[5] = {quiet, quiet, quiet, quiet, quiet};
    rows[0].others = 1.4;
    rows[1].steal = 0.2;
    rows[2].waited = 0.5;
    rows[3].gaps = 900;
    rows[4].spread = 0.3;
    static const char *const names[] = {"others", "steal", "run_queue", "hiccups", "evenness"};
    for (size_t i = 0; i < 5; i++) {
        tl_examination found = {.count = 0};
        tl_doctor_judge_noise(&rows[i], &found);
        assert_int_equal(symptom_find(&found, names[i])->fitness, TL_UNFIT);
        assert_int_equal(tl_doctor_conclude(&found, TL_PURPOSE_LATENCY), TL_UNFIT);
        assert_int_equal(tl_doctor_conclude(&found, TL_PURPOSE_COUNTERS), TL_FIT);
    }
}

static void busy_neighbours_leave_pairs_in_processor_time_alone(void **state)
{
    (void)state;
    tl_doctor_noise noisy = quiet;
    noisy.others = 1.9;
    noisy.waited = 0.4;
    tl_examination found = {.count = 0};
    tl_doctor_judge_noise(&noisy, &found);
    assert_int_equal(tl_doctor_conclude(&found, TL_PURPOSE_TIME), TL_FIT);
    assert_int_equal(tl_doctor_conclude(&found, TL_PURPOSE_LATENCY), TL_UNFIT);
}

static void what_is_not_known_stands_in_nobodys_way(void **state)
{
    (void)state;
    tl_doctor_noise dark = quiet;
    dark.steal = dark.waited = dark.others = NAN;
    tl_examination found = {.count = 0};
    tl_doctor_judge_noise(&dark, &found);
    assert_int_equal(symptom_find(&found, "steal")->fitness, TL_FIT_UNKNOWN);
    assert_int_equal(tl_doctor_conclude(&found, TL_PURPOSE_LATENCY), TL_FIT);
}

static void every_complaint_comes_with_a_remedy(void **state)
{
    (void)state;
    tl_examination found;
    tl_doctor_examine(&(tl_doctor_request){.dir = ".", .measure_ns = 20000000}, &found);
    assert_true(found.count >= 10);
    for (size_t i = 0; i < found.count; i++)
        if (found.symptoms[i].fitness >= TL_FIT_CARE && found.symptoms[i].remedy[0] == '\0')
            fail_msg("'%s' has no remedy", found.symptoms[i].name);
}

static void a_directory_that_cannot_be_written_is_unfit_for_durable_figures(void **state)
{
    (void)state;
    tl_examination found = {.count = 0};
    tl_doctor_look_at_storage("no/such/directory", &found);
    assert_int_equal(tl_doctor_conclude(&found, TL_PURPOSE_DURABLE), TL_UNFIT);
    assert_int_equal(tl_doctor_conclude(&found, TL_PURPOSE_COUNTERS), TL_FIT);
}

static void a_process_that_keeps_a_processor_busy_is_named(void **state)
{
    (void)state;
    tl_census *census = tl_census_begin();
    assert_non_null(census);
    char name[64] = "x";
    double others = tl_census_end(census, 1e9, name, sizeof name);
    assert_true(others >= 0); /* who is busy here is not ours to say: only that it is counted */
    assert_true(isnan(tl_census_end(NULL, 1e9, name, sizeof name)));
    assert_string_equal(name, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_machine_is_fit_for_everything),
        cmocka_unit_test(each_kind_of_noise_is_told_and_spoils_what_it_concerns),
        cmocka_unit_test(busy_neighbours_leave_pairs_in_processor_time_alone),
        cmocka_unit_test(what_is_not_known_stands_in_nobodys_way),
        cmocka_unit_test(every_complaint_comes_with_a_remedy),
        cmocka_unit_test(a_directory_that_cannot_be_written_is_unfit_for_durable_figures),
        cmocka_unit_test(a_process_that_keeps_a_processor_busy_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
