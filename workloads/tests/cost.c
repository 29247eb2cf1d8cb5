/* workloads/tests/cost.c -- what making one operation costs: workload_cost [OPS].
 *
 * Processor time of this process over the last phase of each row, best of five passes; a benchmark,
 * not a test.  "by 1" asks for one operation a call instead of 64: the difference is what the call
 * through the table costs.
 */
#include "workloads/distributions.h"
#include "workloads/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PASSES = 5, SETTINGS_MAX = 8, CAPACITY = 64, TEXT_BYTES = 300 };

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double pass(const tl_workload *workload, const tl_workload_spec *spec, size_t capacity)
{
    tl_op ops[CAPACITY];
    size_t count, phase_count;
    char error[300] = "";
    void *generator = workload->create(NULL, spec, error, sizeof error);
    if (generator == NULL) {
        fprintf(stderr, "workload_cost: %s\n", error);
        exit(EXIT_FAILURE);
    }
    const tl_phase *phases = workload->phases(generator, &phase_count);
    double begin = 0;
    for (size_t i = 0; i < phase_count; i++) {
        workload->start(generator, i);
        begin = now_ns();
        while ((count = workload->next_n(generator, ops, capacity)) > 0)
            ;
    }
    double cost = (now_ns() - begin) / (double)phases[phase_count - 1].ops;
    workload->destroy(generator);
    return cost;
}

static void row(const char *text, uint64_t ops)
{
    char copy[TEXT_BYTES], *rest = NULL;
    tl_workload_setting settings[SETTINGS_MAX];
    tl_workload_spec spec = {.ops = ops, .seed = 42, .page_bytes = 4096, .settings = settings};
    double best = 1e9, best_by_one = 1e9;
    (void)snprintf(copy, sizeof copy, "%s", text);
    const char *name = strtok_r(copy, " ", &rest);
    for (char *word; (word = strtok_r(NULL, " ", &rest)) != NULL && spec.setting_count < 8;) {
        char *equals = strchr(word, '=');
        if (equals == NULL)
            continue;
        *equals = '\0';
        settings[spec.setting_count++] = (tl_workload_setting){word, equals + 1};
    }
    for (int i = 0; i < PASSES; i++) {
        double cost = pass(tl_workload_find(name), &spec, CAPACITY);
        double by_one = pass(tl_workload_find(name), &spec, 1);
        best = cost < best ? cost : best;
        best_by_one = by_one < best_by_one ? by_one : best_by_one;
    }
    printf("%6.1f %6.1f  %s\n", best, best_by_one, text);
}

static void law_row(const char *text, uint64_t ops)
{
    tl_law law;
    tl_chooser chooser;
    double best = 1e9;
    uint64_t sum = 0;
    if (!tl_law_parse(text, &law, NULL, 0))
        return;
    for (int i = 0; i < PASSES; i++) {
        tl_chooser_init(&chooser, &law, ops, 42);
        double begin = now_ns();
        for (uint64_t n = 0; n < ops; n++)
            sum += tl_chooser_draw(&chooser, ops);
        double cost = (now_ns() - begin) / (double)ops;
        best = cost < best ? cost : best;
    }
    printf("%6.1f %6s  a draw of %s%s\n", best, "", text, sum == 0 ? "!" : "");
}

int main(int argc, char **argv)
{
    static const char *const rows[] = {
        "random phases=insert,get",
        "phases phases=load order=ascending key_shape=dense",
        "phases phases=load",
        "phases phases=load,run run.mix=get",
        "phases phases=load,run run.mix=get values=0",
        "phases phases=load,run run.mix=get keys=zipf:0.99",
        "phases phases=load,run run.mix=get:95,put:5 keys=scrambled_zipf:0.99",
        "phases phases=load,run run.mix=get:50,put:50 values=bimodal:100@0.9,1000@0.1",
        "phases phases=load,run run.mix=insert,delete load.records=10%",
        "phases phases=load,run run.mix=scan",
        "phases phases=load,run run.mix=scan scan_len=10000",
    };
    static const char *const laws[] = {"uniform",         "sequential",          "shuffled",
                                       "zipf:0.99",       "scrambled_zipf:0.99", "latest:0.99",
                                       "hotspot:0.2@0.8", "exponential:0.1@0.9"};
    uint64_t ops = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    printf("ns of processor time an operation, of %llu, by 64 and by 1\n", (unsigned long long)ops);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        row(rows[i], ops);
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++)
        law_row(laws[i], ops);
    return EXIT_SUCCESS;
}
