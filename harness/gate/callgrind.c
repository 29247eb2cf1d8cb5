/* harness/gate/callgrind.c -- the callgrind format, version 1, as far as self costs need it.
 *
 *     fn=(1) main              the function that the lines below belong to; "(1)" alone later
 *     6 4                      a position, then instructions: its own
 *     cfn=(2) other            a callee ...
 *     calls=1 -2               ... called so often ...
 *     * 7006                   ... and what it cost, all included: not main's own
 *
 * Positions are numbers, +n, -n or * (one column for lines; callgrind writes no others unless
 * asked).  Names may be compressed: "(id) name" defines, "(id)" refers; fn and cfn share ids.
 */
#include "harness/gate/callgrind.h"

#include "harness/report/wholefile.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDS_MAX = 1 << 16 };
#define FILE_BYTES_MAX ((size_t)256 << 20)
#define NO_ROW         SIZE_MAX

void tl_profile_release(tl_profile *profile)
{
    for (size_t i = 0; i < profile->count; i++)
        free(profile->rows[i].function);
    free(profile->rows);
    *profile = (tl_profile){0};
}

/* Where `name` of so many bytes is, or belongs. */
static size_t row_place(const tl_profile *profile, const char *name, size_t bytes, bool *found)
{
    size_t low = 0, high = profile->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *there = profile->rows[middle].function;
        int order = strncmp(there, name, bytes);
        if (order == 0 && there[bytes] != '\0')
            order = 1;
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = false;
    return low;
}

static tl_status row_add(tl_profile *profile, const char *name, size_t bytes, uint64_t instructions)
{
    bool found;
    size_t at = row_place(profile, name, bytes, &found);
    if (!found) {
        if (profile->count == profile->capacity) {
            size_t capacity = profile->capacity == 0 ? 256 : 2 * profile->capacity;
            tl_profile_row *rows = realloc(profile->rows, capacity * sizeof rows[0]);
            if (rows == NULL)
                return TL_NO_MEMORY;
            profile->rows = rows;
            profile->capacity = capacity;
        }
        char *copy = strndup(name, bytes);
        if (copy == NULL)
            return TL_NO_MEMORY;
        memmove(profile->rows + at + 1, profile->rows + at,
                (profile->count - at) * sizeof profile->rows[0]);
        profile->rows[at] = (tl_profile_row){copy, 0};
        profile->count++;
    }
    profile->rows[at].instructions += instructions;
    profile->instructions += instructions;
    return TL_OK;
}

typedef struct name { /* a piece of the file's text */
    const char *text;
    size_t bytes;
} name;

typedef struct parser {
    name *ids; /* IDS_MAX of them */
    name function;
    bool callee_next; /* the next cost line belongs to a call */
    bool seen_events;
    tl_profile *profile;
} parser;

/* "(7) main", "(7)" or "main". */
static bool read_name(parser *it, const char *text, size_t bytes, name *out)
{
    if (bytes == 0 || text[0] != '(') {
        *out = (name){text, bytes};
        return true;
    }
    char *end = NULL;
    unsigned long id = strtoul(text + 1, &end, 10);
    if (end == text + 1 || *end != ')' || id >= IDS_MAX)
        return false;
    end++;
    const char *stop = text + bytes;
    if (end < stop) { /* a name follows: this defines the id */
        while (end < stop && *end == ' ')
            end++;
        it->ids[id] = (name){end, (size_t)(stop - end)};
    }
    *out = it->ids[id];
    return out->text != NULL;
}

/* "+3 17" or "* 17": the cost behind one position. */
static bool read_cost(const char *text, uint64_t *cost)
{
    const char *space = strchr(text, ' ');
    if (space == NULL)
        return false;
    char *end = NULL;
    *cost = strtoull(space + 1, &end, 10);
    return end != space + 1;
}

static bool is_cost_line(const char *line)
{
    return isdigit((unsigned char)line[0]) || line[0] == '+' || line[0] == '-' || line[0] == '*';
}

