/* harness/sweep/merged.c -- what a merge leaves: samples.jsonl and run.json.
 *
 * Machine, storage and build are those of the part whose id is the least; nothing in either file
 * depends on when, where or in what order the parts were put together.
 */
#include "harness/sweep/merge.h"

#include "harness/report/resultfile.h"
#include "harness/run/journal.h"
#include "harness/sweep/copy.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char mixed[] = "mixed";

/* A member that `from` lacks stays away: an absent one is no want of memory. */
static void take_over(const tl_json *from, const char *name, tl_json *into)
{
    const tl_json *member = tl_json_get(from, name);
    if (member != NULL)
        tl_json_attach(into, name, tl_sweep_copy(member));
}

static const char *class_of_all(const tl_merge *merge)
{
    for (size_t i = 1; i < merge->count; i++)
        if (merge->cells[i].class_key != merge->cells[0].class_key)
            return mixed;
    return merge->count == 0 ? "" : merge->cells[0].class_key;
}

void tl_merge_journal(const tl_merge *merge, tl_text *out)
{
    tl_json *head = tl_json_object_new();
    tl_json_add_text(head, "journal", TL_JOURNAL_SCHEMA);
    tl_json_add_text(head, "revision", merge->count == 0 ? "" : merge->cells[0].revision);
    tl_json_add_text(head, "class", class_of_all(merge));
    tl_json_add_bool(head, "merged", true);
    char *line = tl_json_line(head);
    tl_json_free(head);
    out->failed = out->failed || line == NULL;
    tl_text_add(out, line == NULL ? "" : line);
    tl_text_add(out, "\n");
    free(line);
    for (size_t i = 0; i < merge->count; i++) {
        tl_text_add(out, merge->cells[i].line);
        tl_text_add(out, "\n");
    }
}

/* Of unlike machines a key that no machine has, so that nobody compares their times. */
static void add_class(const tl_merge *merge, tl_json *root)
{
    const char *key = class_of_all(merge);
    const tl_json *of_frame = tl_json_get(merge->frame, "class");
    if (of_frame != NULL && strcmp(tl_json_text(tl_json_get(of_frame, "key"), ""), key) == 0) {
        tl_json_attach(root, "class", tl_sweep_copy(of_frame));
        return;
    }
    tl_json *object = tl_json_add_object(root, "class");
    uint64_t hash = strtoull(key, NULL, 16);
    for (size_t i = 0; i < merge->count && key == mixed; i++)
        for (const char *c = merge->cells[i].class_key; *c != '\0'; c++)
            hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    tl_json_add_hex(object, "key", hash);
    tl_json_add_text(tl_json_add_array(object, "fields"), NULL, key == mixed ? "mixed" : "merged");
}

typedef struct totals {
    uint64_t failed, wrong_cells, wrong, checked;
    double wall_s;
} totals;

static void add_cell_to(totals *all, const tl_json *cell)
{
    const char *status = tl_json_text(tl_json_get(cell, "status"), "");
    const tl_json *phases = tl_json_get(cell, "phases");
    all->failed += strcmp(status, "ok") != 0;
    all->wrong_cells += strcmp(status, "wrong") == 0;
    for (size_t p = 0; p < tl_json_size(phases); p++) {
        const tl_json *phase = tl_json_at(phases, p);
        all->wrong += tl_json_count(tl_json_get(phase, "wrong"), 0);
        all->checked +=
            tl_json_count(tl_json_get(tl_json_get(phase, "check"), "answers_checked"), 0);
        all->wall_s += tl_json_real(tl_json_get(phase, "wall_ns"), 0) / 1e9;
    }
}

static void add_options(const tl_json *of_run, tl_json *frame)
{
    tl_json *options = tl_json_add_object(frame, "options");
    for (size_t i = 0; i < tl_json_size(of_run); i++) {
        const char *name = tl_json_name(tl_json_at(of_run, i));
        if (strcmp(name, "shard") != 0) /* of one part, and no longer true */
            tl_json_attach(options, name, tl_sweep_copy(tl_json_at(of_run, i)));
    }
}

