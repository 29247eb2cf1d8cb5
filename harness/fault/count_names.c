/* harness/fault/count_names.c -- see count_names.h.
 *
 * A choice is one version for each name.  Names are independent unless they may lead to the same
 * file, as those of a rename do, so the sum is a product over groups of names, and only within a
 * group are choices tried one by one.  What a choice weighs depends on the set of files that it
 * names: sets are gathered as bit masks and weighed once each.
 */
#include "harness/fault/count_names.h"

#include "harness/fault/count.h"

#include <assert.h>
#include <stdlib.h>

typedef struct range {
    uint32_t low, high; /* versions that may be chosen, both included */
} range;

typedef struct names {
    const count_log *log;
    const count_weight *weights;
    int64_t end;
    range *ranges;    /* of each name */
    uint32_t *leader; /* union-find: names, then files */
    uint32_t *bits;   /* of each file: its bit within its group */

    /* the group at hand */
    uint32_t *members, *choice; /* its names; the version chosen for each name of the log */
    bool *chosen;
    uint32_t member_count, file_count;
    uint64_t *masks, mask_count, mask_capacity; /* one for each choice */
    uint32_t tries;
} names;

static uint32_t leader_of(names *n, uint32_t node)
{
    while (n->leader[node] != node)
        node = n->leader[node] = n->leader[n->leader[node]];
    return node;
}

static void tie(names *n, uint32_t a, uint32_t b)
{
    n->leader[leader_of(n, a)] = leader_of(n, b);
}

static void ranges_find(names *n)
{
    for (uint32_t i = 0; i < n->log->path_count; i++) {
        const count_path *path = &n->log->paths[i];
        uint32_t high = path->name_count - 1;
        while (path->names[high].op >= n->end)
            high--;
        n->ranges[i] = (range){path->name_sure, high};
    }
    /* what is demanded of `from` raises what is demanded of `to`; later renames may hang on it */
    for (bool raised = true; raised;) {
        raised = false;
        for (uint32_t i = 0; i < n->log->need_count; i++) {
            const count_need *need = &n->log->needs[i];
            if (need->op >= n->end || n->ranges[need->from].low < need->from_index ||
                n->ranges[need->to].low >= need->to_index)
                continue;
            n->ranges[need->to].low = need->to_index;
            raised = true;
        }
    }
}

/* Does this rename still tie its two names? */
static bool is_open(const names *n, const count_need *need)
{
    return need->op < n->end && n->ranges[need->to].low < need->to_index;
}

/* A rename that is open ties its names too: the file that it moves may stand behind either. */
static void groups_find(names *n)
{
    for (uint32_t i = 0; i < n->log->path_count + n->log->file_count; i++)
        n->leader[i] = i;
    for (uint32_t i = 0; i < n->log->path_count; i++) {
        for (uint32_t v = n->ranges[i].low; v <= n->ranges[i].high; v++) {
            uint32_t file = n->log->paths[i].names[v].file;
            if (file != COUNT_NO_FILE)
                tie(n, i, n->log->path_count + file);
        }
    }
}

static tl_status mask_add(names *n, uint64_t mask)
{
    if (n->mask_count == n->mask_capacity) {
        uint64_t grown = n->mask_capacity == 0 ? 64 : n->mask_capacity * 2;
        uint64_t *memory = realloc(n->masks, grown * sizeof *memory);
        if (memory == NULL)
            return TL_NO_MEMORY;
        n->masks = memory;
        n->mask_capacity = grown;
    }
    n->masks[n->mask_count++] = mask;
    return TL_OK;
}

/* May the name just chosen stand beside those chosen before? */
static bool fits(const names *n, uint32_t name)
{
    for (uint32_t i = 0; i < n->log->need_count; i++) {
        const count_need *need = &n->log->needs[i];
        if ((need->from != name && need->to != name) || !is_open(n, need))
            continue;
        if (n->chosen[need->from] && n->chosen[need->to] &&
            n->choice[need->from] >= need->from_index && n->choice[need->to] < need->to_index)
            return false;
    }
    return true;
}

