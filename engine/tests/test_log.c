/* engine/tests/test_log.c -- operations, frames and their replay, on a log of our own. */
#include "engine/store/log_format.h"
#include "engine/tests/unit.h"

#include <stdlib.h>
#include <string.h>

enum { OPS_ROOM = 8 << 20 }; /* for the ops of one txn */

static void recorded_operations_decode_to_themselves(void **state)
{
    (void)state;
    uint64_t random = unit_seed(__func__);
    tl_op_buffer *buffer = calloc(1, sizeof *buffer);
    assert_non_null(buffer);
    buffer->at = malloc(OPS_ROOM);
    assert_non_null(buffer->at);
    static uint8_t bytes[70000];
    struct {
        unsigned code;
        tl_tree tree;
        size_t key, value, at;
    } ops[300];
    static const uint32_t trees[] = {1, 127, 128, 16384, UINT32_MAX};
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)tl_random_next(&random);
    for (size_t i = 0; i < 300; i++) {
        ops[i].code = 1 + unit_below(&random, 2);
        ops[i].tree = trees[unit_below(&random, 5)];
        ops[i].key = 1 + unit_below(&random, 2040);
        ops[i].value = ops[i].code == TL_OP_CODE_DEL ? 0 : unit_below(&random, 400);
        ops[i].at = unit_below(&random, 60000);
        tl_slice key = tl_slice_of(bytes + ops[i].at, ops[i].key);
        tl_slice value = tl_slice_of(bytes + ops[i].at + ops[i].key, ops[i].value);
        tl_op_buffer_record(buffer, ops[i].code, ops[i].tree, key, value);
    }
    const uint8_t *at = buffer->at, *end = at + buffer->size_bytes;
    for (size_t i = 0; i < 300; i++) {
        tl_log_op op;
        assert_true(tl_op_decode(&at, end, &op));
        assert_int_equal(op.code, ops[i].code);
        assert_int_equal(op.tree, ops[i].tree);
        assert_int_equal(op.key.size_bytes, ops[i].key);
        assert_int_equal(op.value.size_bytes, ops[i].value);
        assert_memory_equal(op.key.data, bytes + ops[i].at, ops[i].key);
        assert_memory_equal(op.value.data, bytes + ops[i].at + ops[i].key, ops[i].value);
    }
    assert_ptr_equal(at, end);
    free(buffer->at);
    free(buffer);
}

static void malformed_operations_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        uint8_t bytes[12];
        size_t size_bytes;
    } rows[] = {
        {"nothing at all",           {0},                                        0},
        {"code 0",                   {0, 1, 1, 0, 'k'},                          5},
        {"code 3",                   {3, 1, 1, 0, 'k'},                          5},
        {"no lengths",               {1},                                        1},
        {"varint without end",       {1, 0x80},                                  2},
        {"varint of six bytes",      {1, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 1, 0}, 9},
        {"varint above 32 bits",     {1, 0xff, 0xff, 0xff, 0xff, 0x10, 1, 0, 9}, 9},
        {"key longer than the rest", {1, 1, 2, 0, 'k'},                          5},
        {"value longer than it",     {1, 1, 1, 1, 'k'},                          5},
        {"lengths that wrap",        {1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 1}, 9},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t *exact = malloc(rows[i].size_bytes + 1); /* the sanitizer watches the end */
        assert_non_null(exact);
        memcpy(exact, rows[i].bytes, rows[i].size_bytes);
        const uint8_t *at = exact;
        tl_log_op op;
        if (tl_op_decode(&at, exact + rows[i].size_bytes, &op))
            fail_msg("accepted: %s", rows[i].why);
        free(exact);
    }
}

/* ---- frames: a log in a directory of its own, and what its replay told us ---- */

enum { TXNS_MAX = 64 };

