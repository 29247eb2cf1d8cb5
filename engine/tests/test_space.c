/* engine/tests/test_space.c -- free space against the definition of when a page may be reused.
 *
 * A version of a page that was born at b and died at d is visible to snapshots b <= s < d.  The
 * model keeps every version and every pin and asks that question directly.
 */
#include "engine/base/hash.h"
#include "engine/page/zone.h"
#include "engine/store/space.h"
#include "engine/tests/unit.h"

#include <string.h>

enum { PAGE_BYTES = 1024, PAGES_MAX = 3000, PINS_MAX = 12, DEAD_MAX = 200000 };

typedef struct dead { /* a version that is gone from the tree */
    uint32_t pgno;
    uint64_t birth, death;
} dead;

typedef struct lab {
    tl_space space;
    tl_stats stats;
    uint64_t random, txn;      /* newest committed */
    uint64_t birth[PAGES_MAX]; /* of the live version; 0: none */
    dead dead[DEAD_MAX];
    size_t dead_count;
    uint64_t pins[PINS_MAX];
    size_t pin_count;
} lab;

static lab the_lab;

static lab *lab_set(uint64_t seed, uint32_t page_count)
{
    lab *l = &the_lab;
    memset(l, 0, sizeof *l);
    l->random = seed;
    l->txn = 1;
    l->pins[l->pin_count++] = 1;
    assert_int_equal(
        tl_space_open(&l->space, tl_memory_default(), &l->stats, PAGE_BYTES, PINS_MAX + 4), TL_OK);
    assert_int_equal(tl_space_extend(&l->space, page_count), TL_OK);
    tl_space_set_pins(&l->space, l->pins, l->pin_count);
    return l;
}

static bool pin_sees(const lab *l, const dead *version)
{
    for (size_t i = 0; i < l->pin_count; i++)
        if (version->birth <= l->pins[i] && l->pins[i] < version->death)
            return true;
    return false;
}

/* Forget versions that nobody sees; count the rest. */
static size_t pinned_versions(lab *l, bool *pinned_pages)
{
    size_t kept = 0;
    memset(pinned_pages, 0, PAGES_MAX * sizeof *pinned_pages);
    for (size_t i = 0; i < l->dead_count; i++) {
        if (!pin_sees(l, &l->dead[i]))
            continue;
        l->dead[kept++] = l->dead[i];
        pinned_pages[l->dead[i].pgno] = true;
    }
    return l->dead_count = kept;
}

static bool on_stack(const tl_space *space, uint32_t pgno)
{
    for (size_t i = 0; i < space->recycled.count; i++)
        if (space->recycled.at[i] == pgno)
            return true;
    return false;
}

/* Exactly the pages that are neither fixed, live nor seen by a pin can be had again. */
static void expect_exact(lab *l)
{
    static bool pinned[PAGES_MAX];
    const tl_space *space = &l->space;
    size_t pinned_count = pinned_versions(l, pinned), live_count = 0, fixed = 10;
    for (uint32_t pgno = 0; pgno < space->page_count; pgno++) {
        bool live = l->birth[pgno] != 0, busy = tl_bitmap_get(&space->busy, pgno);
        live_count += live;
        assert_false(live && pinned[pgno]); /* a page never holds two versions at once */
        assert_int_equal(tl_bitmap_get(&space->live, pgno), live || pgno < fixed);
        if (live || pinned[pgno])
            assert_true(busy && !on_stack(space, pgno));
        else if (pgno >= fixed)
            assert_true(!busy || on_stack(space, pgno));
    }
    assert_int_equal(tl_space_available(space),
                     space->page_count - fixed - live_count - pinned_count);
    assert_int_equal(space->pinned_count, pinned_count);
}

static uint32_t live_page(lab *l)
{
    for (unsigned tries = 0; tries < 200; tries++) {
        uint32_t pgno = unit_below(&l->random, l->space.page_count);
        if (l->birth[pgno] != 0)
            return pgno;
    }
    return 0;
}

