/* workloads/tests/test_shapes.c -- keys that are text, gets asked together, shares of threads. */
#include "workloads/tests/replay.h"

#include "workloads/keys.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OPS = 500, CAPACITY = 32, SETTINGS_MAX = 3 };

typedef struct asked { /* a workload with settings; an empty name ends them */
    const char *workload;
    tl_workload_setting settings[SETTINGS_MAX];
    uint64_t hash; /* of its stream with 500 ops and seed 42 */
} asked;

#define EVERYTHING "insert,get,get_absent,get_many,update,get_many,scan,delete"
static const asked rows[] = {
    {"random",     {{"keys", "user"}, {"phases", EVERYTHING}},                     0x11b29b1190ca1a24u},
    {"random",     {{"keys", "decimal"}, {"phases", EVERYTHING}},                  0x01b9fb80d43b6ce2u},
    {"random",     {{"many", "7"}, {"phases", "insert,get_many,delete,get_many"}}, 0x2f90c05c2ce4bce9u},
    {"random",     {{"phases", "insert_threads,get_threads"}, {"threads", "8"}},   0xe932828ca4f3adc1u},
    {"sequential", {{"keys", "user"}, {"key_bytes", "20"}},                        0x2b92419b7d6ae122u},
    {"sequential", {{"keys", "decimal"}},                                          0xadbeacfbc43c9ad2u},
    {"mixed",      {{"verb", "put"}},                                              0x21f1bde124388184u},
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static tl_workload_spec spec_of(const asked *row, uint64_t ops)
{
    tl_workload_spec spec = replay_spec(ops, 42);
    spec.settings = row->settings;
    while (spec.setting_count < SETTINGS_MAX && row->settings[spec.setting_count].name != NULL)
        spec.setting_count++;
    return spec;
}

static void every_answer_is_the_models_and_the_stream_is_the_same_everywhere(void **state)
{
    static const uint64_t ops[] = {1, 2, 15, 16, 17, 63, 65, 300};
    static const size_t capacities[] = {1, 7, 64, 1000};
    (void)state;
    for (size_t r = 0; r < ROW_COUNT; r++) {
        const tl_workload *workload = tl_workload_find(rows[r].workload);
        for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
            tl_workload_spec spec = spec_of(&rows[r], ops[i]);
            replay(workload, &spec, CAPACITY); /* asserts inside */
        }
        tl_workload_spec spec = spec_of(&rows[r], OPS);
        for (size_t i = 0; i < sizeof capacities / sizeof capacities[0]; i++) {
            uint64_t hash = replay(workload, &spec, capacities[i]).hash;
            if (hash != rows[r].hash)
                fail_msg("row %zu (%s, %s=%s): stream hash 0x%016llx, expected 0x%016llx", r,
                         rows[r].workload, rows[r].settings[0].name, rows[r].settings[0].value,
                         (unsigned long long)hash, (unsigned long long)rows[r].hash);
        }
    }
}

/* Call `look` with each operation of phase `index`. */
static void each_op(const asked *row, uint64_t ops, size_t index,
                    void (*look)(void *context, const tl_op *op, uint64_t number), void *context)
{
    tl_workload_spec spec = spec_of(row, ops);
    const tl_workload *workload = tl_workload_find(row->workload);
    void *generator = workload->create(NULL, &spec, NULL, 0);
    assert_non_null(generator);
    workload->start(generator, index);
    tl_op batch[CAPACITY];
    uint64_t number = 0;
    for (size_t count; (count = workload->next_n(generator, batch, CAPACITY)) > 0;)
        for (size_t i = 0; i < count; i++)
            look(context, &batch[i], number++);
    workload->destroy(generator);
}

static void look_user(void *context, const tl_op *op, uint64_t number)
{
    const char *key = op->key;
    (void)context, (void)number;
    assert_int_equal(op->key_bytes, 16);
    assert_memory_equal(key, "user00000000", 12); /* of 500 records and as many absent ones */
    for (size_t i = 12; i < 16; i++)
        assert_true(isdigit((unsigned char)key[i]));
}

static void look_decimal(void *context, const tl_op *op, uint64_t number)
{
    const char *key = op->key;
    size_t *longest = context;
    (void)number;
    assert_in_range(op->key_bytes, 1, 3); /* below 2 * 500 */
    assert_true(op->key_bytes == 1 || key[0] != '0');
    for (size_t i = 0; i < op->key_bytes; i++)
        assert_true(isdigit((unsigned char)key[i]));
    if (op->key_bytes > *longest)
        *longest = op->key_bytes;
}

static void look_padded(void *context, const tl_op *op, uint64_t number)
{
    char want[32];
    (void)context;
    (void)snprintf(want, sizeof want, "%020llu", (unsigned long long)number);
    assert_int_equal(op->key_bytes, 20);
    assert_memory_equal(op->key, want, 20);
}

