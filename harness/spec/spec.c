/* harness/spec/spec.c -- the list of entries and sections, and how troubles are told.
 *
 * Entries are searched one after the other: a spec has tens of keys, not thousands.
 */
#include "harness/spec/spec.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void tl_spec_begin(tl_spec *spec, tl_spec_tell *tell, void *context)
{
    *spec = (tl_spec){.tell = tell, .context = context};
}

void tl_spec_release(tl_spec *spec)
{
    for (size_t i = 0; i < spec->entry_count; i++) {
        free(spec->entries[i].section);
        free(spec->entries[i].key);
        free(spec->entries[i].value);
    }
    for (size_t i = 0; i < spec->section_count; i++)
        free(spec->sections[i].name);
    free(spec->entries);
    free(spec->sections);
    free(spec->file);
    tl_spec_begin(spec, spec->tell, spec->context);
}

/* Room for one more in an array of `size`-byte elements. */
static bool make_room(void **array, size_t count, size_t *capacity, size_t size)
{
    enum { FIRST = 16 };
    if (count < *capacity)
        return true;
    size_t wanted = *capacity == 0 ? FIRST : *capacity * 2;
    void *grown = realloc(*array, wanted * size);
    if (grown == NULL)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

static tl_spec_entry *find(const tl_spec *spec, const char *section, const char *key)
{
    for (size_t i = 0; i < spec->entry_count; i++)
        if (strcmp(spec->entries[i].section, section) == 0 &&
            strcmp(spec->entries[i].key, key) == 0)
            return &spec->entries[i];
    return NULL;
}

static tl_spec_section *find_section(const tl_spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->section_count; i++)
        if (strcmp(spec->sections[i].name, name) == 0)
            return &spec->sections[i];
    return NULL;
}

tl_status tl_spec_add_section(tl_spec *spec, const char *name, unsigned line, unsigned *before)
{
    tl_spec_section *known = find_section(spec, name);
    if (known != NULL && known->line == 0 && line != 0) {
        /* The command line named it first: the file says where it stands. */
        tl_spec_section moved = {known->name, line};
        size_t behind = (size_t)(spec->sections + spec->section_count - known) - 1;
        memmove(known, known + 1, behind * sizeof *known);
        spec->sections[spec->section_count - 1] = moved;
        return TL_OK;
    }
    if (known != NULL) {
        if (before != NULL)
            *before = known->line;
        return TL_EXISTS;
    }
    void *sections = spec->sections;
    char *copy = strdup(name);
    if (copy == NULL ||
        !make_room(&sections, spec->section_count, &spec->section_capacity, sizeof *known)) {
        free(copy);
        return TL_NO_MEMORY;
    }
    spec->sections = sections;
    spec->sections[spec->section_count++] = (tl_spec_section){copy, line};
    return TL_OK;
}

static tl_status add_entry(tl_spec *spec, const char *section, const char *key, const char *value,
                           tl_spec_origin origin, unsigned line)
{
    void *entries = spec->entries;
    tl_spec_entry made = {strdup(section), strdup(key), strdup(value), origin, line};
    if (made.section == NULL || made.key == NULL || made.value == NULL ||
        !make_room(&entries, spec->entry_count, &spec->entry_capacity, sizeof made)) {
        free(made.section);
        free(made.key);
        free(made.value);
        return TL_NO_MEMORY;
    }
    spec->entries = entries;
    spec->entries[spec->entry_count++] = made;
    return TL_OK;
}

static tl_status replace(tl_spec_entry *entry, const char *value, tl_spec_origin origin)
{
    char *copy = strdup(value);
    if (copy == NULL)
        return TL_NO_MEMORY;
    free(entry->value);
    entry->value = copy;
    entry->origin = origin;
    return TL_OK;
}

tl_status tl_spec_put(tl_spec *spec, const char *section, const char *key, const char *value,
                      tl_spec_origin origin, unsigned line, unsigned *before)
{
    tl_status status = section[0] == '\0' || find_section(spec, section) != NULL
                           ? TL_OK
                           : tl_spec_add_section(spec, section, line, NULL);
    if (status != TL_OK)
        return status;
    tl_spec_entry *known = find(spec, section, key);
    if (known == NULL)
        return add_entry(spec, section, key, value, origin, line);
    if (origin == TL_SPEC_FILE && known->line != 0) {
        if (before != NULL)
            *before = known->line;
        return TL_EXISTS;
    }
    if (origin == TL_SPEC_FILE)
        known->line = line; /* to tell what the command line overrides */
    return origin < known->origin ? TL_OK : replace(known, value, origin);
}

const tl_spec_entry *tl_spec_find(const tl_spec *spec, const char *section, const char *key)
{
    return find(spec, section, key);
}

const char *tl_spec_get(const tl_spec *spec, const char *section, const char *key,
                        const char *fallback)
{
    const tl_spec_entry *entry = find(spec, section, key);
    return entry == NULL ? fallback : entry->value;
}

bool tl_spec_has_section(const tl_spec *spec, const char *name)
{
    return find_section(spec, name) != NULL;
}

/* Troubles. */

static void tell(tl_spec *spec, const char *place, const char *format, va_list list)
{
    char message[TL_SPEC_TEXT_MAX], text[2 * TL_SPEC_TEXT_MAX];
    vsnprintf(message, sizeof message, format, list);
    snprintf(text, sizeof text, "%s%s", place, message);
    spec->trouble_count++;
    spec->tell(spec->context, text);
}

static void place_in_file(const tl_spec *spec, unsigned line, char *text, size_t text_bytes)
{
    text[0] = '\0';
    if (spec->file != NULL && line != 0)
        snprintf(text, text_bytes, "%.300s:%u: ", spec->file, line);
    else if (spec->file != NULL)
        snprintf(text, text_bytes, "%.300s: ", spec->file);
}

void tl_spec_trouble(tl_spec *spec, unsigned line, const char *format, ...)
{
    char place[TL_SPEC_TEXT_MAX];
    va_list list;
    place_in_file(spec, line, place, sizeof place);
    va_start(list, format);
    tell(spec, place, format, list);
    va_end(list);
}

void tl_spec_trouble_at(tl_spec *spec, const tl_spec_entry *entry, const char *format, ...)
{
    char place[TL_SPEC_TEXT_MAX] = "";
    va_list list;
    if (entry->origin == TL_SPEC_FILE)
        place_in_file(spec, entry->line, place, sizeof place);
    size_t used = strlen(place);
    if (entry->section[0] != '\0')
        snprintf(place + used, sizeof place - used, "[%.60s] ", entry->section);
    va_start(list, format);
    tell(spec, place, format, list);
    va_end(list);
}