tl_json *tl_merge_frame(const tl_json *run)
{
    static const char *const whole[] = {"tool",  "build",   "machine", "storage",
                                        "class", "harness", "noise"};
    tl_json *frame = tl_json_object_new();
    tl_json_add_text(frame, "id", tl_json_text(tl_json_get(run, "id"), ""));
    tl_json_add_text(frame, "started", tl_json_text(tl_json_get(run, "started"), ""));
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        take_over(run, whole[i], frame);
    add_options(tl_json_get(run, "options"), frame);
    return frame;
}

/* Cells in the grid's order: the way back from the order of ids. */
static int compare_numbers(const void *a, const void *b)
{
    const tl_merge_cell *left = *(tl_merge_cell *const *)a, *right = *(tl_merge_cell *const *)b;
    uint64_t numbers[2];
    numbers[0] = tl_json_count(tl_json_get(tl_json_get(left->cell, "sweep"), "number"), 0);
    numbers[1] = tl_json_count(tl_json_get(tl_json_get(right->cell, "sweep"), "number"), 0);
    if (numbers[0] != numbers[1])
        return numbers[0] < numbers[1] ? -1 : 1;
    return strcmp(left->id, right->id);
}

static bool add_cells(const tl_merge *merge, tl_json *root)
{
    const tl_merge_cell **order = calloc(merge->count + 1, sizeof *order);
    if (order == NULL)
        return false;
    for (size_t i = 0; i < merge->count; i++)
        order[i] = &merge->cells[i];
    qsort(order, merge->count, sizeof *order, compare_numbers);
    tl_json *cells = tl_json_add_array(root, "cells");
    for (size_t i = 0; i < merge->count; i++)
        tl_json_attach(cells, NULL, tl_sweep_copy(order[i]->cell));
    free(order);
    return true;
}

tl_json *tl_merge_run(const tl_merge *merge)
{
    static const char *const of_frame[] = {"tool", "build", "machine", "storage"};
    static const char *const behind_class[] = {"harness", "noise", "options"};
    totals all = {0};
    if (merge->frame == NULL)
        return NULL;
    for (size_t i = 0; i < merge->count; i++)
        add_cell_to(&all, merge->cells[i].cell);
    tl_json *root = tl_json_object_new();
    tl_json_add_text(root, "schema", TL_RESULT_SCHEMA);
    tl_json_add_text(root, "id", tl_json_text(tl_json_get(merge->frame, "id"), ""));
    tl_json_add_text(root, "status",
                     tl_result_status_name(all.wrong_cells > 0 ? TL_RESULT_WRONG : TL_RESULT_OK));
    tl_json_add_count(root, "exit_code", all.wrong_cells > 0 ? 3 : 0);
    tl_json_add_text(root, "started", tl_json_text(tl_json_get(merge->frame, "started"), ""));
    tl_json_add_real(root, "wall_s", all.wall_s);
    tl_json_add_text(tl_json_add_array(root, "argv"), NULL, "merge");
    for (size_t i = 0; i < sizeof of_frame / sizeof of_frame[0]; i++)
        take_over(merge->frame, of_frame[i], root);
    add_class(merge, root);
    for (size_t i = 0; i < sizeof behind_class / sizeof behind_class[0]; i++)
        take_over(merge->frame, behind_class[i], root);
    tl_json *summary = tl_json_add_object(root, "summary");
    tl_json_add_count(summary, "cells", merge->count);
    tl_json_add_count(summary, "failed", all.failed);
    tl_json_add_count(summary, "wrong_answers", all.wrong);
    tl_json_add_count(summary, "answers_checked", all.checked);
    tl_json_add_count(summary, "states", 0);
    tl_json_add_null(summary, "states_per_s");
    tl_json_add_count(summary, "findings", 0);
    if (!add_cells(merge, root)) {
        tl_json_free(root);
        return NULL;
    }
    return root;
}
