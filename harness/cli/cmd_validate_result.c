/* harness/cli/cmd_validate_result.c -- the main rules of a result, where no JSON Schema validator
 * is.
 *
 * results/schema/run-1.json has all rules.  Here: members that must be there and their kinds, ids
 * that are unique, sums that agree, and specs whose hash is theirs.
 */
#include "harness/cli/cmd_validate.h"

#include "harness/cli/cli.h"
#include "harness/gate/counts.h"
#include "harness/report/resultfile.h"
#include "harness/spec/spec.h"

#include <string.h>

typedef struct judge {
    const char *path;
    size_t troubles;
} judge;

enum { MAY_BE_NULL = 1 };
typedef struct rule {
    const char *name;
    tl_json_kind kind;
    unsigned flags;
} rule;

static const rule top_rules[] = {
    {"schema",    TL_JSON_TEXT,   0},
    {"id",        TL_JSON_TEXT,   0},
    {"status",    TL_JSON_TEXT,   0},
    {"exit_code", TL_JSON_NUMBER, 0},
    {"started",   TL_JSON_TEXT,   0},
    {"wall_s",    TL_JSON_NUMBER, 0},
    {"argv",      TL_JSON_ARRAY,  0},
    {"tool",      TL_JSON_OBJECT, 0},
    {"build",     TL_JSON_OBJECT, 0},
    {"machine",   TL_JSON_OBJECT, 0},
    {"storage",   TL_JSON_OBJECT, 0},
    {"class",     TL_JSON_OBJECT, 0},
    {"harness",   TL_JSON_OBJECT, 0},
    {"noise",     TL_JSON_OBJECT, 0},
    {"options",   TL_JSON_OBJECT, 0},
    {"summary",   TL_JSON_OBJECT, 0},
    {"cells",     TL_JSON_ARRAY,  0},
    {NULL,        TL_JSON_NULL,   0},
};
static const rule cell_rules[] = {
    {"id",         TL_JSON_TEXT,   0          },
    {"kind",       TL_JSON_TEXT,   0          },
    {"driver",     TL_JSON_TEXT,   0          },
    {"label",      TL_JSON_TEXT,   0          },
    {"engine",     TL_JSON_OBJECT, 0          },
    {"workload",   TL_JSON_OBJECT, 0          },
    {"repetition", TL_JSON_NUMBER, 0          },
    {"order",      TL_JSON_NUMBER, 0          },
    {"status",     TL_JSON_TEXT,   0          },
    {"error",      TL_JSON_TEXT,   MAY_BE_NULL},
    {"phases",     TL_JSON_ARRAY,  0          },
    {NULL,         TL_JSON_NULL,   0          },
};
static const rule duel_rules[] = {
    {"id",           TL_JSON_TEXT,   0          },
    {"kind",         TL_JSON_TEXT,   0          },
    {"label",        TL_JSON_TEXT,   0          },
    {"order",        TL_JSON_NUMBER, 0          },
    {"status",       TL_JSON_TEXT,   0          },
    {"error",        TL_JSON_TEXT,   MAY_BE_NULL},
    {"verdict",      TL_JSON_TEXT,   0          },
    {"decided_by",   TL_JSON_TEXT,   0          },
    {"note",         TL_JSON_TEXT,   MAY_BE_NULL},
    {"arms",         TL_JSON_ARRAY,  0          },
    {"workload",     TL_JSON_OBJECT, 0          },
    {"statistics",   TL_JSON_OBJECT, 0          },
    {"log_ratios",   TL_JSON_OBJECT, 0          },
    {"confirmation", TL_JSON_OBJECT, MAY_BE_NULL},
    {"counters",     TL_JSON_ARRAY,  0          },
    {NULL,           TL_JSON_NULL,   0          },
};
static const rule phase_rules[] = {
    {"name",     TL_JSON_TEXT,   0          },
    {"measured", TL_JSON_BOOL,   0          },
    {"ops",      TL_JSON_NUMBER, 0          },
    {"wall_ns",  TL_JSON_NUMBER, 0          },
    {"cpu_ns",   TL_JSON_NUMBER, 0          },
    {"latency",  TL_JSON_OBJECT, 0          },
    {"counters", TL_JSON_OBJECT, 0          },
    {"space",    TL_JSON_OBJECT, MAY_BE_NULL},
    {"check",    TL_JSON_OBJECT, 0          },
    {NULL,       TL_JSON_NULL,   0          },
};

