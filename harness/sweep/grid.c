/* harness/sweep/grid.c -- see grid.h: from the file to axes, rules, and the list of cells. */
#include "harness/sweep/grid.h"

#include "harness/cli/cli.h"
#include "harness/sweep/values.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char axes_section[] = "axes", skip_section[] = "skip";

static char *trimmed(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        text[--length] = '\0';
    return text;
}

static tl_status add_value(tl_spec *spec, const tl_spec_entry *entry, tl_grid_axis *axis,
                           const char *value)
{
    if (value[0] == '\0')
        tl_spec_trouble_at(spec, entry, "an empty value");
    for (size_t i = 0; i < axis->count; i++)
        if (strcmp(axis->values[i], value) == 0)
            tl_spec_trouble_at(spec, entry, "'%.60s' is there twice", value);
    if (strchr(value, '/') != NULL)
        tl_spec_trouble_at(spec, entry, "'%.60s': a '/' would end the cell's id", value);
    char **grown = realloc(axis->values, (axis->count + 1) * sizeof *grown);
    if (grown == NULL)
        return TL_NO_MEMORY;
    axis->values = grown;
    axis->values[axis->count] = strdup(value);
    if (axis->values[axis->count] == NULL)
        return TL_NO_MEMORY;
    axis->count++;
    return TL_OK;
}

/* "all" stands for every row of a registry, where the key has one. */
static tl_status add_word(tl_spec *spec, const tl_spec_entry *entry, tl_grid_axis *axis,
                          const char *word)
{
    tl_status status = TL_OK;
    const char *name;
    if (strcmp(word, "all") != 0)
        return add_value(spec, entry, axis, word);
    if (tl_sweep_value_at(axis->key, 0) == NULL)
        tl_spec_trouble_at(spec, entry, "there is no list of all values of '%.60s'", axis->key);
    for (size_t i = 0; (name = tl_sweep_value_at(axis->key, i)) != NULL && status == TL_OK; i++)
        status = add_value(spec, entry, axis, name);
    return status;
}

static tl_status add_axis(tl_grid *grid, const tl_spec_entry *entry)
{
    if (grid->axis_count == TL_GRID_AXES_MAX) {
        tl_spec_trouble_at(&grid->spec, entry, "more than %d axes", TL_GRID_AXES_MAX);
        return TL_OK;
    }
    tl_grid_axis *axis = &grid->axes[grid->axis_count];
    axis->key = strdup(entry->key);
    char *words = strdup(entry->value), *rest = words;
    tl_status status = axis->key == NULL || words == NULL ? TL_NO_MEMORY : TL_OK;
    grid->axis_count++;
    for (char *word; status == TL_OK && (word = strsep(&rest, ",")) != NULL;)
        status = add_word(&grid->spec, entry, axis, trimmed(word));
    free(words);
    return status;
}

static size_t axis_of(const tl_grid *grid, const char *key)
{
    size_t axis = 0;
    while (axis < grid->axis_count && strcmp(grid->axes[axis].key, key) != 0)
        axis++;
    return axis;
}

static void tell_unknown_axis(tl_grid *grid, const tl_spec_entry *entry, const char *key)
{
    const char *names[TL_GRID_AXES_MAX];
    for (size_t i = 0; i < grid->axis_count; i++)
        names[i] = grid->axes[i].key;
    const char *nearest = tl_nearest(key, names, grid->axis_count);
    tl_spec_trouble_at(&grid->spec, entry, "'%.60s' is no axis%s%.60s%s", key,
                       nearest == NULL ? "" : "; did you mean '", nearest == NULL ? "" : nearest,
                       nearest == NULL ? "" : "'?");
}

/* "page_bytes=1k,2k" or "tree.split!=adaptive" */
static tl_status add_term(tl_grid *grid, const tl_spec_entry *entry, tl_grid_rule *rule, char *text)
{
    char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || equals[1] == '\0' || rule->count == TL_GRID_AXES_MAX) {
        tl_spec_trouble_at(&grid->spec, entry, "'%.60s' is not AXIS=VALUE,VALUE... (or !=)", text);
        return TL_OK;
    }
    tl_grid_term *term = &rule->terms[rule->count];
    *equals = '\0';
    term->unlike = equals[-1] == '!';
    if (term->unlike)
        equals[-1] = '\0';
    term->axis = axis_of(grid, text);
    if (term->axis == grid->axis_count) {
        tell_unknown_axis(grid, entry, text);
        return TL_OK;
    }
    term->patterns = strdup(equals + 1);
    if (term->patterns == NULL)
        return TL_NO_MEMORY;
    rule->count++;
    return TL_OK;
}

