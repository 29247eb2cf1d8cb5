/* workloads/distributions.c -- see distributions.h. */
#include "workloads/distributions.h"

#include "workloads/number.h"
#include "workloads/options.h"
#include "workloads/real.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define LAW_AS_ROW(upper, lower, form, text) {#lower, form},
static const struct law_row {
    const char *name, *form;
} rows[] = {TL_LAW_MAP(LAW_AS_ROW)};

const char *tl_law_name(tl_law_kind kind)
{
    return kind < TL_LAW_COUNT ? rows[kind].name : "?";
}

static bool refuse_name(const char *text, size_t chars, char *error, size_t error_bytes)
{
    const char *names[TL_LAW_COUNT];
    char all[256] = "";
    size_t length = 0;
    for (size_t i = 0; i < TL_LAW_COUNT; i++) {
        names[i] = rows[i].name;
        length += (size_t)snprintf(all + length, sizeof all - length, "%s%s%s", i == 0 ? "" : ", ",
                                   rows[i].name, rows[i].form);
    }
    const char *near = tl_options_nearest(text, chars, names, TL_LAW_COUNT);
    if (error == NULL)
        return false;
    if (near != NULL)
        snprintf(error, error_bytes, "there is no distribution '%.*s'; did you mean '%s'?",
                 (int)chars, text, near);
    else
        snprintf(error, error_bytes, "there is no distribution '%.*s'; choose from %s", (int)chars,
                 text, all);
    return false;
}

/* Read what follows the name's colon; false when it does not fit the form. */
static bool form_read(const char *at, tl_law *law)
{
    switch (law->kind) {
    case TL_LAW_ZIPF:
    case TL_LAW_SCRAMBLED_ZIPF:
    case TL_LAW_LATEST:
        return tl_real_read(&at, &law->theta) && *at == '\0' && law->theta > 0 &&
               law->theta <= TL_ZIPF_THETA_MAX;
    case TL_LAW_HOTSPOT:
    case TL_LAW_EXPONENTIAL:
        return tl_real_read(&at, &law->fraction) && *at++ == '@' &&
               tl_real_read(&at, &law->probability) && *at == '\0' && law->fraction > 0 &&
               law->fraction < 1 && law->probability > 0 && law->probability < 1;
    case TL_LAW_LAG:
        return tl_number_read(&at, &law->lag) && *at == '\0';
    case TL_LAW_SEQUENTIAL:
        law->descending = strcmp(at, "desc") == 0;
        return law->descending || strcmp(at, "asc") == 0;
    default:
        return false;
    }
}

bool tl_law_parse(const char *text, tl_law *law, char *error, size_t error_bytes)
{
    size_t chars = strcspn(text, ":");
    for (size_t i = 0; i < TL_LAW_COUNT; i++) {
        if (strlen(rows[i].name) != chars || memcmp(rows[i].name, text, chars) != 0)
            continue;
        tl_law read = {.kind = (tl_law_kind)i};
        bool bare = rows[i].form[0] != ':';
        if (text[chars] == '\0' ? bare : form_read(text + chars + 1, &read)) {
            *law = read;
            return true;
        }
        if (error != NULL)
            snprintf(error, error_bytes, "'%s' is not %s%s%s", text, rows[i].name, rows[i].form,
                     i == TL_LAW_HOTSPOT || i == TL_LAW_EXPONENTIAL
                         ? " with F and P between 0 and 1"
                     : strchr(rows[i].form, 'T') != NULL ? " with THETA above 0, up to 16"
                                                         : "");
        return false;
    }
    return refuse_name(text, chars, error, error_bytes);
}

/* Make the parts that depend on the number of ids. */
static void fit(tl_chooser *chooser, uint64_t count)
{
    const tl_law *law = &chooser->law;
    if (law->kind == TL_LAW_EXPONENTIAL) { /* 1 - e^(-decay F n) = P */
        double n = (double)count;
        chooser->decay = -tl_real_log(1 - law->probability) / (law->fraction * n);
        chooser->decay_reach = 1 - tl_real_exp(-chooser->decay * n);
    } else {
        tl_zipf_resize(&chooser->zipf, count);
    }
    chooser->law_count = count;
}