typedef struct bench {
    unit_place place;
    tl_pager pager; /* replay tells it what went wrong; nothing else of it is used */
    tl_stats stats;
    tl_log log;
    tl_meta meta;
    tl_op_buffer ops;
    uint64_t offsets[TXNS_MAX]; /* where the flush of each txn begins */
    uint64_t begun[TXNS_MAX], committed[TXNS_MAX], ops_seen, ops_hash, aborts;
    unsigned begun_count, committed_count;
    tl_log_recovery recovery;
} bench;

static tl_status note_begin(void *context, uint64_t txn)
{
    bench *b = context;
    b->begun[b->begun_count++] = txn;
    return TL_OK;
}

static tl_status note_op(void *context, const tl_log_op *op)
{
    bench *b = context;
    b->ops_seen++;
    b->ops_hash = b->ops_hash * 31 + tl_record_hash(op->key, op->value);
    return TL_OK;
}

static tl_status note_commit(void *context)
{
    bench *b = context;
    b->committed[b->committed_count++] = b->begun[b->begun_count - 1];
    return TL_OK;
}

static void note_abort(void *context)
{
    bench *b = context;
    b->aborts++;
}

static void log_open(bench *b, unsigned i)
{
    assert_int_equal(tl_io_posix()->open(tl_io_posix(), b->place.logs[i],
                                         TL_IO_WRITE | TL_IO_CREATE, &b->log.files[i]),
                     TL_OK);
    uint8_t block[TL_LOG_HEADER_BYTES];
    tl_log_header_encode(block, b->meta.uuid, i);
    tl_io_span span = {block, sizeof block};
    assert_int_equal(tl_io_posix()->pwritev(tl_io_posix(), b->log.files[i], 0, &span, 1), TL_OK);
    b->log.sizes[i] = sizeof block;
}

static bench *bench_set(void)
{
    bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    unit_place_make(&b->place);
    b->ops.at = malloc(OPS_ROOM);
    assert_non_null(b->ops.at);
    tl_mutex_create(&b->pager.error_mutex);
    b->meta = (tl_meta){.ckpt_no = 6,
                        .txn = 100,
                        .log_salt = 77,
                        .log_chain = 88,
                        .log_begin = TL_LOG_HEADER_BYTES};
    memcpy(b->meta.uuid, "sixteen bytes id", 16);
    b->log.io = tl_io_posix();
    b->log.memory = tl_memory_default();
    b->log.stats = &b->stats;
    b->log.salt = b->meta.log_salt;
    b->log.chain = b->meta.log_chain;
    b->log.pad_bytes = 512;
    log_open(b, 0);
    log_open(b, 1);
    tl_log_switch(&b->log, 6);
    return b;
}

static void bench_free(bench *b)
{
    for (unsigned i = 0; i < 2; i++)
        b->log.io->close(b->log.io, b->log.files[i]);
    tl_log_release(&b->log);
    free(b->ops.at);
    unit_place_remove(&b->place);
    free(b);
}

static void record_op(bench *b, size_t key_bytes, size_t value_bytes, uint64_t number)
{
    static uint8_t value[4096];
    uint8_t key[16] = {0};
    tl_store64(key, number);
    memset(value, (int)number, value_bytes);
    assert_true(b->ops.size_bytes + key_bytes + value_bytes + 64 < OPS_ROOM);
    tl_op_buffer_record(&b->ops, TL_OP_CODE_PUT, TL_TREE_MAIN, tl_slice_of(key, key_bytes),
                        tl_slice_of(value, value_bytes));
}

/* Append txn `txn` with `op_count` ops of 8 + `value_bytes`. */
static void append(bench *b, uint64_t txn, uint64_t durable, unsigned op_count, size_t value_bytes)
{
    tl_op_buffer_clear(&b->ops);
    for (unsigned i = 0; i < op_count; i++)
        record_op(b, 8, value_bytes, txn * 1000 + i);
    b->offsets[txn - 101] = b->log.tail;
    assert_int_equal(tl_log_append(&b->log, txn, durable, &b->ops), TL_OK);
}

