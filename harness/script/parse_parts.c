/* harness/script/parse_parts.c -- the parts of a line, one function per letter of a shape. */
#include "harness/script/parse.h"

#include <string.h>

static bool part_read(tl_scanner *scan, tl_script_line *line)
{
    line->read_only = tl_scan_keyword(scan, "read");
    return true;
}

static bool part_name(tl_scanner *scan, tl_script_line *line)
{
    return (line->name = tl_scan_name(scan, "a name")) != NULL;
}

static bool part_name_if_any(tl_scanner *scan, tl_script_line *line)
{
    return !tl_scan_sees_name(scan) || part_name(scan, line);
}

static bool part_tree(tl_scanner *scan, tl_script_line *line)
{
    if (!tl_scan_mark(scan, "@"))
        return tl_scan_expected(scan, "a tree, for example @index");
    return (line->tree = tl_scan_name(scan, "the name of a tree")) != NULL;
}

static bool part_tree_if_any(tl_scanner *scan, tl_script_line *line)
{
    return !tl_scan_sees(scan, "@") || part_tree(scan, line);
}

static bool part_key(tl_scanner *scan, tl_script_line *line)
{
    return (line->key = tl_scan_bytes(scan, "a key, for example u64(17) or \"text\"")) != NULL;
}

static bool part_value(tl_scanner *scan, tl_script_line *line)
{
    return (line->value = tl_scan_bytes(scan, "a value, for example fill(100,1) or \"text\"")) !=
           NULL;
}

static bool part_range(tl_scanner *scan, tl_script_line *line)
{
    return (line->range = tl_scan_range(scan)) != NULL;
}

static bool part_range_if_any(tl_scanner *scan, tl_script_line *line)
{
    return !(tl_scan_sees(scan, "[") || tl_scan_sees(scan, "(")) || part_range(scan, line);
}

static bool part_reverse(tl_scanner *scan, tl_script_line *line)
{
    line->reverse = tl_scan_keyword(scan, "reverse");
    return true;
}

static bool part_limit(tl_scanner *scan, tl_script_line *line)
{
    return !tl_scan_keyword(scan, "limit") || (line->limit = tl_scan_int(scan)) != NULL;
}

static bool part_amount(tl_scanner *scan, tl_script_line *line)
{
    return (line->amount = tl_scan_int(scan)) != NULL;
}

static bool part_amount_if_any(tl_scanner *scan, tl_script_line *line)
{
    return !tl_scan_sees_int(scan) || part_amount(scan, line);
}

static bool part_pairs(tl_scanner *scan, tl_script_line *line)
{
    const tl_script_pair **tail = &line->pairs;
    while (tl_scan_sees_name(scan)) {
        tl_script_pair *pair = tl_scan_new(scan, sizeof *pair);
        if (pair == NULL || (pair->key = tl_scan_name(scan, "a key")) == NULL)
            return false;
        if (!tl_scan_mark(scan, "="))
            return tl_scan_expected(scan, "'=' and a value");
        if ((pair->word = tl_scan_word(scan, "a value")) == NULL)
            return false;
        *tail = pair;
        tail = &pair->next;
    }
    return true;
}

static bool part_loop(tl_scanner *scan, tl_script_line *line)
{
    const char *start = scan->at;
    if ((line->name = tl_scan_name(scan, "the name of a loop variable")) == NULL)
        return false;
    if (scan->loop_count == TL_SCRIPT_LOOPS_MAX)
        return tl_scan_fail(scan, start, "more than %d loops in one another", TL_SCRIPT_LOOPS_MAX);
    for (unsigned loop = 0; loop < scan->loop_count; loop++)
        if (strcmp(scan->variables[loop], line->name) == 0)
            return tl_scan_fail(scan, start, "an outer loop has the variable '%s' already",
                                line->name);
    if (!tl_scan_keyword(scan, "in"))
        return tl_scan_expected(scan, "'in'");
    if ((line->from = tl_scan_int(scan)) == NULL)
        return false;
    if (!tl_scan_mark(scan, ".."))
        return tl_scan_expected(scan, "'..' between the ends of the loop");
    if ((line->to = tl_scan_int(scan)) == NULL)
        return false;
    if (tl_scan_keyword(scan, "step") && (line->step = tl_scan_int(scan)) == NULL)
        return false;
    return !tl_scan_keyword(scan, "shuffle") || (line->shuffle = tl_scan_int(scan)) != NULL;
}

static bool part_comparison(tl_scanner *scan, tl_script_line *line)
{
    if (tl_scan_mark(scan, "=="))
        line->comparison = TL_SCRIPT_EQUAL;
    else if (tl_scan_mark(scan, "<="))
        line->comparison = TL_SCRIPT_AT_MOST;
    else if (tl_scan_mark(scan, ">="))
        line->comparison = TL_SCRIPT_AT_LEAST;
    else
        return tl_scan_expected(scan, "'==', '<=' or '>='");
    return true;
}