static tl_status read_line(parser *it, const char *line, size_t bytes)
{
    static const char named[] = "desc: Trigger: Client Request: ";
    name ignored;
    uint64_t cost = 0;
    if (is_cost_line(line)) {
        if (!it->seen_events || it->function.text == NULL || !read_cost(line, &cost))
            return TL_INVALID;
        bool of_callee = it->callee_next;
        it->callee_next = false;
        return of_callee ? TL_OK
                         : row_add(it->profile, it->function.text, it->function.bytes, cost);
    }
    if (strncmp(line, "fn=", 3) == 0)
        return read_name(it, line + 3, bytes - 3, &it->function) ? TL_OK : TL_INVALID;
    if (strncmp(line, "cfn=", 4) == 0)
        return read_name(it, line + 4, bytes - 4, &ignored) ? TL_OK : TL_INVALID;
    if (strncmp(line, "calls=", 6) == 0)
        it->callee_next = true;
    else if (strncmp(line, named, sizeof named - 1) == 0)
        snprintf(it->profile->phase, sizeof it->profile->phase, "%s", line + sizeof named - 1);
    else if (strncmp(line, "events:", 7) == 0)
        it->seen_events = strcmp(line, "events: Ir") == 0;
    return TL_OK;
}

static tl_status read_text(char *text, tl_profile *profile)
{
    parser it = {.profile = profile, .ids = calloc(IDS_MAX, sizeof(name))};
    if (it.ids == NULL)
        return TL_NO_MEMORY;
    tl_status status = strncmp(text, "# callgrind format", 18) == 0 ? TL_OK : TL_INVALID;
    for (char *line = text; line != NULL && status == TL_OK;) {
        char *end = strchr(line, '\n');
        if (end != NULL)
            *end = '\0';
        status = read_line(&it, line, strlen(line));
        line = end != NULL ? end + 1 : NULL;
    }
    if (status == TL_OK && !it.seen_events)
        status = TL_INVALID;
    free(it.ids);
    return status;
}

tl_status tl_profile_read(const char *path, tl_profile *profile)
{
    char *text = NULL;
    size_t size_bytes = 0;
    tl_status status = tl_wholefile_read(path, FILE_BYTES_MAX, &text, &size_bytes);
    if (status == TL_OK)
        status = read_text(text, profile);
    free(text);
    return status;
}

static uint64_t distance(const tl_profile_change *change)
{
    return change->base > change->candidate ? change->base - change->candidate
                                            : change->candidate - change->base;
}

/* Most changed first; equal ones by name, so that the same profiles give the same list. */
static int compare_changes(const void *left, const void *right)
{
    const tl_profile_change *a = left, *b = right;
    uint64_t da = distance(a), db = distance(b);
    return da != db ? (da < db) - (da > db) : strcmp(a->function, b->function);
}

size_t tl_profile_compare(const tl_profile *base, const tl_profile *candidate,
                          tl_profile_change *found, size_t capacity)
{
    size_t count = 0, i = 0, j = 0;
    tl_profile_change *all = calloc(base->count + candidate->count + 1, sizeof all[0]);
    if (all == NULL)
        return 0;                                     /* the list only explains */
    while (i < base->count || j < candidate->count) { /* both are sorted by name */
        int order = i == base->count ? 1
                    : j == candidate->count
                        ? -1
                        : strcmp(base->rows[i].function, candidate->rows[j].function);
        tl_profile_change change = {
            .function = order <= 0 ? base->rows[i].function : candidate->rows[j].function,
            .base = order <= 0 ? base->rows[i].instructions : 0,
            .candidate = order >= 0 ? candidate->rows[j].instructions : 0,
        };
        i += order <= 0;
        j += order >= 0;
        if (change.base != change.candidate)
            all[count++] = change;
    }
    qsort(all, count, sizeof all[0], compare_changes);
    count = count < capacity ? count : capacity;
    memcpy(found, all, count * sizeof all[0]);
    free(all);
    return count;
}