/* Take and give pages as txn `l->txn + 1`; the model's births change with them. */
static void edit_pages(lab *l)
{
    tl_space *space = &l->space;
    uint64_t mine = l->txn + 1;
    for (unsigned i = 0, edits = 1 + unit_below(&l->random, 40); i < edits; i++) {
        assert_int_equal(tl_space_secure(space, 2), TL_OK);
        bool take = unit_below(&l->random, 2) == 0;
        if (take && tl_space_available(space) != 0) {
            bool loose = space->edits.loose.count != 0;
            uint64_t loose_reuse = l->stats.loose_reuse;
            uint32_t pgno = tl_space_take(space);
            assert_int_equal(l->birth[pgno], 0);
            for (size_t d = 0; d < l->dead_count; d++)
                assert_false(l->dead[d].pgno == pgno && pin_sees(l, &l->dead[d]));
            assert_int_equal(l->stats.loose_reuse - loose_reuse, loose); /* loose ones go first */
            l->birth[pgno] = mine;
        }
        uint32_t pgno = take ? 0 : live_page(l);
        if (pgno == 0)
            continue;
        tl_space_give(space, pgno, l->birth[pgno], l->birth[pgno] == mine);
        if (l->birth[pgno] != mine) {
            assert_true(l->dead_count < DEAD_MAX);
            l->dead[l->dead_count++] = (dead){pgno, l->birth[pgno], mine};
        }
        l->birth[pgno] = 0;
    }
}

static void pin_drop(lab *l, size_t index)
{
    l->pins[index] = l->pins[--l->pin_count];
}

/* Readers come and go: a new one sees the newest commit or, if it was quick, the one before. */
static void change_pins(lab *l)
{
    while (l->pin_count != 0 && unit_below(&l->random, 3) == 0)
        pin_drop(l, unit_below(&l->random, (uint32_t)l->pin_count));
    if (l->pin_count < PINS_MAX && unit_below(&l->random, 3) == 0)
        l->pins[l->pin_count++] = l->txn;
    if (l->pin_count < PINS_MAX && unit_below(&l->random, 10) == 0)
        l->pins[l->pin_count++] = l->txn; /* two readers, one snapshot */
}

static void pages_return_exactly_when_no_pin_sees_them(void **state)
{
    (void)state;
    uint64_t seed = unit_seed(__func__);
    for (unsigned history = 0; history < 6; history++) {
        lab *l = lab_set(seed + history, 600);
        for (unsigned step = 0; step < 400; step++) {
            edit_pages(l);
            if (unit_below(&l->random, 2) == 0)
                change_pins(l); /* a reader of the commit before this one began meanwhile */
            l->txn++;
            if (l->pin_count < PINS_MAX && unit_below(&l->random, 4) == 0)
                l->pins[l->pin_count++] = l->txn; /* and one of this one */
            tl_space_commit(&l->space, l->txn, l->pins, l->pin_count);
            expect_exact(l);
            change_pins(l);
            tl_space_set_pins(&l->space, l->pins, l->pin_count);
            expect_exact(l);
            if (unit_below(&l->random, 20) == 0) {
                tl_space_checkpointed(&l->space);
                assert_int_equal(l->space.recycled.count, 0);
                expect_exact(l);
            }
        }
        l->pin_count = 0;
        tl_space_set_pins(&l->space, l->pins, 0);
        expect_exact(l);
        assert_int_equal(l->space.pinned_count, 0); /* the last reader gone, nothing is held */
        assert_true(l->stats.loose_reuse > 0 && l->stats.recycle_reuse > 0);
        tl_space_close(&l->space);
    }
}

