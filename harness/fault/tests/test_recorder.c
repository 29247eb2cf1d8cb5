/* harness/fault/tests/test_recorder.c -- the log of a recorded disk is that of a simulated one, it
 * leads to what the files hold, and a recorder that missed something says so. */
#define _GNU_SOURCE
#include "harness/fault/recorder.h"
#include "harness/report/tests/folder.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 3, STEPS = 400, SEEDS = 8 };

typedef struct both { /* the same calls go to both */
    tl_recorder *recorder;
    tl_simdisk *disk;
    tl_io *real, *simulated;
    tl_file *real_files[FILES], *simulated_files[FILES];
    char dir[160];
    uint64_t random;
} both;

static uint64_t next(both *b, uint64_t below)
{
    b->random = b->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (b->random >> 33) % below;
}

static const char *real_name(both *b, unsigned file)
{
    static char path[2][200];
    static unsigned turn;
    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/f%u", b->dir, file);
    return path[turn];
}

static const char *simulated_name(unsigned file)
{
    static char path[2][16];
    static unsigned turn;
    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "db/f%u", file);
    return path[turn];
}

static void close_both(both *b, unsigned file)
{
    if (b->real_files[file] == NULL)
        return;
    b->real->close(b->real, b->real_files[file]);
    b->simulated->close(b->simulated, b->simulated_files[file]);
    b->real_files[file] = b->simulated_files[file] = NULL;
}

static void open_both(both *b, unsigned file, unsigned flags)
{
    close_both(b, file);
    tl_status one = b->real->open(b->real, real_name(b, file), flags, &b->real_files[file]);
    tl_status other =
        b->simulated->open(b->simulated, simulated_name(file), flags, &b->simulated_files[file]);
    assert_int_equal(one, other);
}

static void write_both(both *b, unsigned file)
{
    uint8_t bytes[9000];
    size_t size = 1 + (size_t)next(b, sizeof bytes);
    uint64_t offset = next(b, 20000);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)next(b, 256);
    size_t half = size / 2;
    tl_io_span spans[] = {
        {bytes,        half       },
        {bytes + half, size - half}
    };
    assert_int_equal(b->real->pwritev(b->real, b->real_files[file], offset, spans, 2), TL_OK);
    assert_int_equal(
        b->simulated->pwritev(b->simulated, b->simulated_files[file], offset, spans, 2), TL_OK);
}

/* One random call to both, with equal answers. */
static void step(both *b)
{
    unsigned file = (unsigned)next(b, FILES);
    uint64_t size = next(b, 30000), offset = next(b, 10000);
    if (b->real_files[file] == NULL) {
        open_both(b, file, next(b, 4) == 0 ? TL_IO_WRITE : TL_IO_WRITE | TL_IO_CREATE);
        return;
    }
    tl_file *real = b->real_files[file], *simulated = b->simulated_files[file];
    tl_io *io = b->real, *sim = b->simulated;
    switch (next(b, 9)) {
    case 0:
        assert_int_equal(io->fdatasync(io, real), sim->fdatasync(sim, simulated));
        return;
    case 1:
        assert_int_equal(io->fsync_dir(io, b->dir), sim->fsync_dir(sim, "db"));
        return;
    case 2:
        assert_int_equal(io->truncate(io, real, size), sim->truncate(sim, simulated, size));
        return;
    case 3:
        assert_int_equal(io->fallocate(io, real, offset, size + 1),
                         sim->fallocate(sim, simulated, offset, size + 1));
        return;
    case 4:
        close_both(b, file); /* renamed while it is open, a file has a name nobody asked about */
        close_both(b, (file + 1) % FILES);
        assert_int_equal(
            io->rename(io, real_name(b, file), real_name(b, (file + 1) % FILES)),
            sim->rename(sim, simulated_name(file), simulated_name((file + 1) % FILES)));
        return;
    case 5:
        close_both(b, file);
        assert_int_equal(io->unlink(io, real_name(b, file)),
                         sim->unlink(sim, simulated_name(file)));
        return;
    default:
        write_both(b, file);
        return;
    }
}

