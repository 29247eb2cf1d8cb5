/* harness/cli/cmd_crash_tell.c -- see cmd_crash_tell.h. */
#include "harness/cli/cmd_crash_tell.h"

#include "harness/check/timeline.h"

#include <inttypes.h>

enum { EXPLAINED_MAX = 3, WITNESS_LOOKS = 512 };

void tl_tell_begin(tl_tell *tell, tl_crash_march *march, const tl_recording *recording,
                   tl_profile profile)
{
    const tl_crash_request *request = march->campaign->request;
    tell->march = march;
    tell->recording = recording;
    tell->profile = profile;
    tl_causes_begin(&tell->causes, recording, request->contracts, profile, request->seed);
}

static const char *where_text(const tl_state_id *where)
{
    static char text[TL_STATE_ID_TEXT_MAX];
    tl_state_id_print(where, text);
    return text;
}

bool tl_tell_finding(tl_tell *tell, const tl_enumerate_finding *finding)
{
    const tl_crash_cell *cell = &tell->march->cell;
    bool fresh = false;
    const tl_cause *cause = tl_causes_add(&tell->causes, finding, &fresh);
    if (finding->known != NULL)
        return false;
    bool first = tl_crash_tell(tell->march, where_text(&finding->where), &finding->verdict);
    if (cause == NULL || !fresh)
        return first;
    if (!first)
        tl_complain("crash", "finding: %s/%s/%.200s: %s (%s)", cell->protocol,
                    tl_run_durability_name(cell->durability), where_text(&finding->where),
                    tl_rule_name(finding->verdict.rule), finding->verdict.text);
    tl_complain("crash", "cause: %s", cause->text);
    return first;
}

/* Why, and what would help, of the first finding of a cause. */
static void print_explanation(tl_tell *tell, const tl_cause *cause, tl_json *told)
{
    const tl_crash_request *request = tell->march->campaign->request;
    static tl_explanation why; /* large; one at a time */
    tl_explain_options options = {
        .recording = tell->recording,
        .contracts = request->contracts,
        .profile = tell->profile,
        .tier = request->tier,
        .seed = request->seed,
        .stop = tl_interrupted,
    };
    tl_witness *witness = tell->causes.witness;
    if (witness == NULL || tl_interrupted() ||
        tl_witness_take(witness, &cause->first, &cause->verdict) != TL_OK ||
        tl_witness_shrink(witness, WITNESS_LOOKS) != TL_OK ||
        tl_explain(&options, witness, &why) != TL_OK)
        return;
    fprintf(tell->march->rows, "    %s\n", why.needs);
    if (why.fix[0] != '\0')
        fprintf(tell->march->rows, "    %s\n", why.fix);
    tl_json_add_text(told, "needs", why.needs);
    tl_json_add_text(told, "fix", why.fix[0] != '\0' ? why.fix : NULL);
}

/* "  cause: 12 findings: lost_committed (TL_OK): log_frame lost; between ... and ..." */
static void print_causes(tl_tell *tell, tl_json *list)
{
    FILE *rows = tell->march->rows;
    size_t explained = 0;
    for (size_t i = 0; i < tell->causes.count; i++) {
        const tl_cause *cause = &tell->causes.at[i];
        const tl_crash_cell *cell = &tell->march->cell;
        tl_json *told = tl_json_add_object(list, NULL);
        tl_json_add_text(told, "signature", cause->text);
        tl_json_add_count(told, "count", cause->count);
        tl_json_add_text(told, "first", where_text(&cause->first));
        tl_json_add_text(told, "text", cause->verdict.text);
        tl_json_add_text(told, "known", cause->known != NULL ? cause->known->reason : NULL);
        fprintf(rows, "  %s: %" PRIu64 " finding%s: %s\n", cause->known != NULL ? "KNOWN" : "cause",
                cause->count, cause->count == 1 ? "" : "s", cause->text);
        fprintf(rows, "    first at %s/%s/%.200s\n", cell->protocol,
                tl_run_durability_name(cell->durability), where_text(&cause->first));
        if (cause->known != NULL)
            fprintf(rows, "    documented: %s\n", cause->known->reason);
        else if (explained++ < EXPLAINED_MAX)
            print_explanation(tell, cause, told);
    }
}

void tl_tell_end(tl_tell *tell, tl_tiers_row *row, bool whole)
{
    const tl_crash_request *request = tell->march->campaign->request;
    const tl_contracts *contracts =
        request->contracts != NULL ? request->contracts : tl_contracts_builtin();
    const tl_contract_case whose = tl_contract_case_of(&tell->recording->inspector, tell->profile);
    const tl_contract contract = tl_contract_find(contracts, &whose);
    row->causes = tl_json_array_new();
    print_causes(tell, row->causes);
    if (!whole ||
        !tl_contract_stronger(&contract, &row->done.seen, row->stronger, sizeof row->stronger))
        row->stronger[0] = '\0';
    else
        fprintf(tell->march->rows, "  stronger than promised, in every allowed state: %s\n",
                row->stronger);
    tl_causes_end(&tell->causes);
}

void tl_tell_timeline(tl_tell *tell, const tl_state_id *where)
{
    const tl_trace *trace = &tell->recording->trace;
    const tl_roles roles = tl_roles_of(&tell->recording->inspector, trace);
    const tl_crash_request *request = tell->march->campaign->request;
    tl_witness *witness = NULL;
    tl_lost lost;
    tl_status status = tl_witness_create(tell->recording, request->contracts, tell->profile,
                                         request->seed, &witness);
    if (status == TL_OK)
        status = tl_witness_take(witness, where, NULL);
    if (status == TL_OK)
        status = tl_witness_lost(witness, &lost);
    if (status == TL_OK)
        tl_timeline_print(tell->march->rows, &roles, trace, &lost, 0);
    else
        tl_complain("crash", "no timeline: %s", tl_status_text(status));
    tl_witness_destroy(witness);
}
