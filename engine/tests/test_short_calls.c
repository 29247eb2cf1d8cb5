/* engine/tests/test_short_calls.c -- the real disk whose system calls are short, interrupted or
 * refused.
 *
 * The linker puts support/syscalls.c between the engine and libc (--wrap).  One scenario, from an
 * empty directory to a closed database and back, runs again and again in a directory of its own:
 * transfers that are cut or interrupted must change nothing, down to the bytes of the files; calls
 * that are refused, one after the other, must be told, and leave no descriptor open.
 */
#define _GNU_SOURCE
#include "engine/tests/support/syscalls.h"
#include "tl/engine.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the scenario ---- */

enum { TXNS = 6, PUTS = 12, LARGE_BYTES = 40000 };
static const char *const protocols[] = {"log", "shadow1"};
enum { PROTOCOLS = sizeof protocols / sizeof protocols[0] };

static char dir[40], path[64];

static const char *file_of(const char *suffix)
{
    static char name[80];
    snprintf(name, sizeof name, "%s/x.%s", dir, suffix);
    return name;
}

static void files_remove(void)
{
    static const char *const all[] = {"tl", "tl.tmp", "log.0", "log.1", "lock"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        __real_unlink(file_of(all[i]));
}

static uint64_t mix(uint64_t sum, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ ((const uint8_t *)bytes)[i]) * UINT64_C(1099511628211);
    return sum;
}

static uint64_t files_hash(void)
{
    static const char *const all[] = {"tl", "log.0", "log.1"};
    static uint8_t bytes[1 << 16];
    uint64_t sum = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        FILE *file = fopen(file_of(all[i]), "rb");
        if (file == NULL)
            return 0;
        for (size_t got; (got = fread(bytes, 1, sizeof bytes, file)) > 0;)
            sum = mix(sum, bytes, got);
        fclose(file);
    }
    return sum;
}

static size_t descriptors_open(void)
{
    size_t count = 0;
    DIR *all = opendir("/proc/self/fd");
    assert_non_null(all);
    while (readdir(all) != NULL)
        count++;
    closedir(all);
    return count;
}

typedef struct outcome {
    tl_status status; /* the first that was not TL_OK */
    size_t acked;     /* txns */
    uint64_t files;   /* hash of their bytes after a run to the end */
} outcome;

static tl_status one_txn(tl_env *env, unsigned number)
{
    static char value[LARGE_BYTES];
    tl_txn *txn = NULL;
    tl_status status = tl_txn_begin(env, 0, &txn);
    if (status != TL_OK)
        return status;
    for (unsigned i = 0; i < PUTS && status == TL_OK; i++) {
        char key[16];
        size_t bytes = i == 5 && number % 3 == 0 ? sizeof value : 60;
        int length = snprintf(key, sizeof key, "%04u", (number * 37 + i * 11) % 200);
        memset(value, (int)('a' + number), bytes);
        status =
            tl_put(txn, TL_TREE_MAIN, (tl_slice){key, (size_t)length}, (tl_slice){value, bytes}, 0);
    }
    if (status != TL_OK) {
        tl_txn_abort(txn);
        return status;
    }
    return tl_txn_commit(txn);
}

static tl_env_options options_of(const char *protocol)
{
    return (tl_env_options){.flags = TL_OPEN_DETERMINISTIC,
                            .page_bytes = 1024,
                            .commit = protocol,
                            .seed = 7,
                            .map_bytes = 64 << 20,
                            .log_bytes = 8192,
                            .growth_bytes = 16384,
                            .ckpt_bytes = 20000};
}

