/* harness/measure/bench_limits.c -- what memory allows: one load that waits for the one before.
 *
 *     bench_limits            one line: the best of some rounds, in ns
 *
 * A lookup in a large tree cannot be faster than the misses that must follow each other.  This
 * walks one cycle through the lines of 256 MiB, far more than any cache holds, in an order that no
 * prefetcher guesses: each load has the address of the next.  Of some rounds the fastest counts:
 * neighbours on the machine only ever add.
 */
#include "harness/measure/clock.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { LINE_BYTES = 64, LINES = 4 << 20, STEPS = 1 << 20, ROUNDS = 5 };

typedef struct line {
    struct line *next;
    char rest[LINE_BYTES - sizeof(struct line *)];
} line;

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

/* One cycle through all lines: Sattolo's shuffle of their order, then each points to the next. */
static int make_cycle(line *lines)
{
    uint32_t *order = malloc(LINES * sizeof *order);
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    if (order == NULL)
        return -1;
    for (uint32_t i = 0; i < LINES; i++)
        order[i] = i;
    for (uint32_t i = LINES - 1; i > 0; i--) {
        uint32_t other = (uint32_t)(random_next(&state) % i), moved = order[i];
        order[i] = order[other];
        order[other] = moved;
    }
    for (uint32_t i = 0; i < LINES; i++)
        lines[order[i]].next = &lines[order[i + 1 < LINES ? i + 1 : 0]];
    free(order);
    return 0;
}

int main(void)
{
    size_t bytes = (size_t)LINES * LINE_BYTES;
    line *lines = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (lines == MAP_FAILED) {
        perror("bench_limits: 256 MiB");
        return 5;
    }
    (void)madvise(lines, bytes, MADV_HUGEPAGE); /* refused: small pages, which is what there is */
    if (make_cycle(lines) != 0) {
        fputs("bench_limits: out of memory\n", stderr);
        return 5;
    }
    double best_ns = 0;
    const line *at = lines;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t begin_ns = tl_clock_ns();
        for (uint32_t step = 0; step < STEPS; step++)
            at = at->next;
        double step_ns = (double)(tl_clock_ns() - begin_ns) / STEPS;
        if (round == 0 || step_ns < best_ns)
            best_ns = step_ns;
    }
    /* Printing the place keeps the walk from being left out. */
    printf("dependent miss %.1f ns (ended %td lines from the start)\n", best_ns, at - lines);
    return 0;
}
