/* harness/cli/cmd_crash_tell.c -- see cmd_crash_tell.h. */
#include "harness/cli/cmd_crash_tell.h"

#include <inttypes.h>

static void note_known(tl_tell *tell, const tl_enumerate_finding *finding)
{
    size_t i = 0;
    while (i < tell->known_count && tell->known[i].row != finding->known)
        i++;
    if (i == TL_TELL_KNOWN_MAX)
        return;
    if (i == tell->known_count)
        tell->known[tell->known_count++] =
            (tl_tell_known){.row = finding->known, .first = finding->where};
    tell->known[i].count++;
}

void tl_tell_finding(tl_tell *tell, const tl_enumerate_finding *finding)
{
    static char where[TL_STATE_ID_TEXT_MAX];
    if (finding->known != NULL) {
        note_known(tell, finding);
        return;
    }
    tl_state_id_print(&finding->where, where);
    tl_crash_tell(tell->march, where, &finding->verdict);
}

/* "  KNOWN     12 times  log/commit/garbage/39.24/sample.2: flushes of the log share ..." */
static void print_known(const tl_tell *tell)
{
    const tl_crash_cell *cell = &tell->march->cell;
    static char where[TL_STATE_ID_TEXT_MAX];
    for (size_t i = 0; i < tell->known_count; i++) {
        const tl_tell_known *known = &tell->known[i];
        tl_state_id_print(&known->first, where);
        fprintf(tell->march->rows, "  KNOWN, %" PRIu64 " times, first at %s/%s/%.120s: %s\n",
                known->count, cell->protocol, tl_run_durability_name(cell->durability), where,
                known->row->reason);
    }
}

void tl_tell_end(tl_tell *tell, const tl_enumeration *done, const tl_recording *recording,
                 tl_profile profile, bool whole)
{
    const tl_crash_request *request = tell->march->campaign->request;
    const tl_contracts *contracts =
        request->contracts != NULL ? request->contracts : tl_contracts_builtin();
    const tl_contract_case whose = tl_contract_case_of(&recording->inspector, profile);
    const tl_contract contract = tl_contract_find(contracts, &whose);
    char more[160];
    print_known(tell);
    if (whole && tl_contract_stronger(&contract, &done->seen, more, sizeof more))
        fprintf(tell->march->rows, "  stronger than promised, in every allowed state: %s\n", more);
}