static void an_abort_restores_every_page(void **state)
{
    (void)state;
    static uint64_t births[PAGES_MAX];
    lab *l = lab_set(unit_seed(__func__), 600);
    for (unsigned step = 0; step < 600; step++) {
        size_t available = tl_space_available(&l->space), dead_count = l->dead_count;
        bool abort = step > 20 && unit_below(&l->random, 2) == 0;
        memcpy(births, l->birth, sizeof births);
        edit_pages(l);
        if (abort) {
            tl_space_abort(&l->space);
            memcpy(l->birth, births, sizeof births);
            l->dead_count = dead_count;
            assert_int_equal(tl_space_available(&l->space), available);
        } else {
            l->txn++;
            tl_space_commit(&l->space, l->txn, l->pins, l->pin_count);
        }
        expect_exact(l);
        change_pins(l);
        tl_space_set_pins(&l->space, l->pins, l->pin_count);
    }
    tl_space_close(&l->space);
}

static void a_loose_page_is_reused_before_the_file_is_searched(void **state)
{
    (void)state;
    lab *l = lab_set(1, 64);
    assert_int_equal(tl_space_secure(&l->space, 8), TL_OK);
    uint32_t first = tl_space_take(&l->space), second = tl_space_take(&l->space);
    tl_space_give(&l->space, first, 2, true);
    tl_space_give(&l->space, second, 2, true);
    assert_int_equal(tl_space_take(&l->space), second);
    assert_int_equal(tl_space_take(&l->space), first);
    assert_int_equal(l->stats.loose_reuse, 2);
    assert_int_equal(l->space.edits.born.count, 2); /* each once, however often it was used */
    tl_space_close(&l->space);
}

static void fixed_pages_are_never_handed_out(void **state)
{
    (void)state;
    const uint32_t zone_pages = tl_zone_pages(PAGE_BYTES), page_count = 2 * zone_pages + 100;
    lab *l = lab_set(1, 64);
    assert_int_equal(zone_pages, 7680);
    assert_int_equal(tl_space_extend(&l->space, zone_pages + 1), TL_OK); /* half of a slot pair */
    assert_int_equal(tl_space_extend(&l->space, page_count), TL_OK);
    assert_int_equal(l->space.zones.count, 3);
    size_t available = tl_space_available(&l->space);
    assert_int_equal(available, page_count - 8 - 3 * 2); /* 8 pages of metas, 2 slots a zone */
    uint32_t last = 0;
    assert_int_equal(tl_space_secure(&l->space, available), TL_OK);
    for (size_t i = 0; i < available; i++) {
        uint32_t pgno = tl_space_take(&l->space);
        assert_true(i == 0 || pgno > last); /* first fit, each page once */
        assert_true(pgno >= 10);
        assert_true(pgno % zone_pages > 1 && pgno < page_count);
        last = pgno;
    }
    assert_int_equal(tl_space_available(&l->space), 0);
    tl_space_close(&l->space);
}

static void a_stored_zone_gives_back_its_bits(void **state)
{
    (void)state;
    static uint8_t page[PAGE_BYTES];
    lab *l = lab_set(1, 1000);
    memset(page, 0, sizeof page);
    for (uint32_t pgno = 0; pgno < tl_zone_pages(PAGE_BYTES); pgno += 3) /* beyond the end too */
        page[TL_PAGE_HEADER_BYTES + pgno / 8] |= (uint8_t)(1u << (pgno & 7));
    uint32_t crc = tl_zone_seal(page, PAGE_BYTES, 9, 0, 44);
    tl_space_load_zone(&l->space, 0, page, 1);
    size_t used = 0;
    for (uint32_t pgno = 0; pgno < 1000; pgno++) {
        bool wanted = pgno % 3 == 0 || pgno < 10; /* metas and slots stay, whatever the bits say */
        assert_int_equal(tl_bitmap_get(&l->space.live, pgno), wanted);
        assert_int_equal(tl_bitmap_get(&l->space.busy, pgno), wanted);
        used += wanted;
    }
    assert_false(tl_bitmap_get(&l->space.live, 1002));
    assert_int_equal(tl_space_available(&l->space), 1000 - used);
    assert_int_equal(l->space.zones.at[0].epoch, 44);
    assert_int_equal(l->space.zones.at[0].crc, crc);
    assert_int_equal(l->space.zones.at[0].slot, 1);
    assert_false(l->space.zones.at[0].dirty);
    tl_space_close(&l->space);
}