/* The same, for a flush of several txns. */
static void stage(bench *b, uint64_t txn, unsigned op_count, size_t value_bytes)
{
    tl_op_buffer_clear(&b->ops);
    for (unsigned i = 0; i < op_count; i++)
        record_op(b, 8, value_bytes, txn * 1000 + i);
    b->offsets[txn - 101] = b->log.tail + b->log.staged.count;
    assert_int_equal(tl_log_grow(&b->log, tl_log_stage_end(&b->log, &b->ops)), TL_OK);
    assert_int_equal(tl_log_stage(&b->log, txn, &b->ops), TL_OK);
}

static void flush(bench *b, uint64_t durable)
{
    tl_log_take(&b->log);
    assert_int_equal(tl_log_flush(&b->log, durable), TL_OK);
}

static tl_status replay(bench *b)
{
    tl_log_replayer replayer = {b, note_begin, note_op, note_commit, note_abort, NULL};
    b->begun_count = b->committed_count = 0;
    b->ops_seen = b->ops_hash = b->aborts = 0;
    for (unsigned i = 0; i < 2; i++) {
        uint64_t size = 0;
        assert_int_equal(b->log.io->size(b->log.io, b->log.files[i], &size), TL_OK);
        atomic_store(&b->log.sizes[i], size);
    }
    return tl_log_replay(&b->log, &b->pager, &b->meta, &replayer, &b->recovery);
}

static void expect_commits(const bench *b, uint64_t last)
{
    assert_int_equal(b->committed_count, last - 100);
    for (unsigned i = 0; i < b->committed_count; i++)
        assert_int_equal(b->committed[i], 101 + i);
    assert_int_equal(b->recovery.txn, last);
}

static void overwrite(bench *b, unsigned file, uint64_t offset, const void *data, size_t size_bytes)
{
    tl_io_span span = {data, size_bytes};
    assert_int_equal(b->log.io->pwritev(b->log.io, b->log.files[file], offset, &span, 1), TL_OK);
}

static void frames_replay_in_order_and_leave_the_writers_chain(void **state)
{
    (void)state;
    bench *b = bench_set();
    for (uint64_t txn = 101; txn <= 130; txn++)
        append(b, txn, txn - 1, (unsigned)(txn % 5) + 1, txn % 7 * 200);
    assert_int_equal(replay(b), TL_OK);
    expect_commits(b, 130);
    assert_int_equal(b->recovery.frames, 30);
    assert_int_equal(b->recovery.tail_bytes, 0);
    assert_true(b->recovery.chain == b->log.chain);
    bench_free(b);
}

static void every_flush_begins_on_a_pad_boundary(void **state)
{
    (void)state;
    for (uint32_t pad = 512; pad <= 4096; pad *= 8) {
        bench *b = bench_set();
        b->log.pad_bytes = pad;
        for (uint64_t txn = 101; txn <= 110; txn++)
            append(b, txn, 0, 3, 333);
        for (unsigned i = 0; i < 10; i++)
            assert_int_equal(b->offsets[i] % pad, 0);
        assert_int_equal(b->log.tail % pad, 0);
        assert_int_equal(replay(b), TL_OK);
        expect_commits(b, 110);
        bench_free(b);
    }
}

static void a_txn_of_many_frames_is_replayed_whole_or_not_at_all(void **state)
{
    (void)state;
    bench *b = bench_set();
    append(b, 101, 0, 2, 10);
    append(b, 102, 0, 900, 4000); /* 3.6 MB of ops: four frames of at most 1 MiB */
    append(b, 103, 0, 2, 10);
    assert_int_equal(replay(b), TL_OK);
    expect_commits(b, 103);
    assert_int_equal(b->ops_seen, 904);
    assert_int_equal(b->recovery.frames, 6);

    uint64_t ends[] = {b->offsets[1] + 100, b->offsets[1] + (1 << 20) + 3000, b->offsets[2] - 600};
    for (size_t i = 0; i < 3; i++) { /* torn in the first, the second and the last frame */
        assert_int_equal(b->log.io->truncate(b->log.io, b->log.files[0], ends[2 - i]), TL_OK);
        assert_int_equal(replay(b), TL_OK);
        expect_commits(b, 101);
        assert_int_equal(b->aborts, i == 2 ? 0 : 1); /* the first frame never began it */
    }
    bench_free(b);
}