static bool same_entry(const tl_simdisk *one, const tl_simdisk *other, size_t i)
{
    char text[200], other_text[200]; /* kind, names, offset, sizes, sectors */
    const tl_simdisk_op *a = tl_simdisk_op_at(one, i), *c = tl_simdisk_op_at(other, i);
    tl_simdisk_op_text(one, i, text, sizeof text);
    tl_simdisk_op_text(other, i, other_text, sizeof other_text);
    return strcmp(text, other_text) == 0 && a->kind == c->kind && a->file == c->file &&
           a->size_after == c->size_after && a->first_sector == c->first_sector &&
           (a->kind != TL_SIMDISK_SYNC ||
            strcmp(tl_simdisk_path(one, a->path), tl_simdisk_path(other, c->path)) == 0) &&
           memcmp(tl_simdisk_payload(one, a), tl_simdisk_payload(other, c),
                  (size_t)a->sector_count * TL_SECTOR_BYTES) == 0;
}

static void audit_is_clean(tl_recorder *recorder)
{
    char text[256] = "";
    tl_status status = tl_recorder_audit(recorder, text, sizeof text);
    if (status != TL_OK)
        fail_msg("the audit says %s: %s", tl_status_name(status), text);
}

static void equal_calls_give_equal_logs_on_a_recorded_and_on_a_simulated_disk(void **state)
{
    folder *scratch = *state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        both b = {.random = seed};
        snprintf(b.dir, sizeof b.dir, "%s/%u", scratch->path, (unsigned)seed);
        assert_int_equal(mkdir(b.dir, 0755), 0);
        assert_int_equal(tl_recorder_create(tl_io_posix(), b.dir, "db", &b.recorder), TL_OK);
        assert_int_equal(tl_simdisk_create(TL_SIMDISK_RECORD, &b.disk), TL_OK);
        b.real = tl_recorder_io(b.recorder);
        b.simulated = tl_simdisk_io(b.disk);
        for (unsigned i = 0; i < STEPS; i++)
            step(&b);
        const tl_simdisk *log = tl_recorder_log(b.recorder);
        assert_int_equal(tl_simdisk_op_count(log), tl_simdisk_op_count(b.disk));
        assert_true(tl_simdisk_op_count(log) > STEPS / 2);
        for (size_t i = 0; i < tl_simdisk_op_count(log); i++)
            if (!same_entry(log, b.disk, i))
                fail_msg("seed %u: entry %zu differs", (unsigned)seed, i);
        audit_is_clean(b.recorder);
        tl_simdisk_destroy(tl_recorder_finish(b.recorder)); /* files are still open: fine */
        tl_simdisk_destroy(b.disk);
    }
}

/* --- one file, on the real disk or on a simulated one that can fail --- */

typedef struct one {
    tl_recorder *recorder;
    tl_io *io;
    tl_file *file;
    char path[PATH_MAX];
} one;

static void record_one(one *o, tl_io *below, const char *dir)
{
    assert_int_equal(tl_recorder_create(below, dir, "db", &o->recorder), TL_OK);
    o->io = tl_recorder_io(o->recorder);
    snprintf(o->path, sizeof o->path, "%s/x", dir);
    assert_int_equal(o->io->open(o->io, o->path, TL_IO_WRITE | TL_IO_CREATE, &o->file), TL_OK);
}

static tl_status fill(one *o, uint64_t offset, int byte, size_t size)
{
    static uint8_t bytes[16384];
    memset(bytes, byte, size);
    return o->io->pwritev(o->io, o->file, offset, &(tl_io_span){bytes, size}, 1);
}

static size_t entries(const one *o)
{
    return tl_simdisk_op_count(tl_recorder_log(o->recorder));
}

static const tl_simdisk_op *last_entry(const one *o)
{
    return tl_simdisk_op_at(tl_recorder_log(o->recorder), entries(o) - 1);
}

static void release(one *o)
{
    tl_simdisk_destroy(tl_recorder_finish(o->recorder));
}