/* The same property from outside: an idle reader does not make the file grow without end. */
static void an_old_reader_pins_only_the_pages_it_can_see(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    tl_env_options options = {
        .flags = TL_OPEN_DETERMINISTIC, .durability = TL_DURABILITY_NONE, .page_bytes = 1024};
    tl_env *env = unit_open(&place, &options);
    unit_put_numbers(env, 0, 400, 60);
    tl_txn *reader = NULL;
    assert_int_equal(tl_txn_begin(env, TL_TXN_READ_ONLY, &reader), TL_OK);
    tl_env_info before, after;
    for (unsigned round = 0; round < 300; round++)
        unit_put_numbers(env, 0, 40, 60);
    tl_env_info_get(env, &before);
    for (unsigned round = 0; round < 1500; round++)
        unit_put_numbers(env, 0, 40, 60);
    tl_env_info_get(env, &after);
    assert_int_equal(after.page_count, before.page_count);
    assert_int_equal(after.pages_free, before.pages_free);
    tl_slice value;
    assert_int_equal(tl_get(reader, TL_TREE_MAIN, unit_text("00000399"), &value), TL_OK);
    tl_txn_abort(reader);
    unit_expect_numbers(env, 0, 400, 60);
    (void)unit_expect_clean(env);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_place_remove(&place);
}

/* Bitmaps of three zones are written, read again and agree with the tree. */
static void a_file_of_several_zones_reopens_with_its_free_space(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    tl_env_options options = {.flags = TL_OPEN_DETERMINISTIC,
                              .durability = TL_DURABILITY_NONE,
                              .page_bytes = 1024,
                              .map_bytes = UINT64_C(1) << 30};
    tl_env *env = unit_open(&place, &options);
    enum { RECORDS = 52000, VALUE = 256 };
    for (unsigned i = 0; i < RECORDS; i += 4000)
        unit_put_numbers(env, i, i + 4000, VALUE);
    tl_env_info before, grown, after;
    (void)unit_expect_clean(env);
    assert_int_equal(tl_env_close(env), TL_OK);
    env = unit_open(&place, &options);
    tl_env_info_get(env, &before);
    assert_true(before.page_count > 2 * tl_zone_pages(1024));
    (void)unit_expect_clean(env);
    /* The close has cut the free end off: the file grows once, by a sixteenth. */
    unit_put_numbers(env, 0, 1, VALUE);
    tl_env_info_get(env, &grown);
    assert_int_equal(grown.page_count, before.page_count + before.page_count / 16);
    tl_env_abandon(env);
    env = unit_open(&place, &options);
    (void)unit_expect_clean(env);
    tl_env_info_get(env, &after);
    assert_int_equal(after.page_count, grown.page_count);
    assert_int_equal(after.pages_live, before.pages_live);
    /* What the crash left unused is free, and so are the pages that the put gave up. */
    assert_int_equal(after.pages_free, after.page_count - after.pages_live);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_return_exactly_when_no_pin_sees_them),
        cmocka_unit_test(an_abort_restores_every_page),
        cmocka_unit_test(a_loose_page_is_reused_before_the_file_is_searched),
        cmocka_unit_test(fixed_pages_are_never_handed_out),
        cmocka_unit_test(a_stored_zone_gives_back_its_bits),
        cmocka_unit_test(an_old_reader_pins_only_the_pages_it_can_see),
        cmocka_unit_test(a_file_of_several_zones_reopens_with_its_free_space),
    };
    return cmocka_run_group_tests_name("space", tests, NULL, NULL);
}
