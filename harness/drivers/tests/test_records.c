/* harness/drivers/tests/test_records.c -- the model's array against the plainest one there is:
 * one slot per possible key. */
#include "harness/drivers/records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { KEYS = 3000, STEPS = 40000, SNAPSHOTS = 4 };

/* The key of number n is its decimal text, so lengths and orders mix. */
typedef struct plain {
    bool present[KEYS];
    unsigned value[KEYS];
    size_t count;
} plain;

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static uint64_t test_seed(void)
{
    const char *given = getenv("TREELAB_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : 20261121;
    print_message("seed %llu (TREELAB_TEST_SEED replays)\n", (unsigned long long)seed);
    return seed;
}

static tl_slice key_of(unsigned number, char text[16])
{
    return (tl_slice){text, (size_t)snprintf(text, 16, "%u", number)};
}

static tl_slice value_of(const unsigned *value)
{
    return (tl_slice){value, sizeof *value};
}

static void assert_same(const tl_records_version *version, const plain *truth)
{
    tl_records_place place = {0, 0};
    tl_slice key, value;
    char before[16] = "", text[16];
    size_t count = 0;
    for (; tl_records_at(version, place, &key, &value); count++) {
        memcpy(text, key.data, key.size_bytes);
        text[key.size_bytes] = '\0';
        assert_true(strcmp(before, text) < 0);
        strcpy(before, text);
        unsigned number = (unsigned)strtoul(text, NULL, 10);
        assert_true(truth->present[number]);
        assert_memory_equal(value.data, &truth->value[number], sizeof(unsigned));
        place = tl_records_after(version, place);
    }
    assert_int_equal(count, truth->count);
    assert_int_equal(tl_records_count(version), truth->count);
    for (; count > 0; count--)
        assert_true(tl_records_before(version, &place));
    assert_false(tl_records_before(version, &place));
}

static void change(tl_records_version *draft, plain *truth, uint64_t *random)
{
    unsigned number = (unsigned)(next_random(random) % KEYS);
    unsigned value = (unsigned)next_random(random);
    uint64_t dice = next_random(random) % 8;
    char text[16];
    tl_slice key = key_of(number, text);
    bool present = truth->present[number];
    if (dice < 3) {
        assert_int_equal(tl_records_del(draft, key), present ? TL_OK : TL_NOT_FOUND);
        truth->present[number] = false;
        truth->count -= present;
        return;
    }
    bool insert = dice == 3, refused = insert && present;
    assert_int_equal(tl_records_put(draft, key, value_of(&value), insert),
                     refused ? TL_EXISTS : TL_OK);
    if (refused)
        return;
    truth->present[number] = true;
    truth->value[number] = value;
    truth->count += !present;
}

static void versions_stay_as_they_were_while_drafts_are_published_and_discarded(void **unused)
{
    (void)unused;
    static plain newest, drafted, kept[SNAPSHOTS];
    tl_records_version *pinned[SNAPSHOTS] = {NULL};
    uint64_t random = test_seed();
    tl_records *records;
    assert_int_equal(tl_records_create(&records), TL_OK);
    for (unsigned step = 0, round = 0; step < STEPS; round++) {
        tl_records_version *draft, *second;
        assert_int_equal(tl_records_fork(records, &draft), TL_OK);
        assert_int_equal(tl_records_fork(records, &second), TL_BUSY);
        drafted = newest;
        for (uint64_t left = 1 + next_random(&random) % 600; left > 0; left--, step++)
            change(draft, &drafted, &random);
        assert_same(draft, &drafted);
        if (next_random(&random) % 3 == 0) {
            tl_records_discard(records, draft);
        } else {
            tl_records_publish(records, draft);
            newest = drafted;
        }
        unsigned place = (unsigned)(next_random(&random) % SNAPSHOTS);
        if (pinned[place] != NULL) {
            assert_same(pinned[place], &kept[place]);
            tl_records_unpin(records, pinned[place]);
        }
        pinned[place] = tl_records_pin(records);
        kept[place] = newest;
    }
    assert_same(pinned[0], &kept[0]);
    tl_records_destroy(records);
}

static void seek_finds_the_first_record_at_or_after_every_key(void **unused)
{
    (void)unused;
    tl_records *records;
    tl_records_version *draft;
    assert_int_equal(tl_records_create(&records), TL_OK);
    assert_int_equal(tl_records_fork(records, &draft), TL_OK);
    enum { EVEN_COUNT = 2000 };
    for (unsigned i = 0; i < EVEN_COUNT; i++) { /* big-endian even numbers, descending */
        unsigned number = 2 * (EVEN_COUNT - 1 - i);
        unsigned char bytes[2] = {(unsigned char)(number >> 8), (unsigned char)number};
        tl_slice key = {bytes, sizeof bytes};
        assert_int_equal(tl_records_put(draft, key, key, true), TL_OK);
    }
    for (unsigned number = 0; number < 2 * EVEN_COUNT; number++) {
        unsigned char bytes[2] = {(unsigned char)(number >> 8), (unsigned char)number};
        unsigned above = number + number % 2;
        unsigned char want[2] = {(unsigned char)(above >> 8), (unsigned char)above};
        bool equal;
        tl_slice key, value;
        tl_records_place place = tl_records_seek(draft, (tl_slice){bytes, 2}, &equal);
        assert_int_equal(equal, number % 2 == 0);
        bool found = tl_records_at(draft, place, &key, &value);
        assert_int_equal(found, above < 2 * EVEN_COUNT);
        if (found)
            assert_memory_equal(key.data, want, sizeof want);
    }
    tl_records_destroy(records); /* with the draft still open */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_stay_as_they_were_while_drafts_are_published_and_discarded),
        cmocka_unit_test(seek_finds_the_first_record_at_or_after_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