static void user_keys_share_a_prefix_and_decimal_ones_are_digits(void **state)
{
    (void)state;
    static const asked user = {"random", {{"keys", "user"}}, 0};
    static const asked decimal = {"random", {{"keys", "decimal"}}, 0};
    static const asked ascending = {"sequential", {{"keys", "decimal"}}, 0};
    size_t longest = 0;
    each_op(&user, OPS, 0, look_user, NULL);
    each_op(&user, OPS, 2, look_user, NULL); /* the absent ones */
    each_op(&decimal, OPS, 0, look_decimal, &longest);
    assert_int_equal(longest, 3);
    each_op(&ascending, OPS, 0, look_padded, NULL);
}

typedef struct group_look {
    uint64_t many, ops;
} group_look;

static void look_group(void *context, const tl_op *op, uint64_t number)
{
    const group_look *want = context;
    uint64_t together = want->many - number % want->many;
    if (together > want->ops - number)
        together = want->ops - number;
    assert_int_equal(op->kind, TL_OP_GET);
    assert_int_equal(op->scan_count, together);
}

static void gets_that_belong_together_count_down_to_the_last_of_their_group(void **state)
{
    (void)state;
    static const asked usual = {"random", {{"phases", "insert,get_many"}}, 0};
    static const asked seven = {
        "random", {{"phases", "insert,get_many"}, {"many", "7"}},
         0
    };
    each_op(&usual, 100, 1, look_group, &(group_look){16, 100});
    each_op(&seven, 100, 1, look_group, &(group_look){7, 100});
    each_op(&usual, 3, 1, look_group, &(group_look){16, 3});
}

/* The keys of a phase, or of a share of it, one after the other. */
typedef struct key_list {
    unsigned char *keys;
    size_t count, capacity;
} key_list;
enum { KEY_BYTES = 16 };

static void list_share(const tl_workload *workload, const tl_workload_spec *spec, size_t index,
                       int share, size_t capacity, key_list *list)
{
    void *generator = workload->create(NULL, spec, NULL, 0);
    assert_non_null(generator);
    if (share < 0)
        workload->start(generator, index);
    else
        workload->start_share(generator, index, (uint32_t)share);
    tl_op *batch = calloc(capacity, sizeof *batch);
    assert_non_null(batch);
    for (size_t count; (count = workload->next_n(generator, batch, capacity)) > 0;)
        for (size_t i = 0; i < count; i++) {
            assert_true(list->count < list->capacity);
            memcpy(list->keys + list->count++ * KEY_BYTES, batch[i].key, KEY_BYTES);
        }
    free(batch);
    workload->destroy(generator);
}

static void the_shares_of_a_phase_are_the_phase(void **state)
{
    static const uint64_t ops[] = {1, 2, 7, 64, 65, 1000, 1003};
    (void)state;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        for (int threads = 1; threads <= 9; threads += 4) {
            char number[16];
            (void)snprintf(number, sizeof number, "%d", threads);
            asked row = {
                "random", {{"phases", "insert_threads,get_threads"}, {"threads", number}},
                 0
            };
            tl_workload_spec spec = spec_of(&row, ops[i]);
            const tl_workload *workload = tl_workload_find("random");
            for (size_t phase = 0; phase < 2; phase++) {
                key_list whole = {calloc(ops[i], KEY_BYTES), 0, ops[i]};
                key_list shares = {calloc(ops[i], KEY_BYTES), 0, ops[i]};
                assert_non_null(whole.keys);
                assert_non_null(shares.keys);
                list_share(workload, &spec, phase, -1, CAPACITY, &whole);
                for (int share = 0; share < threads; share++)
                    list_share(workload, &spec, phase, share, (size_t)share + 1, &shares);
                assert_int_equal(whole.count, ops[i]);
                assert_int_equal(shares.count, ops[i]);
                assert_memory_equal(whole.keys, shares.keys, ops[i] * KEY_BYTES);
                free(whole.keys);
                free(shares.keys);
            }
        }
}

static void shapes_that_do_not_fit_are_refused_in_words(void **state)
{
    (void)state;
    char error[256] = "";
    asked narrow = {
        "random", {{"keys", "user"}, {"key_bytes", "15"}},
         0
    };
    tl_workload_spec spec = spec_of(&narrow, 10);
    assert_null(tl_workload_find("random")->create(NULL, &spec, error, sizeof error));
    assert_string_equal(error, "keys=user wants key_bytes of 16 or more");
    asked wide = {"random", {{"keys", "user"}}, 0};
    spec = spec_of(&wide, UINT64_C(600000000000));
    assert_null(tl_workload_find("random")->create(NULL, &spec, error, sizeof error));
    assert_non_null(strstr(error, "10^12"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_is_the_models_and_the_stream_is_the_same_everywhere),
        cmocka_unit_test(user_keys_share_a_prefix_and_decimal_ones_are_digits),
        cmocka_unit_test(gets_that_belong_together_count_down_to_the_last_of_their_group),
        cmocka_unit_test(the_shares_of_a_phase_are_the_phase),
        cmocka_unit_test(shapes_that_do_not_fit_are_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
