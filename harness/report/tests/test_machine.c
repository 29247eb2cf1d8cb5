/* The machine is described as it is: what cannot be learnt is null, what varies is no identity. */
#define _GNU_SOURCE
#include "folder.h"
#include "harness/report/machine.h"
#include "harness/report/sysfile.h"

#include <math.h>
#include <unistd.h>

static void a_field_is_found_by_its_whole_name(void **state)
{
    const char *path = folder_join(*state, "cpuinfo");
    char value[32] = "untouched", small[4];
    folder_write(path, "processor\t: 0\nmodel\t\t: 25\nmodel name\t: Some: CPU\n\nflags\t: a b\n");
    assert_false(tl_sysfile_field(path, "mod", value, sizeof value));
    assert_false(tl_sysfile_field(path, "absent", value, sizeof value));
    assert_string_equal(value, "untouched");
    assert_true(tl_sysfile_field(path, "model", value, sizeof value));
    assert_string_equal(value, "25");
    assert_true(tl_sysfile_field(path, "model name", value, sizeof value));
    assert_string_equal(value, "Some: CPU");
    assert_true(tl_sysfile_field(path, "flags", small, sizeof small));
    assert_string_equal(small, "a b");
    assert_true(tl_sysfile_field(path, "model name", small, sizeof small));
    assert_string_equal(small, "Som");
}

static void a_line_is_read_without_its_newline(void **state)
{
    const char *path = folder_join(*state, "line");
    char line[8] = "as was";
    assert_false(tl_sysfile_line(path, line, sizeof line));
    folder_write(path, "");
    assert_false(tl_sysfile_line(path, line, sizeof line));
    folder_write(path, "\nsecond\n");
    assert_false(tl_sysfile_line(path, line, sizeof line));
    assert_string_equal(line, "as was");
    folder_write(path, "first\nsecond\n");
    assert_true(tl_sysfile_line(path, line, sizeof line));
    assert_string_equal(line, "first");
    folder_write(path, "without newline");
    assert_true(tl_sysfile_line(path, line, sizeof line));
    assert_string_equal(line, "without");
}

static void the_machine_has_processors_memory_and_a_kernel(void **state)
{
    (void)state;
    tl_json *machine = tl_machine_json();
    uint64_t cpus = tl_json_count(tl_json_get(machine, "cpus"), 0);
    assert_true(cpus >= 1);
    assert_in_range(tl_json_count(tl_json_get(machine, "online"), 0), 1, cpus);
    assert_true(tl_json_count(tl_json_get(machine, "ram_bytes"), 0) > 1 << 20);
    assert_non_null(tl_json_text(tl_json_get(machine, "kernel"), NULL));
    tl_json_free(machine);
}

static void the_fsync_probe_measures_and_leaves_nothing_behind(void **state)
{
    const folder *made = *state;
    tl_json *storage = tl_storage_json(made->path, true);
    const tl_json *probe = tl_json_get(storage, "fsync_probe_us");
    double p50 = tl_json_real(tl_json_get(probe, "p50"), 0);
    double p99 = tl_json_real(tl_json_get(probe, "p99"), 0);
    assert_true(p50 > 0 && p50 <= p99);
    assert_non_null(tl_json_text(tl_json_get(storage, "fs"), NULL));
    assert_int_equal(folder_count(made->path), 0);
    tl_json_free(storage);
}

static void storage_is_not_probed_unless_asked(void **state)
{
    const folder *made = *state;
    tl_json *storage = tl_storage_json(made->path, false);
    assert_non_null(tl_json_get(storage, "fsync_probe_us"));
    assert_int_equal(tl_json_size(tl_json_get(storage, "fsync_probe_us")), 0);
    tl_json_free(storage);
}