static void what_was_there_before_is_where_the_log_begins(void **state)
{
    folder *scratch = *state;
    folder_write(folder_join(scratch, "x"), "before");
    one o = {0};
    record_one(&o, tl_io_posix(), scratch->path);
    assert_int_equal(entries(&o), 0); /* neither the file nor its bytes are a change */
    assert_int_equal(fill(&o, 2, 'F', 2), TL_OK);
    assert_int_equal(entries(&o), 1);
    audit_is_clean(o.recorder);

    tl_simdisk *disk = tl_recorder_finish(o.recorder);
    tl_simdisk_loss dropped = {.at = 1, .power = true, .keep_listed = true};
    assert_int_equal(tl_simdisk_crash(disk, &dropped), TL_OK);
    tl_io *io = tl_simdisk_io(disk);
    char text[16] = "";
    size_t got = 0;
    assert_int_equal(io->open(io, "db/x", 0, &o.file), TL_OK);
    assert_int_equal(io->pread(io, o.file, 0, text, sizeof text, &got), TL_OK);
    assert_int_equal(got, 6);
    assert_memory_equal(text, "before", 6);
    tl_simdisk_destroy(disk);
}

static void the_audit_finds_what_was_written_behind_the_recorders_back(void **state)
{
    folder *scratch = *state;
    char text[256];
    one o = {0};
    record_one(&o, tl_io_posix(), scratch->path);
    assert_int_equal(fill(&o, 0, 'a', 5000), TL_OK);
    audit_is_clean(o.recorder);
    FILE *stranger = fopen(o.path, "r+");
    assert_non_null(stranger);
    assert_int_equal(fseek(stranger, 4999, SEEK_SET), 0);
    assert_true(fputc('b', stranger) == 'b' && fclose(stranger) == 0);
    assert_int_equal(tl_recorder_audit(o.recorder, text, sizeof text), TL_CORRUPT);
    assert_non_null(strstr(text, "differs"));
    assert_int_equal(fill(&o, 4999, 'a', 1), TL_OK);
    audit_is_clean(o.recorder);
    folder_write(folder_join(scratch, "y"), "");
    assert_int_equal(tl_recorder_audit(o.recorder, text, sizeof text), TL_CORRUPT);
    assert_non_null(strstr(text, "not in the log"));
    release(&o);
}

/* The recorder before a simulated disk, which fails as told. */
typedef struct failing {
    one o;
    tl_simdisk *disk;
} failing;

static void failing_begin(failing *f)
{
    assert_int_equal(tl_simdisk_create(0, &f->disk), TL_OK);
    record_one(&f->o, tl_simdisk_io(f->disk), "far/away");
    assert_int_equal(fill(&f->o, 0, 'a', 4096), TL_OK);
}

static void failing_end(failing *f)
{
    audit_is_clean(f->o.recorder);
    release(&f->o);
    tl_simdisk_destroy(f->disk);
}

static void of_a_write_that_failed_the_part_that_arrived_is_logged(void **state)
{
    (void)state;
    failing f;
    failing_begin(&f);
    tl_simdisk_set_quota(f.disk, 4096 + 1024);
    size_t before = entries(&f.o);
    assert_int_equal(fill(&f.o, 2048, 'b', 8192), TL_NO_SPACE); /* 3072 of 8192 bytes fit */
    assert_int_equal(entries(&f.o), before + 1);
    assert_int_equal(last_entry(&f.o)->kind, TL_SIMDISK_WRITE);
    assert_int_equal(last_entry(&f.o)->offset, 2048);
    assert_int_equal(last_entry(&f.o)->size_bytes, 3072);
    failing_end(&f);
}

static void of_a_real_write_beyond_the_size_limit_the_part_that_arrived_is_logged(void **state)
{
    folder *scratch = *state;
    struct rlimit before, small;
    one o = {0};
    record_one(&o, tl_io_posix(), scratch->path);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){5000, before.rlim_max};
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    static uint8_t bytes[9000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + 1);
    tl_io_span spans[] = {
        {bytes,        0   },
        {bytes,        3000},
        {bytes + 3000, 6000}
    };
    tl_status status = o.io->pwritev(o.io, o.file, 1000, spans, 3);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, TL_NO_SPACE);
    assert_int_equal(last_entry(&o)->kind, TL_SIMDISK_WRITE);
    assert_int_equal(last_entry(&o)->size_bytes, 4000);
    const uint8_t *payload = tl_simdisk_payload(tl_recorder_log(o.recorder), last_entry(&o));
    assert_memory_equal(payload + 1000 % TL_SECTOR_BYTES, bytes, 4000);
    audit_is_clean(o.recorder);
    release(&o);
}