/* Two lives; ends early when something is refused. */
static outcome run(const char *protocol, syscalls_plan what)
{
    tl_env_options options = options_of(protocol);
    outcome result = {.status = TL_OK};
    size_t before = descriptors_open();
    calls_seen = (syscalls){.fired = 0};
    files_remove();
    calls_seen.plan = what;
    for (unsigned life = 0; life < 2 && result.status == TL_OK; life++) {
        tl_env *env = NULL;
        result.status = tl_env_open(path, &options, &env);
        if (result.status != TL_OK)
            break;
        for (unsigned i = 0; i < TXNS && result.status == TL_OK; i++) {
            result.status = one_txn(env, life * TXNS + i);
            result.acked += result.status == TL_OK;
        }
        tl_status closed = tl_env_close(env);
        result.status = result.status != TL_OK ? result.status : closed;
    }
    calls_seen.plan = (syscalls_plan){.how = 0};
    assert_int_equal(descriptors_open(), before);
    if (result.status == TL_OK)
        result.files = files_hash();
    return result;
}

/* What the next process finds: sound, and how many records. */
static uint64_t look(const char *protocol)
{
    tl_env_options options = options_of(protocol);
    tl_env *env = NULL;
    tl_verify_summary summary;
    assert_int_equal(tl_env_open(path, &options, &env), TL_OK);
    assert_int_equal(tl_verify(env, NULL, NULL, &summary), TL_OK);
    assert_int_equal(tl_env_close(env), TL_OK);
    return summary.content_hash;
}

static void equals_the_clean_run(const char *protocol, syscalls_plan what, const outcome *clean)
{
    outcome result = run(protocol, what);
    if (result.status != TL_OK || result.files != clean->files)
        fail_msg("%s: %s, call %llu or every %llu, how %d: %s, files %s", protocol,
                 call_name(what.call), (unsigned long long)what.nth, (unsigned long long)what.every,
                 what.how, tl_status_name(result.status),
                 result.files == clean->files ? "equal" : "differ");
    assert_true(calls_seen.fired > 0);
}

static outcome clean_run(const char *protocol, uint64_t made[CALL_COUNT])
{
    outcome clean = run(protocol, (syscalls_plan){.how = 0});
    assert_int_equal(clean.status, TL_OK);
    memcpy(made, calls_seen.counts, sizeof calls_seen.counts);
    return clean;
}

/* Each call by itself, and every call, every second, third, seventh. */
static void sweep_harmless(call which, int how)
{
    static const uint64_t every[] = {1, 2, 3, 7};
    for (size_t p = 0; p < PROTOCOLS; p++) {
        uint64_t made[CALL_COUNT];
        outcome clean = clean_run(protocols[p], made);
        assert_true(made[which] > 0);
        for (uint64_t nth = 1; nth <= made[which]; nth++)
            equals_the_clean_run(protocols[p], (syscalls_plan){which, nth, 0, how}, &clean);
        for (size_t i = how == EINTR; i < 4 && every[i] <= made[which]; i++)
            equals_the_clean_run(protocols[p], (syscalls_plan){which, 0, every[i], how}, &clean);
    }
}

static void short_reads_change_nothing(void **state)
{
    (void)state;
    sweep_harmless(CALL_pread, ONE_BYTE);
    sweep_harmless(CALL_pread, SECTOR_LESS_ONE);
    sweep_harmless(CALL_pread, HALF);
}

static void short_writes_change_nothing(void **state)
{
    (void)state;
    sweep_harmless(CALL_pwritev, ONE_BYTE);
    sweep_harmless(CALL_pwritev, SECTOR_LESS_ONE);
    sweep_harmless(CALL_pwritev, HALF);
}

static void interrupted_calls_change_nothing(void **state)
{
    (void)state;
    static const call calls[] = {CALL_open,  CALL_pread,     CALL_pwritev,
                                 CALL_flock, CALL_fallocate, CALL_ftruncate};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        sweep_harmless(calls[i], EINTR);
}

static void a_file_system_without_fallocate_changes_nothing(void **state)
{
    (void)state;
    sweep_harmless(CALL_fallocate, EOPNOTSUPP);
}

static void refused_advice_changes_nothing(void **state)
{
    (void)state;
    sweep_harmless(CALL_madvise, ENOMEM);
}

static void a_write_that_makes_no_progress_is_an_error_and_no_endless_loop(void **state)
{
    (void)state;
    outcome result = run("log", (syscalls_plan){CALL_pwritev, 0, 1, NOTHING});
    assert_int_equal(result.status, TL_IO);
}

