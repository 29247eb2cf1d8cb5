/* harness/script/parse_want.c -- what stands after "->". */
#include "harness/script/parse.h"

#include <stdlib.h>
#include <string.h>

static bool parse_status(tl_scanner *scan, tl_script_want *want)
{
#define STATUS_AS_NAME(name, text) #name,
    static const char *const names[] = {TL_STATUS_MAP(STATUS_AS_NAME)};
    const char *start = scan->at;
    const char *name = tl_scan_name(scan, "a status");
    if (name == NULL)
        return false;
    for (size_t i = 0; i < TL_STATUS_COUNT; i++) {
        if (strcmp(names[i], name) == 0) {
            want->has_status = true;
            want->status = (tl_status)i;
            return true;
        }
    }
    return tl_scan_fail(scan, start, "'%s' is no status; see tl/status.h, for example TL_NOT_FOUND",
                        name);
}

static bool parse_hash(tl_scanner *scan, tl_script_want *want)
{
    const char *start = scan->at;
    const char *word = tl_scan_word(scan, "a hash of up to 16 hex digits");
    if (word == NULL)
        return false;
    if (strncmp(word, "0x", 2) == 0)
        word += 2;
    size_t digit_count = strlen(word);
    if (digit_count < 1 || digit_count > 16 ||
        strspn(word, "0123456789abcdefABCDEF") != digit_count)
        return tl_scan_fail(scan, start, "expected a hash of up to 16 hex digits");
    want->has_hash = true;
    want->hash = strtoull(word, NULL, 16);
    return true;
}

/* key=word of a want: the fields it may set, one row each. */
static const struct want_row {
    const char *key;
    unsigned mask;
    size_t field_offset;
    enum { FIELD_INT, FIELD_BYTES, FIELD_HASH } type;
} want_rows[] = {
    {"count", TL_SCRIPT_WANT_COUNT, offsetof(tl_script_want, count), FIELD_INT  },
    {"hash",  TL_SCRIPT_WANT_SCAN,  offsetof(tl_script_want, hash),  FIELD_HASH },
    {"first", TL_SCRIPT_WANT_SCAN,  offsetof(tl_script_want, first), FIELD_BYTES},
    {"last",  TL_SCRIPT_WANT_SCAN,  offsetof(tl_script_want, last),  FIELD_BYTES},
    {"key",   TL_SCRIPT_WANT_KEY,   offsetof(tl_script_want, key),   FIELD_BYTES},
    {"at",    TL_SCRIPT_WANT_AT,    offsetof(tl_script_want, at),    FIELD_INT  },
};
enum { WANT_ROW_COUNT = sizeof want_rows / sizeof want_rows[0] };

static bool want_field_is_set(const tl_script_want *want, const struct want_row *row)
{
    if (row->type == FIELD_HASH)
        return want->has_hash;
    const void *pointer;
    memcpy(&pointer, (const char *)want + row->field_offset, sizeof pointer);
    return pointer != NULL;
}

static bool parse_want_field(tl_scanner *scan, const tl_script_verb_row *verb, tl_script_want *want)
{
    const char *start = scan->at;
    const char *key = tl_scan_name(scan, "a result, for example count=3");
    const struct want_row *row = NULL;
    for (size_t i = 0; key != NULL && i < WANT_ROW_COUNT; i++)
        if (strcmp(want_rows[i].key, key) == 0)
            row = &want_rows[i];
    if (key == NULL)
        return false;
    if (row == NULL || (verb->wants & row->mask) == 0)
        return tl_scan_fail(scan, start, "'%s' has no result '%s'; a line of it: %s", verb->word,
                            key, verb->example);
    if (want_field_is_set(want, row))
        return tl_scan_fail(scan, start, "'%s' is asked for twice", key);
    if (!tl_scan_mark(scan, "="))
        return tl_scan_expected(scan, "'='");
    if (row->type == FIELD_HASH)
        return parse_hash(scan, want);
    const void *value = row->type == FIELD_INT ? (const void *)tl_scan_int(scan)
                                               : (const void *)tl_scan_bytes(scan, "bytes");
    memcpy((char *)want + row->field_offset, &value, sizeof value);
    return value != NULL;
}

bool tl_parse_want(tl_scanner *scan, const tl_script_verb_row *verb, tl_script_want *want)
{
    if (!tl_scan_sees(scan, "->"))
        return true;
    const char *start = scan->at;
    (void)tl_scan_mark(scan, "->");
    want->given = true;
    if (verb->wants & TL_SCRIPT_WANT_NONE)
        return tl_scan_fail(scan, start, "this line has no result to compare");
    if (tl_scan_at_end(scan))
        return tl_scan_expected(scan, "a result, for example TL_NOT_FOUND, \"value\" or any");
    if (tl_scan_keyword(scan, "any")) {
        want->any = true;
        return true;
    }
    if (tl_scan_sees(scan, "TL_")) {
        if (!parse_status(scan, want))
            return false;
    } else if (tl_scan_sees_bytes(scan)) {
        if ((verb->wants & TL_SCRIPT_WANT_VALUE) == 0)
            return tl_scan_fail(scan, scan->at, "'%s' gives no value; a line of it: %s", verb->word,
                                verb->example);
        want->value = tl_scan_bytes(scan, "bytes");
    }
    while (scan->status == TL_OK && !tl_scan_at_end(scan))
        if (!parse_want_field(scan, verb, want))
            return false;
    return scan->status == TL_OK;
}
