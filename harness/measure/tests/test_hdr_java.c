/* harness/measure/tests/test_hdr_java.c -- HdrHistogram's Java library understands us, and we it.
 *
 * One Java process reads all histograms that we wrote, compares each with what it records itself
 * from the same values, and writes its own; we read those.  Without Java or its library the test
 * fails: ci/packages lists both.
 */
#include "harness/measure/hdr_codec.h"
#include "harness/measure/tests/random_hdr.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { HISTOGRAMS = 10000, VALUES_MAX = 60, PATH_BYTES = 128 };

typedef struct exchange {
    char dir[64], sent[PATH_BYTES], received[PATH_BYTES];
} exchange;

static int setup(void **state)
{
    static exchange x;
    strcpy(x.dir, "/tmp/treelab-test-XXXXXX");
    if (mkdtemp(x.dir) == NULL)
        return 1;
    snprintf(x.sent, sizeof x.sent, "%s/sent", x.dir);
    snprintf(x.received, sizeof x.received, "%s/received", x.dir);
    *state = &x;
    return 0;
}

static int teardown(void **state)
{
    exchange *x = *state;
    unlink(x->sent);
    unlink(x->received);
    return rmdir(x->dir);
}

static void run_java(const exchange *x, const char *what)
{
    char command[1024];
    if (access(TL_HDR_JAR, R_OK) != 0 || system("java -version >/dev/null 2>&1") != 0)
        fail_msg("%s or java is missing: apt-get install libhdrhistogram-java "
                 "default-jdk-headless",
                 TL_HDR_JAR);
    /* The optimizing compiler is not worth its start here. */
    snprintf(command, sizeof command,
             "java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp %s %s %s %s %s", TL_HDR_JAR,
             TL_HDR_EXCHANGE, what, x->sent, x->received);
    if (system(command) != 0)
        fail_msg("HdrExchange.java did not end well; see above");
}

/* Write one random histogram for Java, and return it. */
static tl_hdr *send_one(FILE *out, uint64_t *random)
{
    tl_hdr_layout layout = random_layout(random);
    tl_hdr *hdr = tl_hdr_new(&layout);
    char *text = NULL;
    assert_non_null(hdr);
    fprintf(out, "%" PRIu64 " %" PRIu64 " %u :", layout.lowest, layout.highest,
            (unsigned)layout.figures);
    for (uint64_t n = next_random(random) % VALUES_MAX; n > 0; n--) {
        uint64_t value = random_value(random, 62) % (layout.highest + 1);
        uint64_t count = next_random(random) % 4 == 0 ? random_value(random, 50) | 1 : 1;
        tl_hdr_record(hdr, value, count);
        fprintf(out, ",%" PRIu64 ":%" PRIu64, value, count);
    }
    assert_int_equal(tl_hdr_encode(hdr, &text), TL_OK);
    fprintf(out, " %s\n", text);
    free(text);
    return hdr;
}

static void ten_thousand_histograms_are_the_same_in_both_directions(void **state)
{
    exchange *x = *state;
    uint64_t random = test_seed(0), again = random;
    FILE *out = fopen(x->sent, "w");
    assert_non_null(out);
    for (int i = 0; i < HISTOGRAMS; i++)
        tl_hdr_free(send_one(out, &random));
    assert_int_equal(fclose(out), 0);
    run_java(x, "histograms");

    char *line = NULL;
    size_t capacity = 0;
    int number = 0;
    FILE *in = fopen(x->received, "r"), *nowhere = fopen("/dev/null", "w");
    assert_true(in != NULL && nowhere != NULL);
    for (ssize_t length; (length = getline(&line, &capacity, in)) > 0; number++) {
        tl_hdr *wanted = send_one(nowhere, &again), *read = NULL;
        const char *problem;
        tl_status status = tl_hdr_decode(line, (size_t)length - 1, &read, &problem);
        if (status != TL_OK)
            fail_msg("histogram %d: %s", number, problem);
        assert_true(read->count == wanted->count);
        assert_true(read->layout.slot_count == wanted->layout.slot_count);
        assert_memory_equal(read->slots, wanted->slots,
                            wanted->layout.slot_count * sizeof wanted->slots[0]);
        tl_hdr_free(wanted);
        tl_hdr_free(read);
    }
    assert_int_equal(number, HISTOGRAMS);
    assert_true(random == again);
    free(line);
    fclose(in);
    fclose(nowhere);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_histograms_are_the_same_in_both_directions),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