/* An interrupted sync has synced nobody knows what; it is not tried again. */
static void an_interrupted_sync_acknowledges_nothing(void **state)
{
    (void)state;
    uint64_t made[CALL_COUNT];
    clean_run("log", made);
    for (uint64_t nth = 1; nth <= made[CALL_fdatasync]; nth++) {
        outcome result = run("log", (syscalls_plan){CALL_fdatasync, nth, 0, EINTR});
        bool told = result.status == TL_IO || result.status == TL_POISONED;
        if (!told && result.status != TL_OK)
            fail_msg("sync %llu: %s", (unsigned long long)nth, tl_status_name(result.status));
        if (!told) /* only the file's end was to be cut, after all was said */
            assert_int_equal(result.acked, 2 * TXNS);
        look("log");
    }
}

static bool is_told(tl_status status, int error, call which)
{
    if (which == CALL_mmap)
        return status == TL_NO_MEMORY;
    if (error == ENOSPC || error == EDQUOT)
        return status == TL_NO_SPACE || status == TL_IO || status == TL_POISONED;
    return status == TL_IO || status == TL_POISONED;
}

/* Every call of every kind is refused once: told, nothing stays open, and what was acknowledged is
 * there for the next process. */
static void refused_calls_are_told_and_leave_nothing_open(void **state)
{
    (void)state;
    static const struct {
        call call;
        int error;
    } rows[] = {
        {CALL_open,      EIO   },
        {CALL_open,      EMFILE},
        {CALL_fstat,     EIO   },
        {CALL_flock,     EIO   },
        {CALL_pread,     EIO   },
        {CALL_pwritev,   EIO   },
        {CALL_pwritev,   ENOSPC},
        {CALL_pwritev,   EDQUOT},
        {CALL_fdatasync, EIO   },
        {CALL_fdatasync, ENOSPC},
        {CALL_fsync,     EIO   },
        {CALL_ftruncate, EIO   },
        {CALL_fallocate, ENOSPC},
        {CALL_fallocate, EIO   },
        {CALL_rename,    EIO   },
        {CALL_mmap,      ENOMEM},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t made[CALL_COUNT], told = 0;
        clean_run("log", made);
        if (rows[i].call == CALL_mmap && made[CALL_mmap] == 0)
            fail_msg("the arena is made without mmap: this test no longer sees it");
        for (uint64_t nth = 1; nth <= made[rows[i].call]; nth++) {
            outcome result = run("log", (syscalls_plan){rows[i].call, nth, 0, rows[i].error});
            bool fine = result.status == TL_OK
                            ? result.acked == 2 * TXNS
                            : is_told(result.status, rows[i].error, rows[i].call);
            told += result.status != TL_OK;
            if (!fine)
                fail_msg("%s %llu, errno %d: %s", call_name(rows[i].call), (unsigned long long)nth,
                         rows[i].error, tl_status_name(result.status));
            look("log");
        }
        if (told == 0)
            fail_msg("%s, errno %d: never told", call_name(rows[i].call), rows[i].error);
    }
}

static int setup(void **state)
{
    (void)state;
    bool memory = access("/dev/shm", W_OK) == 0; /* faster, and as real */
    snprintf(dir, sizeof dir, "%s/treelab-short-XXXXXX", memory ? "/dev/shm" : "/tmp");
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/x.tl", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    files_remove();
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_reads_change_nothing),
        cmocka_unit_test(short_writes_change_nothing),
        cmocka_unit_test(interrupted_calls_change_nothing),
        cmocka_unit_test(a_file_system_without_fallocate_changes_nothing),
        cmocka_unit_test(refused_advice_changes_nothing),
        cmocka_unit_test(a_write_that_makes_no_progress_is_an_error_and_no_endless_loop),
        cmocka_unit_test(an_interrupted_sync_acknowledges_nothing),
        cmocka_unit_test(refused_calls_are_told_and_leave_nothing_open),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
