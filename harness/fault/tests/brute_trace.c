/* harness/fault/tests/brute_trace.c -- small random traces; see brute.h. */
#include "harness/fault/tests/brute.h"

#include <string.h>

enum { STEPS = 18, WRITE_BYTES_MAX = 2600, NAMES = 4 };
static const char *const names[NAMES] = {"a", "b", "d/c", "d/e"};
static const char *const dirs[2] = {".", "d"};

typedef struct maker {
    tl_simdisk *disk;
    tl_io *io;
    uint64_t state;
    unsigned units, units_max; /* changes since everything was synced */
    unsigned given_up;         /* that no sync makes durable */
    unsigned writes;
    tl_status status;
} maker;

static uint64_t below(maker *m, uint64_t bound)
{
    uint64_t word = m->state += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return (word ^ word >> 31) % bound;
}

static void keep(maker *m, tl_status status)
{
    if (m->status == TL_OK && status != TL_NOT_FOUND && status != TL_IO)
        m->status = status;
}

/* NULL when it is absent and `create` does not ask for it. */
static tl_file *opened(maker *m, const char *name, bool create)
{
    tl_file *file = NULL;
    unsigned flags = TL_IO_WRITE | (create ? TL_IO_CREATE : 0);
    keep(m, m->io->open(m->io, name, flags, &file));
    return m->status == TL_OK ? file : NULL;
}

static void sync_all(maker *m)
{
    for (int i = 0; i < NAMES; i++) {
        tl_file *file = opened(m, names[i], false);
        if (file == NULL)
            continue;
        keep(m, m->io->fdatasync(m->io, file));
        m->io->close(m->io, file);
    }
    keep(m, m->io->fsync_dir(m->io, dirs[0]));
    keep(m, m->io->fsync_dir(m->io, dirs[1]));
    m->units = m->given_up;
}

/* Room for so many more pending changes. */
static void pend(maker *m, unsigned units)
{
    if (m->units + units > m->units_max)
        sync_all(m);
    m->units += units;
}

static uint64_t size_of(maker *m, tl_file *file)
{
    uint64_t size = 0;
    keep(m, m->io->size(m->io, file, &size));
    return size;
}

static void write_step(maker *m, tl_file *file)
{
    uint8_t bytes[WRITE_BYTES_MAX];
    uint64_t size = size_of(m, file), offset = 0, count = 0;
    switch (below(m, 5)) {
    case 0: /* part of a sector */
        offset = below(m, 1200);
        count = 1 + below(m, 300);
        break;
    case 1: /* whole sectors */
        offset = 512 * below(m, 4);
        count = 512 * (1 + below(m, 3));
        break;
    case 2: /* at the end */
        offset = size;
        count = 1 + below(m, 900);
        break;
    case 3: /* over a multiple of 4096, perhaps behind a hole */
        offset = 3400 + below(m, 900);
        offset += 4096 * below(m, 2);
        count = 1 + below(m, 1100);
        break;
    default:
        offset = below(m, 2048);
        count = 1 + below(m, 1500);
    }
    uint64_t end = offset + count;
    unsigned units = (unsigned)((end - 1) / 512 - offset / 512 + 1);
    units += end > size ? (unsigned)((end - 1) / 4096 - size / 4096 + 1) : 0;
    if (units > m->units_max)
        return;
    memset(bytes, (int)(++m->writes % 255 + 1), count);
    pend(m, units);
    if (below(m, 6) == 0)
        tl_simdisk_write_through(m->disk, file);
    tl_io_span span = {bytes, count};
    keep(m, m->io->pwritev(m->io, file, offset, &span, 1));
}

/* One in two fails. */
static void sync_step(maker *m, tl_file *file)
{
    uint64_t how = below(m, 6);
    if (how < 2) {
        tl_simdisk_fail_sync(m->disk, 1, TL_SYNC_FAILED_REVERTED, false);
    } else if (how == 2 && m->units < m->units_max / 2) {
        m->given_up = m->units;
        tl_simdisk_fail_sync(m->disk, 1, TL_SYNC_FAILED_CLEAN, false);
    }
    keep(m, m->io->fdatasync(m->io, file));
}

static void file_step(maker *m, uint64_t what, const char *name)
{
    tl_file *file = opened(m, name, what < 6);
    if (file == NULL)
        return;
    uint64_t size = size_of(m, file);
    if (what < 6) {
        write_step(m, file);
    } else if (what == 6) {
        pend(m, 1);
        keep(m, m->io->truncate(m->io, file,
                                below(m, 3) == 0 ? size + below(m, 900) : below(m, size + 1)));
    } else if (what == 7) {
        pend(m, 1);
        uint64_t offset = below(m, 2000); /* in this order with any compiler */
        keep(m, m->io->fallocate(m->io, file, offset, 1 + below(m, 4000)));
    } else {
        sync_step(m, file);
    }
    m->io->close(m->io, file);
}

static void step(maker *m)
{
    const char *name = names[below(m, NAMES - below(m, 2))];
    uint64_t what = below(m, 15);
    what = what < 13 ? what : 8; /* three of them are syncs */
    if (what < 9) {
        pend(m, what < 6 ? 1 : 0); /* it may be created */
        file_step(m, what, name);
    } else if (what == 9) {
        pend(m, 2);
        keep(m, m->io->rename(m->io, name, names[below(m, NAMES)]));
    } else if (what == 10) {
        pend(m, 1);
        keep(m, m->io->unlink(m->io, name));
    } else {
        keep(m, m->io->fsync_dir(m->io, dirs[below(m, 2)]));
    }
}

tl_status tl_brute_trace(uint64_t seed, unsigned units_max, tl_simdisk **disk)
{
    maker m = {.state = seed * UINT64_C(0x2545f4914f6cdd1d), .units_max = units_max};
    tl_status status = tl_simdisk_create(TL_SIMDISK_RECORD | TL_SIMDISK_ONE_THREAD, &m.disk);
    if (status != TL_OK)
        return status;
    m.io = tl_simdisk_io(m.disk);
    uint64_t killed_at = below(&m, 4) == 0 ? 5 + below(&m, 10) : UINT64_MAX;
    for (uint64_t i = 0; i < STEPS; i++) {
        step(&m);
        if (i == killed_at)
            keep(&m,
                 tl_simdisk_crash(m.disk, &(tl_simdisk_loss){.at = tl_simdisk_op_count(m.disk)}));
    }
    if (m.status == TL_OK)
        *disk = m.disk;
    else
        tl_simdisk_destroy(m.disk);
    return m.status;
}
