/* harness/cli/cmd_validate_gate.c -- what a gate reads, read as a gate does. */
#include "harness/cli/cmd_validate.h"

#include "harness/cli/cli.h"
#include "harness/gate/counts.h"

#include <stdio.h>
#include <string.h>

static bool policy_is_well(const char *path, tl_validate_found *what)
{
    tl_gate_policy policy = {0};
    char error[TL_GATE_TEXT_MAX + FILENAME_MAX];
    bool well = tl_gate_policy_read(path, &policy, error, sizeof error) == TL_OK;
    if (!well)
        tl_complain("validate", "%s", error);
    *what = (tl_validate_found){.kind = "gate policy", .count = policy.row_count, .of = "row"};
    tl_gate_policy_release(&policy);
    return well;
}

static bool baseline_is_well(const char *path, tl_validate_found *what)
{
    tl_baseline baseline = {0};
    char error[TL_GATE_TEXT_MAX + FILENAME_MAX];
    bool well = tl_baseline_read(path, &baseline, error, sizeof error) == TL_OK;
    if (!well)
        tl_complain("validate", "%s", error);
    *what = (tl_validate_found){.kind = "gate baseline",
                                .count = tl_json_size(tl_json_get(baseline.root, "rows")),
                                .of = "row"};
    tl_baseline_release(&baseline);
    return well;
}

bool tl_validate_gate(const char *path, const tl_json *root, bool *well, tl_validate_found *what)
{
    const char *schema = tl_json_text(tl_json_get(root, "schema"), "");
    bool is_policy = strcmp(schema, TL_GATE_SCHEMA) == 0;
    if (!is_policy && strcmp(schema, TL_BASELINE_SCHEMA) != 0)
        return false;
    *well = is_policy ? policy_is_well(path, what) : baseline_is_well(path, what);
    return true;
}
