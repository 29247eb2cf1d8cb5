/* Crashes and failing calls: what the host hears, and how the model follows a store that came back
 * with an earlier commit, or with one whose outcome was unknown. */
#include "fixture.h"

#include "harness/script/simhost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const tl_driver *model(void)
{
    return tl_driver_find("model");
}

/* --- a store that remembers up to a chosen commit --- */

static struct {
    tl_store *store;
    char file[256], kept[256];    /* the model's file, and a copy of it as of commit `keep` */
    uint64_t commits, keep;       /* so far; the one a crash goes back to */
    bool fail_next, apply_failed; /* the next commit says TL_IO; it happened all the same */
} world;

static void keep_this(void)
{
    assert_int_equal(model()->checkpoint(world.store), TL_OK);
    char bytes[4096];
    FILE *from = fopen(world.file, "rb"), *to = fopen(world.kept, "wb");
    assert_non_null(from);
    assert_non_null(to);
    for (size_t got; (got = fread(bytes, 1, sizeof bytes, from)) > 0;)
        assert_int_equal(fwrite(bytes, 1, got, to), got);
    fclose(from);
    assert_int_equal(fclose(to), 0);
}

static tl_status world_open(const tl_driver_options *options, tl_store **store)
{
    tl_status status = model()->open(options, store);
    if (status != TL_OK)
        return status;
    world.store = *store;
    snprintf(world.file, sizeof world.file, "%s/model.records", options->dir);
    snprintf(world.kept, sizeof world.kept, "%s/kept", options->dir);
    if (world.keep == 0 && world.commits == 0)
        keep_this();
    return TL_OK;
}

static tl_status world_begin(tl_store *store, bool read_only, tl_store_txn **txn)
{
    return model()->begin(store, read_only, txn);
}

static tl_status world_commit(tl_store_txn *txn)
{
    bool fails = world.fail_next;
    world.fail_next = false;
    if (fails && !world.apply_failed) {
        model()->abort(txn);
        return TL_IO;
    }
    tl_status status = model()->commit(txn);
    if (++world.commits == world.keep)
        keep_this();
    return fails ? TL_IO : status;
}

static tl_driver world_driver(void)
{
    tl_driver driver = *model();
    driver.name = "world";
    driver.capabilities |= TL_DRIVER_SIM_IO;
    driver.open = world_open;
    driver.begin = world_begin;
    driver.commit = world_commit;
    return driver;
}

/* --- a host that writes down what it hears --- */

static struct {
    char text[1024];
    tl_script_survivors survivors; /* what it says of a crash; most 0: nothing */
} heard;