static tl_status add_rule(tl_grid *grid, const tl_spec_entry *entry)
{
    if (grid->rule_count == TL_GRID_RULES_MAX) {
        tl_spec_trouble_at(&grid->spec, entry, "more than %d rules", TL_GRID_RULES_MAX);
        return TL_OK;
    }
    tl_grid_rule *rule = &grid->rules[grid->rule_count++];
    rule->name = entry->key;
    char *words = strdup(entry->value), *rest = words;
    tl_status status = words == NULL ? TL_NO_MEMORY : TL_OK;
    for (char *word; status == TL_OK && (word = strsep(&rest, " \t")) != NULL;)
        if (word[0] != '\0')
            status = add_term(grid, entry, rule, word);
    free(words);
    return status;
}

static bool matches(const char *patterns, const char *value)
{
    for (const char *at = patterns; *at != '\0';) {
        char one[TL_SPEC_TEXT_MAX];
        size_t length = strcspn(at, ",");
        snprintf(one, sizeof one, "%.*s", (int)length, at);
        if (fnmatch(one, value, 0) == 0)
            return true;
        at += length + (at[length] == ',');
    }
    return false;
}

static bool is_skipped(const tl_grid *grid, const tl_grid_cell *cell)
{
    for (size_t r = 0; r < grid->rule_count; r++) {
        const tl_grid_rule *rule = &grid->rules[r];
        bool holds = rule->count > 0;
        for (size_t t = 0; t < rule->count && holds; t++) {
            const tl_grid_term *term = &rule->terms[t];
            const char *value = grid->axes[term->axis].values[cell->value[term->axis]];
            holds = matches(term->patterns, value) != term->unlike;
        }
        if (holds)
            return true;
    }
    return false;
}

static bool name_cell(const tl_grid *grid, tl_grid_cell *cell)
{
    size_t used = 0;
    for (size_t a = 0; a < grid->axis_count && used < sizeof cell->id; a++)
        used +=
            (size_t)snprintf(cell->id + used, sizeof cell->id - used, "%s%s=%s", a == 0 ? "" : ",",
                             grid->axes[a].key, grid->axes[a].values[cell->value[a]]);
    if (used < sizeof cell->id)
        used += (size_t)snprintf(cell->id + used, sizeof cell->id - used, "/r%" PRIu32,
                                 cell->repetition);
    return used < sizeof cell->id;
}

/* The last axis turns fastest, as a reader of the file expects. */
static void make_cell(const tl_grid *grid, uint64_t place, tl_grid_cell *cell)
{
    for (size_t a = grid->axis_count; a-- > 0;) {
        cell->value[a] = (uint32_t)(place % grid->axes[a].count);
        place /= grid->axes[a].count;
    }
    cell->repetition = (uint32_t)place;
}

static tl_status make_cells(tl_grid *grid)
{
    uint64_t places = grid->repeat;
    for (size_t a = 0; a < grid->axis_count; a++) {
        places *= grid->axes[a].count;
        if (places > TL_GRID_CELLS_MAX) {
            tl_spec_trouble(&grid->spec, 0, "more than %d cells", TL_GRID_CELLS_MAX);
            return TL_OK;
        }
    }
    grid->cells = calloc(places, sizeof *grid->cells);
    if (grid->cells == NULL)
        return TL_NO_MEMORY;
    for (uint64_t place = 0; place < places; place++) {
        tl_grid_cell *cell = &grid->cells[grid->cell_count];
        make_cell(grid, place, cell);
        if (is_skipped(grid, cell)) {
            grid->skipped++;
            continue;
        }
        if (!name_cell(grid, cell)) {
            tl_spec_trouble(&grid->spec, 0, "the id of a cell, '%.60s...', is longer than %d bytes",
                            cell->id, TL_GRID_ID_MAX - 1);
            return TL_OK;
        }
        grid->cell_count++;
    }
    if (grid->cell_count == 0)
        tl_spec_trouble(&grid->spec, 0, "no cell is left: rules of [skip] hold for all of them");
    return TL_OK;
}

