/* harness/check/damage_case.c -- see damage_case.h. */
#include "harness/check/damage_case.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct kind_row {
    const char *name, *text;
    unsigned numbers;
} kind_row;
#define KIND_AS_ROW(upper, lower, numbers, text) {#lower, text, numbers},
static const kind_row kinds[] = {TL_DAMAGE_KIND_MAP(KIND_AS_ROW)};

const char *tl_damage_kind_name(tl_damage_kind kind)
{
    return kind < TL_DAMAGE_KIND_COUNT ? kinds[kind].name : "?";
}

const char *tl_damage_kind_text(tl_damage_kind kind)
{
    return kind < TL_DAMAGE_KIND_COUNT ? kinds[kind].text : "?";
}

bool tl_damage_kind_find(const char *name, tl_damage_kind *kind)
{
    for (unsigned i = 0; i < TL_DAMAGE_KIND_COUNT; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            *kind = (tl_damage_kind)i;
            return true;
        }
    }
    return false;
}

void tl_damage_case_print(const tl_damage_case *damage, const char *const *names,
                          char text[TL_DAMAGE_TEXT_MAX])
{
    tl_damage_kind kind = damage->kind == TL_DAMAGE_BIT ? TL_DAMAGE_FLIP : damage->kind;
    const kind_row *row = &kinds[kind];
    int used = snprintf(text, TL_DAMAGE_TEXT_MAX, "%s:%s:%" PRIu64, row->name, names[damage->file],
                        damage->place);
    if (row->numbers == 2 && used > 0 && used < TL_DAMAGE_TEXT_MAX)
        snprintf(text + used, TL_DAMAGE_TEXT_MAX - (size_t)used,
                 kind == TL_DAMAGE_FLIP ? ":0x%02" PRIx64 : ":%" PRIu64, damage->value);
}

/* A number behind a colon; *text is moved behind it. */
static bool take_number(const char **text, uint64_t *value)
{
    const char *at = *text;
    if (at[0] != ':' || at[1] < '0' || at[1] > '9')
        return false;
    char *end = NULL;
    *value = strtoull(at + 1, &end, at[1] == '0' && at[2] == 'x' ? 16 : 10);
    *text = end;
    return true;
}

bool tl_damage_case_parse(const char *text, const char *const *names, unsigned file_count,
                          tl_damage_case *damage)
{
    char word[TL_DAMAGE_TEXT_MAX];
    const char *colon = strchr(text, ':');
    if (colon == NULL || (size_t)(colon - text) >= sizeof word)
        return false;
    snprintf(word, sizeof word, "%.*s", (int)(colon - text), text);
    tl_damage_case parsed = {.file = file_count};
    if (!tl_damage_kind_find(word, &parsed.kind) || parsed.kind == TL_DAMAGE_BIT)
        return false;
    const char *rest = colon + 1;
    for (unsigned i = 0; i < file_count && parsed.file == file_count; i++) {
        size_t length = strlen(names[i]);
        if (strncmp(rest, names[i], length) == 0 && rest[length] == ':') {
            parsed.file = i;
            rest += length;
        }
    }
    if (parsed.file == file_count || !take_number(&rest, &parsed.place))
        return false;
    if (kinds[parsed.kind].numbers == 2 && !take_number(&rest, &parsed.value))
        return false;
    if (*rest != '\0')
        return false;
    *damage = parsed;
    return true;
}