void tl_chooser_init(tl_chooser *chooser, const tl_law *law, uint64_t count, uint64_t seed)
{
    assert(count >= 1 && count <= (uint64_t)1 << 40);
    *chooser = (tl_chooser){.law = *law, .law_count = count};
    tl_dice_init(&chooser->dice, seed);
    switch (law->kind) {
    case TL_LAW_SCRAMBLED_ZIPF:
    case TL_LAW_SHUFFLED:
        tl_permutation_init(&chooser->order, count, tl_stream(seed, 1));
        break;
    case TL_LAW_HOTSPOT:
        chooser->hot_bound = tl_real_bound(law->probability);
        break;
    default:
        break;
    }
    if (law->theta > 0)
        tl_zipf_init(&chooser->zipf, count, law->theta);
    else if (law->kind == TL_LAW_EXPONENTIAL)
        fit(chooser, count);
}

/* The number of hot ids: at least one, and where there are two at least one cold one. */
static uint64_t hot_count(const tl_law *law, uint64_t count)
{
    uint64_t hot = (uint64_t)(law->fraction * (double)count + 0.5);
    if (hot >= count)
        hot = count - 1;
    return hot == 0 ? 1 : hot;
}

static uint64_t draw_hotspot(tl_chooser *chooser, uint64_t count)
{
    uint64_t hot = hot_count(&chooser->law, count);
    if (tl_dice_next(&chooser->dice) < chooser->hot_bound || hot == count)
        return tl_dice_below(&chooser->dice, hot);
    return hot + tl_dice_below(&chooser->dice, count - hot);
}

/* By inversion of the distribution function, cut off at n. */
static uint64_t draw_exponential(tl_chooser *chooser, uint64_t count)
{
    double u = tl_real_unit(tl_dice_next(&chooser->dice));
    double x = -tl_real_log(1 - u * chooser->decay_reach) / chooser->decay;
    uint64_t id = x <= 0 ? 0 : (uint64_t)x;
    return id < count ? id : count - 1;
}

uint64_t tl_chooser_draw(tl_chooser *chooser, uint64_t count)
{
    const tl_law *law = &chooser->law;
    assert(count >= 1);
    uint64_t turn;
    switch (law->kind) {
    case TL_LAW_UNIFORM:
        return tl_dice_below(&chooser->dice, count);
    case TL_LAW_SEQUENTIAL:
        turn = chooser->turn++ % count;
        return law->descending ? count - 1 - turn : turn;
    case TL_LAW_SHUFFLED:
        return tl_permutation_at(&chooser->order, chooser->turn++ % chooser->law_count) % count;
    case TL_LAW_ZIPF:
    case TL_LAW_LATEST:
        if (__builtin_expect(count != chooser->law_count, 0))
            fit(chooser, count);
        turn = tl_zipf_at(&chooser->zipf, tl_dice_next(&chooser->dice)) - 1;
        return law->kind == TL_LAW_LATEST ? count - 1 - turn : turn;
    case TL_LAW_SCRAMBLED_ZIPF:
        turn = tl_zipf_at(&chooser->zipf, tl_dice_next(&chooser->dice)) - 1;
        return tl_permutation_at(&chooser->order, turn) % count; /* fewer ids than before: rare */
    case TL_LAW_HOTSPOT:
        return draw_hotspot(chooser, count);
    case TL_LAW_EXPONENTIAL:
        if (__builtin_expect(count != chooser->law_count, 0))
            fit(chooser, count);
        return draw_exponential(chooser, count);
    case TL_LAW_NEWEST:
        return count - 1;
    case TL_LAW_LAG:
        return law->lag < count ? count - 1 - law->lag : 0;
    case TL_LAW_OLDEST:
    case TL_LAW_COUNT:
        break;
    }
    return 0;
}