/* Keys of [global] that are the grid's own, and lists there that would make a cell several. */
static void read_globals(tl_grid *grid)
{
    const tl_spec_entry *repeat = tl_spec_find(&grid->spec, "", "repeat");
    grid->repeat = 1;
    if (repeat != NULL && !tl_parse_size(repeat->value, 1, 1000, &grid->repeat))
        tl_spec_trouble_at(&grid->spec, repeat, "'%.60s' is not a number from 1 to 1000",
                           repeat->value);
    static const char *const single[] = {"driver", "workload"};
    for (size_t i = 0; i < 2; i++) {
        const tl_spec_entry *entry = tl_spec_find(&grid->spec, "", single[i]);
        if (entry != NULL && strchr(entry->value, ',') != NULL)
            tl_spec_trouble_at(&grid->spec, entry, "a list belongs into [axes]");
    }
    for (size_t a = 0; a < grid->axis_count; a++) {
        const char *key = grid->axes[a].key;
        const tl_spec_entry *entry = tl_spec_find(&grid->spec, "", key);
        if (entry != NULL)
            tl_spec_trouble_at(&grid->spec, entry, "is an axis as well; take one of them away");
        if (strcmp(key, "repeat") == 0 || strcmp(key, "spec") == 0)
            tl_spec_trouble(&grid->spec, 0, "'%s' belongs into [global]: it is no axis", key);
    }
}

static tl_status hash_grid(tl_grid *grid)
{
    char file_hash[TL_SPEC_HASH_BYTES];
    tl_json *root = tl_json_object_new();
    tl_json *base = tl_json_add_object(root, "global");
    tl_status status = TL_OK;
    for (size_t i = 0; i < grid->spec.entry_count; i++) {
        const tl_spec_entry *entry = &grid->spec.entries[i];
        if (entry->section[0] == '\0' && strcmp(entry->key, "repeat") != 0)
            tl_json_add_text(base, entry->key, entry->value);
    }
    const tl_spec_entry *named = tl_spec_find(&grid->spec, "", "spec");
    if (named != NULL) {
        status = tl_sweep_hash_file(named->value, file_hash);
        tl_json_add_text(root, "spec", file_hash);
    }
    if (status != TL_OK)
        tl_spec_trouble_at(&grid->spec, named, "cannot read '%.300s': %s", named->value,
                           tl_status_reason(status));
    else if (!tl_spec_hash(root, grid->hash))
        status = TL_NO_MEMORY;
    tl_json_free(root);
    return status;
}

static tl_status understand(tl_grid *grid)
{
    tl_spec *spec = &grid->spec;
    tl_status status = TL_OK;
    for (size_t i = 0; i < spec->section_count; i++)
        if (strcmp(spec->sections[i].name, axes_section) != 0 &&
            strcmp(spec->sections[i].name, skip_section) != 0)
            tl_spec_trouble(spec, spec->sections[i].line,
                            "[%.60s]: a grid has [global], [axes] and [skip]; phases belong into "
                            "a spec, which `spec = FILE` names",
                            spec->sections[i].name);
    for (size_t i = 0; i < spec->entry_count && status == TL_OK; i++)
        if (strcmp(spec->entries[i].section, axes_section) == 0)
            status = add_axis(grid, &spec->entries[i]);
    for (size_t i = 0; i < spec->entry_count && status == TL_OK; i++)
        if (strcmp(spec->entries[i].section, skip_section) == 0)
            status = add_rule(grid, &spec->entries[i]);
    if (status == TL_OK && grid->axis_count == 0)
        tl_spec_trouble(spec, 0, "no [axes]: there is nothing to go through");
    read_globals(grid);
    if (status == TL_OK && spec->trouble_count == 0)
        status = make_cells(grid);
    if (status == TL_OK && spec->trouble_count == 0)
        status = hash_grid(grid);
    if (status == TL_NO_MEMORY)
        tl_spec_trouble(spec, 0, "out of memory");
    return status == TL_OK && spec->trouble_count > 0 ? TL_INVALID : status;
}

tl_status tl_grid_read(const char *path, tl_spec_tell *tell, void *context, tl_grid *grid)
{
    *grid = (tl_grid){0};
    tl_spec_begin(&grid->spec, tell, context);
    tl_status status = tl_spec_read(&grid->spec, path);
    return status == TL_OK ? understand(grid) : status;
}

tl_status tl_grid_read_text(const char *name, const char *text, tl_spec_tell *tell, void *context,
                            tl_grid *grid)
{
    *grid = (tl_grid){0};
    tl_spec_begin(&grid->spec, tell, context);
    tl_status status = tl_spec_read_text(&grid->spec, name, text, strlen(text));
    return status == TL_OK ? understand(grid) : status;
}

void tl_grid_release(tl_grid *grid)
{
    for (size_t a = 0; a < grid->axis_count; a++) {
        for (size_t v = 0; v < grid->axes[a].count; v++)
            free(grid->axes[a].values[v]);
        free(grid->axes[a].values);
        free(grid->axes[a].key);
    }
    for (size_t r = 0; r < grid->rule_count; r++)
        for (size_t t = 0; t < grid->rules[r].count; t++)
            free(grid->rules[r].terms[t].patterns);
    free(grid->cells);
    tl_spec_release(&grid->spec);
    *grid = (tl_grid){0};
}
