/* harness/check/state_id.c -- see state_id.h. */
#include "harness/check/state_id.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct pick_row {
    const char *word;
    bool numbered;
} pick_row;

#define PICK_AS_ROW(upper, word, numbered, text) {#word, numbered},
static const pick_row rows[] = {TL_PICK_MAP(PICK_AS_ROW)};

static bool branches_print(const tl_state_id *id, char *text, size_t room)
{
    uint32_t count = id->branch_count;
    bool lists = tl_pick_lists(id->pick);
    while (!lists && count > 0 && id->branches[count - 1] == 0)
        count--;
    for (uint32_t i = 0; i < count; i++) {
        int used = snprintf(text, room, "%s%" PRIu32, i == 0 && !lists ? "" : ".", id->branches[i]);
        if (used < 0 || (size_t)used >= room)
            return false;
        text += used;
        room -= (size_t)used;
    }
    return true;
}

static void pick_print(tl_pick pick, uint64_t number, char *text, size_t room)
{
    if (rows[pick].numbered)
        snprintf(text, room, "%s.%" PRIu64, rows[pick].word, number);
    else
        snprintf(text, room, "%s", rows[pick].word);
}

static const char then[] = "/then/", schedule[] = "schedule/", run[] = "run";

bool tl_state_id_print(const tl_state_id *id, char text[TL_STATE_ID_TEXT_MAX])
{
    char first[128] = "", word[64];
    if (id->nested) {
        pick_print(id->first.pick, id->first.number, word, sizeof word);
        snprintf(first, sizeof first, "%zu.%" PRIu64 "/%s%s", id->first.point, id->first.outcome,
                 word, then);
    }
    int used = 0;
    if (id->schedule != 0)
        used = snprintf(text, TL_STATE_ID_TEXT_MAX, "%s%" PRIu64 "/%s", schedule, id->schedule,
                        id->run ? run : "");
    if (id->run)
        return true;
    used += snprintf(text + used, (size_t)(TL_STATE_ID_TEXT_MAX - used), "%s/%s%zu.%" PRIu64 "/",
                     tl_profile_at(id->profile)->name, first, id->point, id->outcome);
    size_t room = TL_STATE_ID_TEXT_MAX - (size_t)used;
    text += used;
    if (id->pick == TL_PICK_BRANCHES)
        return branches_print(id, text, room);
    if (tl_pick_lists(id->pick)) {
        size_t word_bytes = strlen(rows[id->pick].word);
        snprintf(text, room, "%s", rows[id->pick].word);
        return branches_print(id, text + word_bytes, room - word_bytes);
    }
    pick_print(id->pick, id->number, text, room);
    return true;
}

/* A number at *text, which then points behind it. */
static bool number_parse(const char **text, uint64_t *number)
{
    if (**text < '0' || **text > '9')
        return false;
    char *end = NULL;
    *number = strtoull(*text, &end, 10);
    *text = end;
    return true;
}

static bool branches_parse(const char *text, tl_state_id *id)
{
    for (; *text != '\0'; id->branch_count++) {
        uint64_t branch;
        if (id->branch_count == TL_BRANCHES_MAX || !number_parse(&text, &branch) ||
            branch > UINT32_MAX || (*text != '.' && *text != '\0') ||
            (*text == '.' && text[1] == '\0'))
            return false;
        id->branches[id->branch_count] = (uint32_t)branch;
        text += *text == '.';
    }
    return true;
}

static bool pick_parse(const char *text, tl_state_id *id)
{
    if (*text == '\0' || (*text >= '0' && *text <= '9'))
        return branches_parse(text, id);
    size_t word_bytes = strcspn(text, ".");
    for (unsigned i = TL_PICK_NEWEST; i < TL_PICK_COUNT; i++) {
        if (strlen(rows[i].word) != word_bytes || memcmp(rows[i].word, text, word_bytes) != 0)
            continue;
        id->pick = (tl_pick)i;
        text += word_bytes;
        if (tl_pick_lists(id->pick))
            return *text++ == '.' && branches_parse(text, id) && id->branch_count > 0 &&
                   id->branch_count % 2 == 0;
        if (!rows[i].numbered)
            return *text == '\0';
        text += *text == '.';
        return number_parse(&text, &id->number) && *text == '\0';
    }
    return false;
}

/* "31.4/newest": one crash. */
static bool crash_parse(const char *text, tl_state_id *id)
{
    uint64_t point;
    id->pick = TL_PICK_BRANCHES;
    if (!number_parse(&text, &point) || *text++ != '.' || !number_parse(&text, &id->outcome) ||
        *text++ != '/')
        return false;
    id->point = (size_t)point;
    return pick_parse(text, id);
}

/* The crash before the last one, a word of the text up to `end`. */
static bool first_parse(const char *text, const char *end, tl_state_id *id)
{
    char word[128];
    if ((size_t)(end - text) >= sizeof word)
        return false;
    memcpy(word, text, (size_t)(end - text));
    word[end - text] = '\0';
    if (!crash_parse(word, id) || id->pick == TL_PICK_BRANCHES || tl_pick_lists(id->pick))
        return false;
    id->nested = true;
    id->first = (tl_first_crash){id->point, id->outcome, id->pick, id->number};
    id->number = 0;
    return true;
}

/* "7/" behind the word; *text then points behind it. */
static bool schedule_parse(const char **text, tl_state_id *id)
{
    *text += sizeof schedule - 1;
    return number_parse(text, &id->schedule) && id->schedule != 0 && *(*text)++ == '/';
}

bool tl_state_id_parse(const char *text, tl_state_id *id)
{
    char profile[16];
    *id = (tl_state_id){.pick = TL_PICK_BRANCHES};
    if (strncmp(text, schedule, sizeof schedule - 1) == 0 && !schedule_parse(&text, id))
        return false;
    id->run = id->schedule != 0 && strcmp(text, run) == 0;
    if (id->run)
        return true;
    size_t profile_bytes = strcspn(text, "/");
    if (text[profile_bytes] != '/' || profile_bytes >= sizeof profile)
        return false;
    memcpy(profile, text, profile_bytes);
    profile[profile_bytes] = '\0';
    if (!tl_profile_find(profile, &id->profile))
        return false;
    text += profile_bytes + 1;
    const char *more = strstr(text, then);
    if (more != NULL && !first_parse(text, more, id))
        return false;
    return crash_parse(more == NULL ? text : more + sizeof then - 1, id) &&
           id->pick != TL_PICK_KILLED;
}