static bool part_fault(tl_scanner *scan, tl_script_line *line)
{
    line->name = tl_scan_name(scan, "a call, for example fdatasync");
    line->amount = line->name == NULL ? NULL : tl_scan_int(scan);
    line->error = line->amount == NULL ? NULL : tl_scan_name(scan, "an error, for example EIO");
    line->sticky = tl_scan_keyword(scan, "sticky");
    return line->error != NULL;
}

/* int { separator int }; `count_max` 0: any number of them. */
static const tl_script_number *parse_numbers(tl_scanner *scan, const char *separator,
                                             unsigned count_max)
{
    const tl_script_number *first = NULL;
    const tl_script_number **tail = &first;
    unsigned count = 0;
    do {
        tl_script_number *number = tl_scan_new(scan, sizeof *number);
        if (number == NULL || (number->value = tl_scan_int(scan)) == NULL)
            return NULL;
        *tail = number;
        tail = &number->next;
        count++;
    } while (count != count_max && tl_scan_mark(scan, separator));
    if (count_max != 0 && count != count_max) {
        tl_scan_expected(scan, "':' and where the write tore");
        return NULL;
    }
    return first;
}

/* state=31.0/oldest, and the seed of a state that was drawn. */
static bool part_state(tl_scanner *scan, tl_script_line *line)
{
    const char *start = scan->at;
    if (!part_pairs(scan, line))
        return false;
    for (const tl_script_pair *pair = line->pairs; pair != NULL; pair = pair->next)
        if (strcmp(pair->key, pair == line->pairs ? "state" : "seed") != 0 ||
            (pair != line->pairs && pair->next != NULL))
            return tl_scan_fail(scan, start,
                                "expected state=WORD and no more, or seed=NUMBER "
                                "behind it");
    return true;
}

static bool part_crash(tl_scanner *scan, tl_script_line *line)
{
    static const char *const loss_words[] = {"keep", "drop", "torn"};
    if (!tl_scan_keyword(scan, "profile") || !tl_scan_mark(scan, "="))
        return tl_scan_expected(scan, "profile=NAME, for example profile=journal");
    if ((line->name = tl_scan_name(scan, "a profile, for example journal")) == NULL)
        return false;
    if (!tl_scan_sees_name(scan))
        return true; /* at this moment, with nothing lost but what the profile says */
    if (tl_scan_sees(scan, "state"))
        return part_state(scan, line);
    if (!tl_scan_keyword(scan, "at") || !tl_scan_mark(scan, "="))
        return tl_scan_expected(scan, "at=NUMBER, the operation at which the power fails, or "
                                      "state=WORD, as a finding names it");
    if ((line->amount = tl_scan_int(scan)) == NULL)
        return false;
    const tl_script_loss **tail = &line->losses;
    while (tl_scan_sees_name(scan)) {
        tl_script_loss *loss = tl_scan_new(scan, sizeof *loss);
        if (loss == NULL)
            return false;
        size_t kind = 0;
        while (kind < 3 && !tl_scan_keyword(scan, loss_words[kind]))
            kind++;
        if (kind == 3 || !tl_scan_mark(scan, "="))
            return tl_scan_expected(scan, "keep=, drop= or torn=");
        loss->kind = (tl_script_loss_kind)kind;
        loss->units =
            kind == TL_SCRIPT_LOSS_TORN ? parse_numbers(scan, ":", 2) : parse_numbers(scan, ",", 0);
        if (loss->units == NULL)
            return false;
        *tail = loss;
        tail = &loss->next;
    }
    return true;
}

static const struct part_row {
    char letter;
    bool (*parse)(tl_scanner *scan, tl_script_line *line);
} part_rows[] = {
    {'o', part_read         },
    {'n', part_name_if_any  },
    {'N', part_name         },
    {'@', part_tree_if_any  },
    {'T', part_tree         },
    {'k', part_key          },
    {'v', part_value        },
    {'r', part_range_if_any },
    {'R', part_range        },
    {'d', part_reverse      },
    {'l', part_limit        },
    {'i', part_amount_if_any},
    {'I', part_amount       },
    {'p', part_pairs        },
    {'F', part_loop         },
    {'E', part_comparison   },
    {'X', part_fault        },
    {'C', part_crash        },
};

bool tl_parse_shape(tl_scanner *scan, const char *shape, tl_script_line *line)
{
    for (; *shape != '\0' && *shape != 'B'; shape++)
        for (size_t i = 0; i < sizeof part_rows / sizeof part_rows[0]; i++)
            if (part_rows[i].letter == *shape && !part_rows[i].parse(scan, line))
                return false;
    return scan->status == TL_OK;
}