static void hear(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void hear(const char *format, ...)
{
    size_t used = strlen(heard.text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(heard.text + used, sizeof heard.text - used, format, arguments);
    va_end(arguments);
}

static tl_status hear_fail(void *context, const tl_script_fault *fault)
{
    (void)context;
    hear("fail %s %" PRIu64 " %s%s;", fault->call, fault->nth, fault->error,
         fault->sticky ? " sticky" : "");
    world.fail_next = true;
    return TL_OK;
}

static tl_status hear_crash(void *context, const tl_script_power_loss *loss,
                            tl_script_survivors *survivors)
{
    static const char *const words[] = {"keep", "drop", "torn"};
    (void)context;
    hear("crash %s at %" PRIu64 " of %" PRIu64 "..%" PRIu64, loss->profile, loss->at,
         survivors->least, survivors->most);
    for (size_t i = 0; i < loss->unit_count; i++)
        hear(" %s %" PRIu64 ":%" PRIu64, words[loss->units[i].kind], loss->units[i].unit,
             loss->units[i].tear);
    hear(";");
    if (heard.survivors.most != 0)
        *survivors = heard.survivors;
    return rename(world.kept, world.file) == 0 ? TL_OK : TL_IO;
}

static void hear_reopen(void *context)
{
    (void)context;
    hear("reopen;");
    world.fail_next = false;
}

static void hear_opened(void *context, uint64_t commit)
{
    (void)context;
    hear("opened %" PRIu64 ";", commit);
}

static void hear_commit(void *context, uint64_t commit, bool acknowledged)
{
    (void)context;
    if (acknowledged)
        hear("commit %" PRIu64 ";", commit);
}

static const tl_script_host host = {.on_fail = hear_fail,
                                    .on_crash = hear_crash,
                                    .on_reopen = hear_reopen,
                                    .on_opened = hear_opened,
                                    .on_commit = hear_commit};

static void run_in_world(const char *text, uint64_t keep, tl_script_survivors survivors,
                         tl_script_result *result)
{
    memset(&world, 0, sizeof world);
    memset(&heard, 0, sizeof heard);
    world.keep = keep;
    heard.survivors = survivors;
    tl_driver driver = world_driver();
    tl_script_config config = {.host = &host};
    fixture_run_config(text, &driver, &config, result);
}

static void expect_outcome(const tl_script_result *result, tl_script_outcome outcome,
                           const char *said)
{
    if (result->outcome != outcome || strstr(result->message, said) == NULL)
        fail_msg("%s: %s", tl_script_outcome_name(result->outcome), result->message);
}

/* --- the tests --- */

static void the_host_hears_what_happens(void **state)
{
    (void)state;
    tl_script_result result;
    run_in_world("open durability=commit\nput \"a\" \"1\"\nput \"b\" \"2\"\n"
                 "crash profile=journal at=31 drop=4,2+3 torn=7:2\nreopen\n"
                 "fail fdatasync 2*1 EIO sticky\nput \"c\" \"3\" -> TL_IO\nreopen\n"
                 "fail pwritev 1 ENOSPC\n",
                 1, (tl_script_survivors){0, 0}, &result);
    expect_outcome(&result, TL_SCRIPT_PASSED, "");
    assert_string_equal(heard.text,
                        "opened 0;commit 1;commit 2;"
                        "crash journal at 31 of 0..2 drop 4:0 drop 5:0 torn 7:2;reopen;opened 1;"
                        "fail fdatasync 2 EIO sticky;reopen;opened 1;fail pwritev 1 ENOSPC;");
}

/* Five commits that put, change and delete, then a crash back to any of them. */
static const char five_commits[] = "open\n"
                                   "begin\nput \"a\" \"1\"\nput \"b\" \"1\"\ncommit\n"
                                   "put \"a\" \"2\"\n"
                                   "begin\ndel \"b\"\nput \"c\" \"3\"\nput \"c\" \"33\"\ncommit\n"
                                   "begin\nput \"lost\" \"0\"\nabort\n"
                                   "begin\ncursor x\nx: first\nx: curdel\ncommit\n"
                                   "insert \"a\" \"5\"\n"
                                   "begin\nput \"open\" \"when the power fails\"\n"
                                   "begin read r\nr: cursor y\ny: first\n"
                                   "crash profile=posix at=9\n"
                                   "reopen\n";

/* after a crash back to commit n: what `scan` and `get "a"` answer */
static const char *const contents[] = {
    "scan -> count=0\nget \"a\" -> TL_NOT_FOUND",
    "scan -> count=2 last=\"b\"\nget \"a\" -> \"1\"",
    "scan -> count=2 last=\"b\"\nget \"a\" -> \"2\"",
    "scan -> count=2 last=\"c\"\nget \"a\" -> \"2\"\nget \"c\" -> \"33\"",
    "scan -> count=1 last=\"c\"\nget \"a\" -> TL_NOT_FOUND",
    "scan -> count=2 last=\"c\"\nget \"a\" -> \"5\"",
};

static void the_model_follows_a_crash_to_any_commit(void **state)
{
    (void)state;
    for (uint64_t keep = 0; keep <= 5; keep++) {
        char text[1024];
        snprintf(text, sizeof text,
                 "%s%s\nget \"open\" -> TL_NOT_FOUND\nput \"after\" \"6\"\nreopen\n"
                 "get \"after\" -> \"6\"\ny: next -> TL_INVALID\n",
                 five_commits, contents[keep]);
        tl_script_result result;
        run_in_world(text, keep, (tl_script_survivors){0, 0}, &result);
        expect_outcome(&result, TL_SCRIPT_PASSED, "");
    }
}

static void a_commit_that_must_have_survived_is_missed(void **state)
{
    (void)state;
    for (uint64_t keep = 0; keep <= 5; keep++) {
        tl_script_result result;
        run_in_world(five_commits, keep, (tl_script_survivors){3, 4}, &result);
        if (keep == 3 || keep == 4)
            expect_outcome(&result, TL_SCRIPT_PASSED, "");
        else
            expect_outcome(&result, TL_SCRIPT_MISMATCH,
                           "want the content after commit 3 to 4, got another content");
    }
}

static void a_lost_commit_is_not_excused_by_any(void **state)
{
    (void)state;
    tl_script_result result;
    run_in_world("open\nput \"a\" \"1\"\nput \"b\" \"2\"\ncrash profile=posix at=1\n"
                 "reopen -> any\n",
                 1, (tl_script_survivors){2, 2}, &result);
    expect_outcome(&result, TL_SCRIPT_MISMATCH, "test.tls:6: want the content after commit 2 to 2");
}

/* A commit that said TL_IO is not there until the store opens again; then it may be. */
static void an_unknown_commit_may_be_there_or_not(void **state)
{
    (void)state;
    for (int applied = 0; applied < 2; applied++) {
        tl_script_result result;
        memset(&world, 0, sizeof world);
        memset(&heard, 0, sizeof heard);
        world.apply_failed = applied == 1;
        tl_driver driver = world_driver();
        tl_script_config config = {.host = &host};
        fixture_run_config("open\nput \"a\" \"1\"\nfail fdatasync 1 EIO\n"
                           "put \"a\" \"2\" -> TL_IO\nreopen\nget \"a\"\nput \"b\" \"3\"\n"
                           "fail fdatasync 1 EIO\nbegin\nput \"c\" \"4\"\ndel \"b\"\n"
                           "commit -> TL_IO\nreopen\nscan\n",
                           &driver, &config, &result);
        expect_outcome(&result, TL_SCRIPT_PASSED, "");
        assert_non_null(strstr(heard.text, applied ? "reopen;opened 2;" : "reopen;opened 1;"));
    }
}

/* --- on a simulated disk --- */

/* The tree, but the commit that brings the third record is acknowledged and dropped. */
static tl_status drop_commit(tl_store_txn *txn)
{
    const tl_driver *tree = tl_driver_find("tree");
    uint64_t count = 0;
    if (tree->count(txn, &count) == TL_OK && count == 3) {
        tree->abort(txn);
        return TL_OK;
    }
    return tree->commit(txn);
}

static void run_on_simdisk(const char *text, const tl_driver *driver, tl_script_result *result)
{
    tl_simhost *disk = NULL;
    tl_script *script = fixture_parse(text);
    assert_int_equal(tl_simhost_create(script, &disk), TL_OK);
    tl_script_config config = {.driver = driver, .host = tl_simhost_get(disk)};
    fixture_run_script(script, &config, result);
    tl_simhost_destroy(disk);
    tl_script_free(script);
}

static const char three_commits[] = "open page_bytes=4096 durability=commit seed=1\n"
                                    "put \"a\" \"1\"\nput \"b\" \"2\"\nput \"c\" \"3\"\n";

static void a_dropped_commit_is_caught_after_a_power_loss(void **state)
{
    (void)state;
    tl_driver liar = *tl_driver_find("tree");
    liar.commit = drop_commit;
    char text[512];
    bool caught = false, passed = false;
    for (int at = 0; at < 200; at++) { /* crash at every entry of the log, honest and lying */
        tl_script_result honest, lying;
        snprintf(text, sizeof text, "%scrash profile=posix at=%d\nreopen\n", three_commits, at);
        run_on_simdisk(text, tl_driver_find("tree"), &honest);
        if (strstr(honest.message, "got TL_INVALID") != NULL)
            break; /* the log ends here */
        expect_outcome(&honest, TL_SCRIPT_PASSED, "");
        passed = true;
        run_on_simdisk(text, &liar, &lying);
        caught = caught || strstr(lying.message, "want the content after commit") != NULL;
    }
    assert_true(passed);
    assert_true(caught);
}

/* Crash at every entry of the log that two loads leave, one behind the records of the main tree and
 * one into a new tree: whatever commit is there, a load in it is whole, and the next one works.
 * Returns how many entries there are. */
static int crash_in_loads(const char *protocol, const char *profile)
{
    for (int at = 0; at < 1000; at++) {
        char text[1024];
        tl_script_result result;
        snprintf(text, sizeof text,
                 "open page_bytes=1024 durability=commit commit=%s growth_bytes=8k ckpt_bytes=32k\n"
                 "put \"a\" \"1\"\n"
                 "bulkload\nfor i in 0..120\n\"k\"+u64($i) fill(40,$i)\nend\nend\n"
                 "bulkload @side fill=bulk90\nfor i in 0..60\nu64($i) fill(90,$i)\nend\nend\n"
                 "put \"z\" \"2\"\n"
                 "crash profile=%s at=%d\nreopen\nverify\n"
                 "bulkload @later\nfor i in 0..40\nu64($i) fill(40,$i)\nend\nend\n"
                 "verify\nreopen\nverify\n",
                 protocol, profile, at);
        run_on_simdisk(text, tl_driver_find("tree"), &result);
        if (strstr(result.message, "got TL_INVALID") != NULL)
            return at; /* the log ends here */
        expect_outcome(&result, TL_SCRIPT_PASSED, "");
    }
    return 1000;
}

static void a_load_is_whole_or_absent_wherever_a_crash_comes(void **state)
{
    static const char *const profiles[] = {"sigkill", "posix", "journal"};
    (void)state;
    for (const char *const *protocol = tl_commit_protocols(); *protocol != NULL; protocol++)
        for (size_t p = 0; p < sizeof profiles / sizeof profiles[0]; p++) {
            int entries = crash_in_loads(*protocol, profiles[p]);
            print_message("%s, %s: crashes at %d entries\n", *protocol, profiles[p], entries);
            assert_in_range(entries, 20, 999);
        }
}

static void what_no_disk_can_do_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "crash profile=posix at=100000 -> TL_INVALID",     /* behind the log */
        "crash profile=posix at=5 torn=4:1 -> TL_INVALID", /* not the one in flight */
        "crash profile=posix at=5 keep=1 drop=2 -> TL_INVALID",
        "crash profile=sigkill at=5 drop=2 -> TL_INVALID", /* a kill loses nothing issued */
        "fail nothing 1 EIO -> TL_UNSUPPORTED\nfail pread 1 EWHAT -> TL_UNSUPPORTED",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[512];
        tl_script_result result;
        snprintf(text, sizeof text, "%s%s\nreopen\ncount -> count=3\n", three_commits, lines[i]);
        run_on_simdisk(text, tl_driver_find("tree"), &result);
        expect_outcome(&result, TL_SCRIPT_PASSED, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_hears_what_happens),
        cmocka_unit_test(the_model_follows_a_crash_to_any_commit),
        cmocka_unit_test(a_commit_that_must_have_survived_is_missed),
        cmocka_unit_test(a_lost_commit_is_not_excused_by_any),
        cmocka_unit_test(an_unknown_commit_may_be_there_or_not),
        cmocka_unit_test(a_dropped_commit_is_caught_after_a_power_loss),
        cmocka_unit_test(a_load_is_whole_or_absent_wherever_a_crash_comes),
        cmocka_unit_test(what_no_disk_can_do_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