static void a_torn_tail_is_dropped_wherever_it_tears(void **state)
{
    (void)state;
    bench *b = bench_set();
    for (uint64_t txn = 101; txn <= 104; txn++)
        append(b, txn, txn - 1, 2, 100);
    unit_bytes whole = unit_file_read(b->place.logs[0]);
    size_t from = (size_t)b->offsets[3], used = TL_LOG_FRAME_HEADER_BYTES + 2 * (4 + 8 + 100);
    static uint8_t zeros[1024];
    for (size_t cut = 0; cut < used; cut++) { /* what lies behind the cut never arrived */
        overwrite(b, 0, from, whole.data + from, used);
        overwrite(b, 0, from + cut, zeros, used - cut);
        bool same = memcmp(whole.data + from + cut, zeros, used - cut) == 0;
        assert_int_equal(replay(b), TL_OK);
        expect_commits(b, same ? 104 : 103);
    }
    unit_bytes_free(&whole);
    bench_free(b);
}

static void any_flipped_bit_of_a_frame_ends_the_history_there(void **state)
{
    (void)state;
    bench *b = bench_set();
    for (uint64_t txn = 101; txn <= 103; txn++)
        append(b, txn, 0, 1, 20); /* nothing acknowledged as durable: a lost frame is no crime */
    unit_bytes whole = unit_file_read(b->place.logs[0]);
    size_t from = (size_t)b->offsets[1], used = TL_LOG_FRAME_HEADER_BYTES + 4 + 8 + 20;
    for (size_t bit = 0; bit < 8 * used; bit++) {
        uint8_t changed = (uint8_t)(whole.data[from + bit / 8] ^ (1u << (bit % 8)));
        overwrite(b, 0, from + bit / 8, &changed, 1);
        assert_int_equal(replay(b), TL_OK);
        expect_commits(b, 101);
        overwrite(b, 0, from + bit / 8, whole.data + from + bit / 8, 1);
    }
    unit_bytes_free(&whole);
    bench_free(b);
}

static void a_lost_frame_that_was_acknowledged_is_corruption(void **state)
{
    (void)state;
    static const uint8_t zeros[512];
    for (uint64_t lost = 101; lost <= 104; lost++) {
        bench *b = bench_set();
        for (uint64_t txn = 101; txn <= 105; txn++)
            append(b, txn, txn - 1, 2, 100); /* 105 says that 104 was durable */
        overwrite(b, 0, b->offsets[lost - 101], zeros, sizeof zeros);
        assert_int_equal(replay(b), TL_CORRUPT);
        assert_non_null(strstr(b->pager.error.text, "lost"));
        overwrite(b, 0, b->offsets[4], zeros, sizeof zeros); /* without 105 nothing proves 104 */
        assert_int_equal(replay(b), lost == 104 ? TL_OK : TL_CORRUPT);
        if (lost == 104)
            expect_commits(b, 103);
        bench_free(b);
    }
}

static void frames_of_an_earlier_life_are_ignored(void **state)
{
    (void)state;
    bench *b = bench_set();
    for (uint64_t txn = 101; txn <= 110; txn++)
        append(b, txn, txn - 1, 2, 100);
    b->log.salt = b->meta.log_salt = 79; /* a new open, the same file: its start is reused */
    b->log.chain = b->meta.log_chain = 99;
    tl_log_switch(&b->log, 6);
    assert_int_equal(replay(b), TL_OK);
    expect_commits(b, 100);
    for (uint64_t txn = 101; txn <= 103; txn++)
        append(b, txn, txn - 1, 2, 100);
    assert_int_equal(replay(b), TL_OK); /* 104 to 110 of the old life still lie behind */
    expect_commits(b, 103);
    bench_free(b);
}