static void storage_that_is_not_there_is_unknown_in_every_field(void **state)
{
    tl_json *storage = tl_storage_json(folder_join(*state, "absent"), true);
    assert_int_equal(tl_json_size(storage), 6);
    for (size_t i = 0; i < tl_json_size(storage); i++) {
        const tl_json *field = tl_json_at(storage, i);
        assert_null(tl_json_text(field, NULL));
        assert_true(isnan(tl_json_real(field, NAN)));
        assert_int_equal(tl_json_size(field), 0);
    }
    tl_json_free(storage);
}

/* The class key of a made-up machine. */
static void class_key(const char *cpu, uint64_t ram_bytes, const char *kernel, bool smt,
                      const char *fs, uint64_t free_bytes, char key[32])
{
    tl_json *machine = tl_json_object_new(), *storage = tl_json_object_new();
    tl_json_add_text(machine, "cpu_model", cpu);
    tl_json_add_count(machine, "cpus", 2);
    tl_json_add_count(machine, "ram_bytes", ram_bytes);
    tl_json_add_text(machine, "kernel", kernel);
    tl_json_add_bool(machine, "smt", smt);
    tl_json_add_text(storage, "fs", fs);
    tl_json_add_count(storage, "free_bytes", free_bytes);
    tl_json *class_ = tl_class_json(machine, storage);
    snprintf(key, 32, "%s", tl_json_text(tl_json_get(class_, "key"), ""));
    assert_int_equal(strlen(key), 18);
    tl_json_free(class_);
    tl_json_free(machine);
    tl_json_free(storage);
}

static void the_class_follows_what_is_stable_and_nothing_else(void **state)
{
    (void)state;
    const uint64_t gib = UINT64_C(1) << 30;
    char key[32], other[32];
    class_key("A", 8 * gib - 90000000, "6.1", false, "ext4", 100, key);
    class_key("A", 8 * gib - 95000000, "6.2", false, "ext4", 200, other);
    assert_string_equal(key, other); /* another kernel, a little less memory, other free space */
    class_key("B", 8 * gib - 90000000, "6.1", false, "ext4", 100, other);
    assert_string_not_equal(key, other);
    class_key("A", 16 * gib, "6.1", false, "ext4", 100, other);
    assert_string_not_equal(key, other);
    class_key("A", 8 * gib - 90000000, "6.1", true, "ext4", 100, other);
    assert_string_not_equal(key, other);
    class_key("A", 8 * gib - 90000000, "6.1", false, "xfs", 100, other);
    assert_string_not_equal(key, other);
}

static void noise_is_a_difference_and_never_negative(void **state)
{
    (void)state;
    tl_noise start = {0.5, 10, 20, 30, true}, stop = {9.0, 15, 20, 5, true};
    tl_json *noise = tl_noise_json(&start, &stop);
    assert_true(tl_json_real(tl_json_get(noise, "load1"), 0) == 0.5);
    assert_int_equal(tl_json_count(tl_json_get(noise, "steal_ticks"), 99), 5);
    assert_int_equal(tl_json_count(tl_json_get(noise, "vol_cs"), 99), 0);
    assert_int_equal(tl_json_count(tl_json_get(noise, "invol_cs"), 99), 0);
    tl_json_free(noise);
    stop.steal_known = false;
    noise = tl_noise_json(&start, &stop);
    assert_int_equal(tl_json_count(tl_json_get(noise, "steal_ticks"), 99), 99); /* null */
    tl_json_free(noise);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_field_is_found_by_its_whole_name),
        IN_FOLDER(a_line_is_read_without_its_newline),
        cmocka_unit_test(the_machine_has_processors_memory_and_a_kernel),
        IN_FOLDER(the_fsync_probe_measures_and_leaves_nothing_behind),
        IN_FOLDER(storage_is_not_probed_unless_asked),
        IN_FOLDER(storage_that_is_not_there_is_unknown_in_every_field),
        cmocka_unit_test(the_class_follows_what_is_stable_and_nothing_else),
        cmocka_unit_test(noise_is_a_difference_and_never_negative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