static void trouble(judge *j, const char *where, const char *name, const char *text)
{
    j->troubles++;
    tl_complain("validate", "%s: %s%s%s: %s", j->path, where, where[0] == '\0' ? "" : ".", name,
                text);
}

static void check_rules(judge *j, const tl_json *object, const rule *rules, const char *where)
{
    static const char *const kinds[] = {"null",   "true or false", "a number",
                                        "a text", "a list",        "an object"};
    for (; rules->name != NULL; rules++) {
        const tl_json *member = tl_json_get(object, rules->name);
        tl_json_kind kind = tl_json_kind_of(member);
        char text[64];
        if (member == NULL)
            trouble(j, where, rules->name, "is missing");
        else if (kind != rules->kind &&
                 !(kind == TL_JSON_NULL && (rules->flags & MAY_BE_NULL) != 0)) {
            snprintf(text, sizeof text, "is not %s", kinds[rules->kind]);
            trouble(j, where, rules->name, text);
        }
    }
}

static void check_spec(judge *j, const tl_json *workload, const char *where)
{
    const tl_json *spec = tl_json_get(workload, "spec_inline");
    const char *told = tl_json_text(tl_json_get(workload, "spec_sha256"), NULL);
    char hash[TL_SPEC_HASH_BYTES];
    if (spec == NULL || told == NULL) /* results from before there were specs */
        return;
    if (tl_spec_hash(spec, hash) && strcmp(hash, told) != 0)
        trouble(j, where, "workload.spec_sha256", "is not the hash of spec_inline");
}

static void check_cell(judge *j, const tl_json *cells, size_t index)
{
    char where[64];
    const tl_json *cell = tl_json_at(cells, index), *phases = tl_json_get(cell, "phases");
    const char *id = tl_json_text(tl_json_get(cell, "id"), NULL);
    snprintf(where, sizeof where, "cells[%zu]", index);
    bool is_duel = strcmp(tl_json_text(tl_json_get(cell, "kind"), ""), "duel") == 0;
    check_rules(j, cell, is_duel ? duel_rules : cell_rules, where);
    check_spec(j, tl_json_get(cell, "workload"), where);
    for (size_t i = 0; i < index && id != NULL; i++)
        if (strcmp(tl_json_text(tl_json_get(tl_json_at(cells, i), "id"), ""), id) == 0) {
            trouble(j, where, "id", "another cell has the same");
            break;
        }
    for (size_t i = 0; i < tl_json_size(phases); i++) {
        snprintf(where, sizeof where, "cells[%zu].phases[%zu]", index, i);
        check_rules(j, tl_json_at(phases, i), phase_rules, where);
    }
}

size_t tl_validate_result(const char *path, const tl_json *root)
{
    judge j = {path, 0};
    const tl_json *cells = tl_json_get(root, "cells"), *summary = tl_json_get(root, "summary");
    if (strcmp(tl_json_text(tl_json_get(root, "schema"), ""), TL_RESULT_SCHEMA) != 0) {
        trouble(&j, "", "schema",
                "is not one that is known here: " TL_RESULT_SCHEMA ", " TL_GATE_SCHEMA
                " or " TL_BASELINE_SCHEMA);
        return j.troubles; /* its rules are not those of another */
    }
    check_rules(&j, root, top_rules, "");
    for (size_t i = 0; i < tl_json_size(cells); i++)
        check_cell(&j, cells, i);
    if (tl_json_count(tl_json_get(summary, "cells"), UINT64_MAX) != tl_json_size(cells))
        trouble(&j, "summary", "cells", "is not the number of cells");
    return j.troubles;
}