static void calls_that_failed_and_changed_nothing_leave_no_entry(void **state)
{
    (void)state;
    failing f;
    failing_begin(&f);
    tl_io *io = f.o.io;
    tl_file *file = NULL;
    uint64_t holder = 0;
    for (unsigned call = 0; call < TL_SIMDISK_CALL_COUNT; call++)
        if (call != TL_SIMDISK_CALL_SIZE && call != TL_SIMDISK_CALL_PREAD)
            tl_simdisk_fail(f.disk, (tl_simdisk_call)call, 1, TL_IO, false);
    size_t before = entries(&f.o);
    assert_int_equal(fill(&f.o, 0, 'b', 4096), TL_IO);
    assert_int_equal(io->fdatasync(io, f.o.file), TL_IO);
    assert_int_equal(io->fsync_dir(io, "far/away"), TL_IO);
    assert_int_equal(io->truncate(io, f.o.file, 100), TL_IO);
    assert_int_equal(io->fallocate(io, f.o.file, 0, 10000), TL_IO);
    assert_int_equal(io->rename(io, f.o.path, "far/away/y"), TL_IO);
    assert_int_equal(io->unlink(io, f.o.path), TL_IO);
    assert_int_equal(io->open(io, "far/away/y", TL_IO_CREATE, &file), TL_IO);
    assert_int_equal(io->lock(io, "far/away/lock", true, &file, &holder), TL_IO);
    assert_null(file);
    assert_int_equal(tl_simdisk_faults_fired(f.disk), 9);
    assert_int_equal(entries(&f.o), before);
    failing_end(&f);
}

/* A disk that does half of what it is told and then says it failed. */
static tl_io halfway, *halfway_below;

static tl_status half_allocated(tl_io *io, tl_file *file, uint64_t offset, uint64_t size_bytes)
{
    (void)io;
    tl_status status = halfway_below->fallocate(halfway_below, file, offset, (size_bytes + 1) / 2);
    return status == TL_OK ? TL_NO_SPACE : status;
}

static tl_status opened_and_lost(tl_io *io, const char *path, unsigned flags, tl_file **file)
{
    (void)io;
    tl_status status = halfway_below->open(halfway_below, path, flags, file);
    if (status != TL_OK || strstr(path, "lost") == NULL || (flags & TL_IO_CREATE) == 0)
        return status;
    halfway_below->close(halfway_below, *file);
    *file = NULL;
    return TL_NO_MEMORY;
}

static tl_status middle_written(tl_io *io, tl_file *file, uint64_t offset, const tl_io_span *spans,
                                size_t span_count)
{
    (void)io, (void)span_count;
    const uint8_t *bytes = spans[0].data;
    size_t third = spans[0].size_bytes / 3;
    tl_status status = halfway_below->pwritev(halfway_below, file, offset + third,
                                              &(tl_io_span){bytes + third, third}, 1);
    return status == TL_OK ? TL_IO : status;
}

static void what_failed_calls_did_all_the_same_is_found_and_logged(void **state)
{
    folder *scratch = *state;
    halfway_below = tl_io_posix();
    halfway = *halfway_below; /* its functions look at no tl_io: the copy will do */
    halfway.fallocate = half_allocated;
    halfway.open = opened_and_lost;
    one o = {0};
    record_one(&o, &halfway, scratch->path);
    assert_int_equal(fill(&o, 0, 'a', 3000), TL_OK);
    halfway.pwritev = middle_written;

    assert_int_equal(fill(&o, 0, 'b', 3000), TL_IO);
    assert_int_equal(last_entry(&o)->kind, TL_SIMDISK_WRITE);
    assert_int_equal(last_entry(&o)->size_bytes, 2000); /* 1000 that were there, 1000 new */
    assert_int_equal(fill(&o, 6000, 'c', 3000), TL_IO); /* behind the end, which moves */
    assert_int_equal(last_entry(&o)->size_after, 8000);
    assert_int_equal(o.io->fallocate(o.io, o.file, 0, 20000), TL_NO_SPACE);
    assert_int_equal(last_entry(&o)->kind, TL_SIMDISK_TRUNCATE);
    assert_int_equal(last_entry(&o)->size_after, 10000);
    tl_file *file = NULL;
    assert_int_equal(o.io->open(o.io, folder_join(scratch, "lost"), TL_IO_CREATE, &file),
                     TL_NO_MEMORY);
    assert_int_equal(last_entry(&o)->kind, TL_SIMDISK_CREATE);
    audit_is_clean(o.recorder);
    release(&o);
}

