/* harness/measure/tests/test_hlog.c -- logs are read as they were written, by us and by Java. */
#include "harness/measure/hdr_codec.h"
#include "harness/measure/hlog.h"
#include "harness/measure/tests/random_hdr.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { INTERVALS = 200, DAMAGES = 20000 };
#define BASE_NS UINT64_C(1700000000125000000)

typedef struct sent { /* the intervals of a log, in order */
    tl_hdr *hdr[INTERVALS];
    uint64_t begin_ns[INTERVALS], length_ns[INTERVALS];
    char *text;
    size_t size_bytes;
} sent;

static const char *tag_of(size_t i)
{
    static const char *const tags[] = {"tree/random/get/get", "tree:leaf=rebuild/mixed/run/put",
                                       "lmdb/random/insert/commit"};
    return tags[i % 3];
}

static int setup(void **state)
{
    static sent log;
    uint64_t random = test_seed(20), at_ns = 0;
    tl_hdr_layout layout = tl_hdr_layout_of_interval();
    FILE *out = open_memstream(&log.text, &log.size_bytes);
    if (out == NULL)
        return 1;
    tl_hlog_begin(out, "a test", BASE_NS);
    for (size_t i = 0; i < INTERVALS; i++) {
        char *text = NULL;
        log.hdr[i] = tl_hdr_new(&layout);
        if (log.hdr[i] == NULL)
            return 1;
        random_fill(&random, log.hdr[i]);
        log.begin_ns[i] = at_ns;
        log.length_ns[i] = 1000000 * (1 + next_random(&random) % 2000);
        at_ns += log.length_ns[i];
        if (tl_hdr_encode(log.hdr[i], &text) != TL_OK)
            return 1;
        tl_hlog_add(out, tag_of(i), log.begin_ns[i], log.length_ns[i], tl_hdr_max(log.hdr[i]),
                    text);
        free(text);
    }
    *state = &log;
    return fclose(out);
}

static int teardown(void **state)
{
    sent *log = *state;
    for (size_t i = 0; i < INTERVALS; i++)
        tl_hdr_free(log->hdr[i]);
    free(log->text);
    return 0;
}

/* The log in `text` holds the intervals sent; times to a millisecond. */
static void assert_sent(const sent *log, const char *text)
{
    tl_hlog_reader reader = {.next = text};
    tl_hlog_interval interval;
    for (size_t i = 0; i < INTERVALS; i++) {
        assert_int_equal(tl_hlog_next(&reader, &interval), TL_OK);
        double begin_s = (double)(BASE_NS / 1000000 + log->begin_ns[i] / 1000000) / 1e3;
        assert_string_equal(interval.tag, tag_of(i));
        assert_true(fabs(interval.begin_s - begin_s) < 0.002);
        assert_true(fabs(interval.length_s - (double)log->length_ns[i] / 1e9) < 0.002);
        assert_true(fabs(interval.max_ms - (double)tl_hdr_max(log->hdr[i]) / 1e6) < 0.001);
        assert_true(interval.hdr->count == log->hdr[i]->count);
        assert_memory_equal(interval.hdr->slots, log->hdr[i]->slots,
                            interval.hdr->layout.slot_count * sizeof interval.hdr->slots[0]);
        tl_hdr_free(interval.hdr);
    }
    assert_int_equal(tl_hlog_next(&reader, &interval), TL_NOT_FOUND);
}

static void a_log_is_read_as_it_was_written(void **state)
{
    const sent *log = *state;
    assert_non_null(strstr(log->text, "#[Histogram log format version 1.3]\n"));
    assert_non_null(strstr(log->text, "\"Interval_Length\""));
    assert_sent(log, log->text);
}