/* Choose versions for members `depth` and on; `mask` has the files named so far. */
static tl_status choose(names *n, uint32_t depth, uint64_t mask)
{
    if (depth == n->member_count)
        return mask_add(n, mask);
    uint32_t name = n->members[depth];
    tl_status status = TL_OK;
    n->chosen[name] = true;
    for (uint32_t v = n->ranges[name].low; v <= n->ranges[name].high && status == TL_OK; v++) {
        if (++n->tries > 2 * TL_COUNT_CHOICES_MAX)
            status = TL_UNSUPPORTED;
        n->choice[name] = v;
        if (status != TL_OK || !fits(n, name))
            continue;
        uint32_t file = n->log->paths[name].names[v].file;
        uint64_t more = file == COUNT_NO_FILE ? 0 : UINT64_C(1) << n->bits[file];
        status = choose(n, depth + 1, mask | more);
    }
    n->chosen[name] = false;
    return status;
}

static int mask_compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Multiply both totals by the sum over the masks of what they weigh.  `files` by bit. */
static void weigh(names *n, const uint32_t *files, mpz_ptr states, mpz_ptr outcomes)
{
    mpz_t sums[2], product[2];
    mpz_inits(sums[0], sums[1], product[0], product[1], NULL);
    qsort(n->masks, n->mask_count, sizeof *n->masks, mask_compare);
    for (uint64_t i = 0, same; i < n->mask_count; i += same) {
        for (same = 1; i + same < n->mask_count && n->masks[i + same] == n->masks[i];)
            same++;
        mpz_set_ui(product[0], same);
        mpz_set_ui(product[1], same);
        for (uint32_t bit = 0; bit < n->file_count; bit++) {
            if ((n->masks[i] >> bit & 1) == 0)
                continue;
            mpz_mul(product[0], product[0], n->weights[files[bit]].states);
            mpz_mul(product[1], product[1], n->weights[files[bit]].outcomes);
        }
        mpz_add(sums[0], sums[0], product[0]);
        mpz_add(sums[1], sums[1], product[1]);
    }
    mpz_mul(states, states, sums[0]);
    mpz_mul(outcomes, outcomes, sums[1]);
    mpz_clears(sums[0], sums[1], product[0], product[1], NULL);
}

/* The group led by `leader`. */
static tl_status group_count(names *n, uint32_t leader, mpz_ptr states, mpz_ptr outcomes)
{
    uint32_t files[TL_COUNT_FILES_MAX];
    n->member_count = n->file_count = n->tries = 0;
    n->mask_count = 0;
    for (uint32_t i = 0; i < n->log->path_count; i++) {
        if (leader_of(n, i) == leader)
            n->members[n->member_count++] = i;
    }
    if (n->member_count == 0) /* a file alone, which nothing names */
        return TL_OK;
    for (uint32_t i = 0; i < n->log->file_count; i++) {
        if (leader_of(n, n->log->path_count + i) != leader)
            continue;
        if (n->file_count == TL_COUNT_FILES_MAX)
            return TL_UNSUPPORTED;
        n->bits[i] = n->file_count;
        files[n->file_count++] = i;
    }
    tl_status status = choose(n, 0, 0);
    if (status == TL_OK && n->mask_count > TL_COUNT_CHOICES_MAX)
        status = TL_UNSUPPORTED;
    if (status == TL_OK)
        weigh(n, files, states, outcomes);
    return status;
}

tl_status count_names(const count_log *log, int64_t end, const count_weight *weights,
                      mpz_ptr states, mpz_ptr outcomes)
{
    size_t paths = (size_t)log->path_count + 1, nodes = paths + log->file_count;
    names n = {.log = log, .weights = weights, .end = end};
    n.ranges = calloc(paths, sizeof *n.ranges);
    n.leader = calloc(nodes, sizeof *n.leader);
    n.bits = calloc(nodes, sizeof *n.bits);
    n.members = calloc(paths, sizeof *n.members);
    n.choice = calloc(paths, sizeof *n.choice);
    n.chosen = calloc(paths, sizeof *n.chosen);
    tl_status status = TL_NO_MEMORY;
    if (n.ranges && n.leader && n.bits && n.members && n.choice && n.chosen) {
        status = TL_OK;
        mpz_set_ui(states, 1);
        mpz_set_ui(outcomes, 1);
        ranges_find(&n);
        groups_find(&n);
        for (uint32_t i = 0; i < log->path_count + log->file_count && status == TL_OK; i++) {
            if (leader_of(&n, i) == i)
                status = group_count(&n, i, states, outcomes);
        }
    }
    free(n.ranges);
    free(n.leader);
    free(n.bits);
    free(n.members);
    free(n.choice);
    free(n.chosen);
    free(n.masks);
    return status;
}