static void a_frame_that_breaks_the_chain_ends_the_history(void **state)
{
    (void)state;
    bench *b = bench_set();
    append(b, 101, 0, 1, 10);
    b->log.chain ^= 1; /* intact, next in number, of this life: but after another 101 */
    append(b, 102, 0, 1, 10);
    assert_int_equal(replay(b), TL_OK);
    expect_commits(b, 101);
    bench_free(b);
}

static void history_continues_in_the_other_file_after_an_unfinished_checkpoint(void **state)
{
    (void)state;
    bench *b = bench_set();
    append(b, 101, 0, 1, 10);
    append(b, 102, 0, 1, 10);
    tl_log_switch(&b->log, 7); /* its meta never became durable */
    append(b, 103, 0, 1, 10);
    append(b, 104, 0, 1, 10);
    assert_int_equal(replay(b), TL_OK);
    expect_commits(b, 104);
    static const uint8_t zeros[512];
    overwrite(b, 0, b->offsets[1], zeros, sizeof zeros); /* 102 lost: 103 cannot follow 101 */
    assert_int_equal(replay(b), TL_OK);
    expect_commits(b, 101);
    bench_free(b);
}

static void a_frame_of_a_later_checkpoint_proves_that_both_metas_are_stale(void **state)
{
    (void)state;
    bench *b = bench_set();
    append(b, 101, 0, 1, 10);
    tl_log_switch(&b->log, 9); /* 8 was durable, or nobody would write under 9 */
    b->log.salt = 1234567;
    append(b, 102, 0, 1, 10);
    assert_int_equal(replay(b), TL_CORRUPT);
    bench_free(b);
}

/* 101..103 in one flush, 104 by itself, then again three while one is staged during a flush. */
static void three_flushes(bench *b)
{
    stage(b, 101, 2, 10);
    stage(b, 102, 0, 0);
    stage(b, 103, 3, 300);
    flush(b, 100);
    append(b, 104, 103, 1, 10);
    stage(b, 105, 1, 10);
    tl_log_take(&b->log);
    stage(b, 106, 2, 10); /* while 105 is on its way */
    assert_int_equal(tl_log_flush(&b->log, 104), TL_OK);
    stage(b, 107, 1, 10);
    flush(b, 105);
}

static void txns_that_share_a_flush_share_its_padding_and_replay_in_order(void **state)
{
    (void)state;
    bench *b = bench_set();
    three_flushes(b);
    assert_int_equal(b->offsets[0], TL_LOG_HEADER_BYTES);
    assert_true(b->offsets[1] % 512 != 0 && b->offsets[2] % 512 != 0);
    assert_true(b->offsets[3] % 512 == 0 && b->offsets[4] % 512 == 0);
    assert_true(b->offsets[5] % 512 == 0 && b->offsets[6] % 512 != 0);
    assert_int_equal(replay(b), TL_OK);
    expect_commits(b, 107);
    assert_true(b->recovery.chain == b->log.chain);
    bench_free(b);
}

static void a_torn_flush_of_several_txns_leaves_those_that_are_whole(void **state)
{
    (void)state;
    bench *b = bench_set();
    three_flushes(b);
    unit_bytes whole = unit_file_read(b->place.logs[0]);
    static const uint8_t zeros[4096];
    for (uint64_t cut = b->offsets[5]; cut < b->log.tail; cut += 3) {
        overwrite(b, 0, cut, zeros, (size_t)(b->log.tail - cut));
        assert_int_equal(replay(b), TL_OK);
        uint64_t second = b->offsets[6]; /* the frame of 107; zeros end it harmlessly */
        assert_true(b->recovery.txn == 105 || b->recovery.txn == 106 ||
                    (b->recovery.txn == 107 && cut > second));
        assert_true(cut >= second || b->recovery.txn <= 106);
        assert_int_equal(b->recovery.tail_bytes != 0 && b->recovery.txn >= 106, 0);
        overwrite(b, 0, cut, whole.data + cut, (size_t)(b->log.tail - cut));
    }
    unit_bytes_free(&whole);
    bench_free(b);
}

