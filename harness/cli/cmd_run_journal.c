/* harness/cli/cmd_run_journal.c -- see cmd_run_journal.h. */
#include "harness/cli/cmd_run_journal.h"

#include "harness/report/machine.h"

#include <string.h>

static const char *hash_of(const tl_json *cell)
{
    return tl_json_text(tl_json_get(tl_json_get(cell, "workload"), "spec_sha256"), "");
}

/* Was each cell of a load of this name asked what this run asks?  `error` tells which was not. */
static bool asks_the_same(const tl_journal *journal, const tl_run_request *request, size_t load,
                          char *error, size_t error_bytes)
{
    const tl_run_cell blank = {.arm = &request->arms[0], .load = &request->loads[load]};
    tl_json *mine = tl_run_cell_json(request, &blank);
    const char *name = tl_run_load_name(&request->loads[load]);
    bool same = true;
    for (size_t i = 0; i < tl_journal_count(journal) && same; i++) {
        tl_json *cell = tl_journal_cell(journal, tl_journal_id(journal, i));
        const char *other = tl_json_text(tl_json_get(tl_json_get(cell, "workload"), "name"), "");
        same = strcmp(name, other) != 0 || strcmp(hash_of(mine), hash_of(cell)) == 0;
        tl_json_free(cell);
        if (!same)
            snprintf(error, error_bytes,
                     "the finished cell %.200s was asked something else; choose another --out, or "
                     "the options that it had",
                     tl_journal_id(journal, i));
    }
    tl_json_free(mine);
    return same;
}

int tl_run_journal_open(const char *dir, const tl_result *result, const tl_run_options *asked,
                        tl_journal **journal)
{
    char error[TL_RUN_TEXT_MAX] = "";
    const tl_journal_origin origin = {tl_build_revision(), tl_result_class(result)};
    tl_status status = tl_journal_open(dir, &origin, asked->resume, journal, error, sizeof error);
    for (size_t i = 0; i < asked->request.load_count && status == TL_OK; i++)
        if (!asks_the_same(*journal, &asked->request, i, error, sizeof error))
            status = TL_INVALID;
    if (status != TL_OK)
        tl_complain("run", "%s", error);
    return tl_exit_code(status);
}

bool tl_run_journal_earlier(const tl_journal *journal, tl_run_cell *cell)
{
    tl_json *json = tl_journal_cell(journal, cell->id);
    bool restored = json != NULL && tl_run_cell_restore(json, cell) == TL_OK;
    tl_json_free(json);
    return restored;
}

tl_status tl_run_journal_keep(tl_journal *journal, const tl_run_request *request,
                              const tl_run_cell *cell)
{
    if (cell->status == TL_RUN_CELL_FAILED)
        return TL_OK;
    tl_json *json = tl_run_cell_json(request, cell);
    tl_status status = tl_journal_append(journal, json);
    tl_json_free(json);
    return status;
}