/* HistogramLogReader reads ours and prints what it understood; HistogramLogWriter writes it. */
static void java_reads_our_log_and_we_read_java_s(void **state)
{
    const sent *log = *state;
    char dir[] = "/tmp/treelab-test-XXXXXX", ours[64], theirs[64], command[1024], line[512];
    assert_non_null(mkdtemp(dir));
    snprintf(ours, sizeof ours, "%s/ours.hlog", dir);
    snprintf(theirs, sizeof theirs, "%s/theirs.hlog", dir);
    FILE *file = fopen(ours, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(log->text, 1, log->size_bytes, file), log->size_bytes);
    assert_int_equal(fclose(file), 0);
    if (access(TL_HDR_JAR, R_OK) != 0)
        fail_msg("%s is missing: apt-get install libhdrhistogram-java", TL_HDR_JAR);
    snprintf(command, sizeof command,
             "java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp %s %s log %s %s", TL_HDR_JAR,
             TL_HDR_EXCHANGE, ours, theirs);
    FILE *java = popen(command, "r");
    assert_non_null(java);
    for (size_t i = 0; i < INTERVALS; i++) {
        char tag[128];
        unsigned long long begin_ms, end_ms, count;
        assert_non_null(fgets(line, sizeof line, java));
        assert_int_equal(sscanf(line, "%127s %llu %llu %llu", tag, &begin_ms, &end_ms, &count), 4);
        uint64_t length_ms = log->length_ns[i] / 1000000;
        assert_string_equal(tag, tag_of(i));
        assert_true(llabs((long long)(begin_ms - (BASE_NS + log->begin_ns[i]) / 1000000)) <= 1);
        assert_true(llabs((long long)(end_ms - begin_ms - length_ms)) <= 1);
        assert_true(count == log->hdr[i]->count);
    }
    assert_int_equal(pclose(java), 0);
    static char text[4 << 20];
    file = fopen(theirs, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_sent(log, text);
    unlink(ours);
    unlink(theirs);
    assert_int_equal(rmdir(dir), 0);
}

static void a_tag_cannot_break_its_line(void **state)
{
    const sent *log = *state;
    char *hdr_text = NULL, *made = NULL;
    size_t size_bytes;
    FILE *out = open_memstream(&made, &size_bytes);
    assert_non_null(out);
    assert_int_equal(tl_hdr_encode(log->hdr[0], &hdr_text), TL_OK);
    tl_hlog_add(out, "a,b c\nd", 0, 1, 2, hdr_text);
    assert_int_equal(fclose(out), 0);
    tl_hlog_reader reader = {.next = made};
    tl_hlog_interval interval;
    assert_int_equal(tl_hlog_next(&reader, &interval), TL_OK);
    assert_string_equal(interval.tag, "a_b_c_d");
    tl_hdr_free(interval.hdr);
    free(hdr_text);
    free(made);
}

static void a_bad_line_is_told_and_the_next_one_read(void **state)
{
    const sent *log = *state;
    char *hdr_text = NULL, text[8192];
    assert_int_equal(tl_hdr_encode(log->hdr[0], &hdr_text), TL_OK);
    snprintf(text, sizeof text,
             "#[StartTime: 100.000 (seconds since epoch), x]\r\n"
             "1.0,2.0,HISTF\n"
             "Tag=endless\n"
             "1.0,2.0,3.0,HISTFnonsense\n"
             "1.0,nan,3.0,%s\n"
             "5.5,2.0,3.0,%s\r\n",
             hdr_text, hdr_text);
    tl_hlog_reader reader = {.next = text};
    tl_hlog_interval interval;
    for (uint64_t line = 2; line <= 5; line++) {
        assert_int_equal(tl_hlog_next(&reader, &interval), TL_CORRUPT);
        assert_int_equal(reader.line, line);
        assert_true(reader.problem[0] != '\0');
    }
    assert_int_equal(tl_hlog_next(&reader, &interval), TL_OK);
    assert_true(interval.tag[0] == '\0' && interval.begin_s == 5.5 && interval.length_s == 2.0);
    tl_hdr_free(interval.hdr);
    assert_int_equal(tl_hlog_next(&reader, &interval), TL_NOT_FOUND);
    free(hdr_text);
}

static void damaged_logs_end_in_messages(void **state)
{
    const sent *log = *state;
    uint64_t random = test_seed(21), refused = 0;
    const char *begin = strstr(log->text, "Tag="), *end = begin;
    for (int i = 0; i < 3; i++)
        end = strchr(end, '\n') + 1;
    size_t length = (size_t)(end - begin);
    char *damaged = malloc(length + 1);
    assert_non_null(damaged);
    for (int round = 0; round < DAMAGES; round++) {
        memcpy(damaged, begin, length);
        damaged[length] = '\0';
        for (uint64_t n = 1 + next_random(&random) % 4; n > 0; n--)
            damaged[next_random(&random) % length] = (char)(next_random(&random) % 128);
        tl_hlog_reader reader = {.next = damaged};
        tl_hlog_interval interval;
        tl_status status;
        while ((status = tl_hlog_next(&reader, &interval)) != TL_NOT_FOUND) {
            refused += status != TL_OK;
            if (status == TL_OK)
                tl_hdr_free(interval.hdr);
        }
    }
    assert_true(refused > DAMAGES / 2);
    free(damaged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_is_read_as_it_was_written),
        cmocka_unit_test(java_reads_our_log_and_we_read_java_s),
        cmocka_unit_test(a_tag_cannot_break_its_line),
        cmocka_unit_test(a_bad_line_is_told_and_the_next_one_read),
        cmocka_unit_test(damaged_logs_end_in_messages),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