/* Every flush but the last is known to the one behind it, whichever of its txns is lost. */
static void any_lost_txn_of_an_acknowledged_flush_is_corruption(void **state)
{
    (void)state;
    bench *b = bench_set();
    three_flushes(b);
    for (unsigned i = 0; i < 5; i++) {
        uint8_t byte, flipped;
        size_t got = 0;
        uint64_t at = b->offsets[i] + 60;
        at = i == 1 ? b->offsets[i] + 20 : at; /* 102 has no ops */
        assert_int_equal(b->log.io->pread(b->log.io, b->log.files[0], at, &byte, 1, &got), TL_OK);
        flipped = byte ^ 4;
        overwrite(b, 0, at, &flipped, 1);
        assert_int_equal(replay(b), TL_CORRUPT);
        overwrite(b, 0, at, &byte, 1);
    }
    assert_int_equal(replay(b), TL_OK);
    bench_free(b);
}

static void a_header_belongs_to_one_database_and_one_file(void **state)
{
    (void)state;
    bench *b = bench_set();
    tl_io *io = b->log.io;
    uint8_t other[16];
    memcpy(other, b->meta.uuid, 16);
    other[15] ^= 1;
    assert_int_equal(tl_log_header_check(io, b->log.files[0], b->meta.uuid, 0), TL_OK);
    assert_int_equal(tl_log_header_check(io, b->log.files[1], b->meta.uuid, 1), TL_OK);
    assert_int_equal(tl_log_header_check(io, b->log.files[0], b->meta.uuid, 1), TL_CORRUPT);
    assert_int_equal(tl_log_header_check(io, b->log.files[0], other, 0), TL_CORRUPT);
    unit_bytes whole = unit_file_read(b->place.logs[0]);
    for (size_t bit = 0; bit < 8 * 512; bit++) {
        uint8_t changed = (uint8_t)(whole.data[bit / 8] ^ (1u << (bit % 8)));
        overwrite(b, 0, bit / 8, &changed, 1);
        assert_int_equal(tl_log_header_check(io, b->log.files[0], b->meta.uuid, 0), TL_CORRUPT);
        overwrite(b, 0, bit / 8, whole.data + bit / 8, 1);
    }
    unit_bytes_free(&whole);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_operations_decode_to_themselves),
        cmocka_unit_test(malformed_operations_are_refused),
        cmocka_unit_test(frames_replay_in_order_and_leave_the_writers_chain),
        cmocka_unit_test(every_flush_begins_on_a_pad_boundary),
        cmocka_unit_test(a_txn_of_many_frames_is_replayed_whole_or_not_at_all),
        cmocka_unit_test(a_torn_tail_is_dropped_wherever_it_tears),
        cmocka_unit_test(any_flipped_bit_of_a_frame_ends_the_history_there),
        cmocka_unit_test(a_lost_frame_that_was_acknowledged_is_corruption),
        cmocka_unit_test(frames_of_an_earlier_life_are_ignored),
        cmocka_unit_test(a_frame_that_breaks_the_chain_ends_the_history),
        cmocka_unit_test(history_continues_in_the_other_file_after_an_unfinished_checkpoint),
        cmocka_unit_test(a_frame_of_a_later_checkpoint_proves_that_both_metas_are_stale),
        cmocka_unit_test(txns_that_share_a_flush_share_its_padding_and_replay_in_order),
        cmocka_unit_test(a_torn_flush_of_several_txns_leaves_those_that_are_whole),
        cmocka_unit_test(any_lost_txn_of_an_acknowledged_flush_is_corruption),
        cmocka_unit_test(a_header_belongs_to_one_database_and_one_file),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