static void a_change_that_cannot_be_read_back_is_missed_and_the_audit_says_so(void **state)
{
    (void)state;
    char text[256];
    failing f;
    failing_begin(&f);
    tl_simdisk_fail(f.disk, TL_SIMDISK_CALL_PWRITEV, 1, TL_IO, false);
    tl_simdisk_fail(f.disk, TL_SIMDISK_CALL_PREAD, 1, TL_IO, true);
    assert_null(tl_recorder_missed(f.o.recorder));
    assert_int_equal(fill(&f.o, 0, 'b', 4096), TL_IO);
    assert_non_null(tl_recorder_missed(f.o.recorder));
    tl_simdisk_clear_faults(f.disk);
    assert_int_equal(fill(&f.o, 0, 'c', 4096), TL_OK); /* the store itself is not disturbed */
    assert_int_equal(tl_recorder_audit(f.o.recorder, text, sizeof text), TL_CORRUPT);
    assert_non_null(strstr(text, "could not be logged"));
    release(&f.o);
    tl_simdisk_destroy(f.disk);
}

/* --- several threads --- */

enum { WRITERS = 4, ROUNDS = 200 };

typedef struct writer {
    one *o;
    unsigned number;
    pthread_t thread;
} writer;

static void *write_and_sync(void *context)
{
    writer *w = context;
    tl_io *io = w->o->io;
    uint8_t bytes[700];
    for (unsigned i = 0; i < ROUNDS; i++) {
        memset(bytes, (int)(i + w->number), sizeof bytes);
        tl_io_span span = {bytes, sizeof bytes}; /* own bytes, sectors shared with neighbours */
        if (io->pwritev(io, w->o->file, w->number * sizeof bytes, &span, 1) != TL_OK ||
            (i % 16 == 0 && io->fdatasync(io, w->o->file) != TL_OK))
            return w;
    }
    return NULL;
}

static void writes_of_many_threads_are_logged_in_the_order_they_happened(void **state)
{
    folder *scratch = *state;
    one o = {0};
    writer writers[WRITERS];
    record_one(&o, tl_io_posix(), scratch->path);
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (writer){.o = &o, .number = i};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_and_sync, &writers[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(writers[i].thread, &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(entries(&o), 1 + WRITERS * (ROUNDS + (ROUNDS + 15) / 16));
    audit_is_clean(o.recorder);
    release(&o);
}

int main(void)
{
#define RECORDER_TEST(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        RECORDER_TEST(equal_calls_give_equal_logs_on_a_recorded_and_on_a_simulated_disk),
        RECORDER_TEST(what_was_there_before_is_where_the_log_begins),
        RECORDER_TEST(the_audit_finds_what_was_written_behind_the_recorders_back),
        RECORDER_TEST(of_a_write_that_failed_the_part_that_arrived_is_logged),
        RECORDER_TEST(of_a_real_write_beyond_the_size_limit_the_part_that_arrived_is_logged),
        RECORDER_TEST(calls_that_failed_and_changed_nothing_leave_no_entry),
        RECORDER_TEST(what_failed_calls_did_all_the_same_is_found_and_logged),
        RECORDER_TEST(a_change_that_cannot_be_read_back_is_missed_and_the_audit_says_so),
        RECORDER_TEST(writes_of_many_threads_are_logged_in_the_order_they_happened),
    };
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 0); /* real files, whose syncs cost nothing */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
