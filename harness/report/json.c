/* harness/report/json.c -- JSON over libcjson, which no other file includes.
 *
 * A tl_json is a cJSON seen through another name.  Three things are added to what libcjson does:
 *
 *   failure    An addition that fails for want of memory marks the object it was meant for (the
 *              field valueint, which libcjson leaves alone in objects and arrays).  tl_json_write
 *              looks for marks, so a document with a hole is never written.
 *   numbers    libcjson keeps doubles: a count of 2^53 or more is stored as 2^53 - 1 and
 *              remembered, so that the run can be called invalid instead of subtly wrong.  It
 *              prints 15 digits when that is nearly right: counts with more are handed to it as
 *              text ("raw"), to be exact.
 *   text       Bytes that are not UTF-8 (file names, arguments) become U+FFFD: JSON has no others.
 */
#include "harness/report/json.h"

#include "harness/report/wholefile.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_END           (UINT64_C(1) << 53)        /* the first count that a double may lose */
#define PRINTED_EXACTLY_END UINT64_C(1000000000000000) /* the first that needs 16 digits */
#define DOCUMENT_BYTES_MAX  ((size_t)1 << 30)
#define REPLACEMENT         "\xef\xbf\xbd" /* U+FFFD */
#define REPLACEMENT_BYTES   3
#define HEX_BYTES           sizeof "0x0123456789abcdef"
#define DIGITS_BYTES        sizeof "18446744073709551615"

static _Atomic bool overflowed;

static cJSON *node(tl_json *json)
{
    return (cJSON *)json;
}

static const cJSON *node_const(const tl_json *json)
{
    return (const cJSON *)json;
}

static tl_json *face(cJSON *item)
{
    return (tl_json *)item;
}

static const tl_json *face_const(const cJSON *item)
{
    return (const tl_json *)item;
}

static void mark_incomplete(cJSON *container)
{
    container->valueint = 1;
}

/* Documents are as deep as the code that builds them, or at most libcjson's nesting limit. */
static bool is_complete(const cJSON *item)
{
    if (!cJSON_IsObject(item) && !cJSON_IsArray(item))
        return true;
    if (item->valueint != 0)
        return false;
    for (const cJSON *child = item->child; child != NULL; child = child->next)
        if (!is_complete(child))
            return false;
    return true;
}

/* Give `child` to `parent`, or release it; returns what can be built upon, perhaps NULL. */
static cJSON *adopt(cJSON *parent, const char *name, cJSON *child)
{
    if (parent == NULL) {
        cJSON_Delete(child);
        return NULL;
    }
    assert(cJSON_IsObject(parent) ? name != NULL : cJSON_IsArray(parent) && name == NULL);
    if (child != NULL && (name != NULL ? cJSON_AddItemToObject(parent, name, child)
                                       : cJSON_AddItemToArray(parent, child)))
        return child;
    cJSON_Delete(child);
    mark_incomplete(parent);
    return NULL;
}

tl_json *tl_json_object_new(void)
{
    return face(cJSON_CreateObject());
}

tl_json *tl_json_array_new(void)
{
    return face(cJSON_CreateArray());
}

void tl_json_free(tl_json *root)
{
    cJSON_Delete(node(root));
}

tl_json *tl_json_add_object(tl_json *object, const char *name)
{
    return face(adopt(node(object), name, cJSON_CreateObject()));
}

tl_json *tl_json_add_array(tl_json *object, const char *name)
{
    return face(adopt(node(object), name, cJSON_CreateArray()));
}

void tl_json_add_count(tl_json *object, const char *name, uint64_t value)
{
    if (value >= COUNT_END) {
        atomic_store(&overflowed, true);
        value = COUNT_END - 1;
    }
    char digits[DIGITS_BYTES];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    bool exact = value < PRINTED_EXACTLY_END;
    adopt(node(object), name, exact ? cJSON_CreateNumber((double)value) : cJSON_CreateRaw(digits));
}

bool tl_json_overflowed(void)
{
    return atomic_load(&overflowed);
}

void tl_json_add_real(tl_json *object, const char *name, double value)
{
    adopt(node(object), name, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

void tl_json_add_hex(tl_json *object, const char *name, uint64_t value)
{
    char text[HEX_BYTES];
    snprintf(text, sizeof text, "0x%016llx", (unsigned long long)value);
    adopt(node(object), name, cJSON_CreateString(text));
}

void tl_json_add_bool(tl_json *object, const char *name, bool value)
{
    adopt(node(object), name, cJSON_CreateBool(value));
}

void tl_json_add_null(tl_json *object, const char *name)
{
    adopt(node(object), name, cJSON_CreateNull());
}

void tl_json_attach(tl_json *object, const char *name, tl_json *child)
{
    adopt(node(object), name, node(child));
}

/* The length of the UTF-8 character at `text`; 0 when the bytes are none.  Second bytes have
 * narrower ranges behind a few first bytes: no overlong forms, no surrogates, no end above
 * U+10FFFF.  A NUL is no continuation byte, so the walk never leaves the text. */
static size_t character_bytes(const unsigned char *text)
{
    static const struct {
        unsigned char first_min, first_max, second_min, second_max, bytes;
    } forms[] = {
        {0x01, 0x7f, 0x00, 0xff, 1},
        {0xc2, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3},
        {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (text[0] < forms[i].first_min || text[0] > forms[i].first_max)
            continue;
        if (forms[i].bytes > 1 && (text[1] < forms[i].second_min || text[1] > forms[i].second_max))
            return 0;
        for (size_t at = 2; at < forms[i].bytes; at++)
            if (text[at] < 0x80 || text[at] > 0xbf)
                return 0;
        return forms[i].bytes;
    }
    return 0;
}

/* Copy `text` to `clean`, which has room for REPLACEMENT_BYTES per byte and a NUL. */
static void clean_text(const char *text, char *clean)
{
    while (*text != '\0') {
        size_t bytes = character_bytes((const unsigned char *)text);
        memcpy(clean, bytes > 0 ? text : REPLACEMENT, bytes > 0 ? bytes : REPLACEMENT_BYTES);
        clean += bytes > 0 ? bytes : REPLACEMENT_BYTES;
        text += bytes > 0 ? bytes : 1;
    }
    *clean = '\0';
}

void tl_json_add_text(tl_json *object, const char *name, const char *text)
{
    if (text == NULL) {
        tl_json_add_null(object, name);
        return;
    }
    char *clean = cJSON_malloc(strlen(text) * REPLACEMENT_BYTES + 1);
    if (clean != NULL)
        clean_text(text, clean);
    adopt(node(object), name, clean == NULL ? NULL : cJSON_CreateString(clean));
    cJSON_free(clean);
}

tl_status tl_json_write(const tl_json *root, const char *path)
{
    if (root == NULL || !is_complete(node_const(root))) {
        errno = ENOMEM;
        return TL_NO_MEMORY;
    }
    char *text = cJSON_Print(node_const(root));
    if (text == NULL) {
        errno = ENOMEM;
        return TL_NO_MEMORY;
    }
    size_t length = strlen(text);
    text[length] = '\n'; /* the NUL's place: what is written carries its own length */
    tl_status status = tl_wholefile_write(path, text, length + 1);
    int error_number = errno;
    cJSON_free(text);
    errno = error_number;
    return status;
}

tl_status tl_json_read(const char *path, tl_json **root)
{
    char *text = NULL;
    size_t size_bytes = 0;
    tl_status status = tl_wholefile_read(path, DOCUMENT_BYTES_MAX, &text, &size_bytes);
    if (status != TL_OK)
        return status;
    size_t error_at;
    status = tl_json_parse(text, size_bytes, root, &error_at);
    free(text);
    return status;
}

/* Give whole numbers that libcjson would print with 15 digits their digits back, all of them, so
 * that what was read can be written again as it was. */
static bool keep_digits(cJSON *item)
{
    double value = item->valuedouble;
    if (cJSON_IsNumber(item) && value >= (double)PRINTED_EXACTLY_END && value < (double)COUNT_END) {
        char digits[DIGITS_BYTES];
        snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
        item->valuestring = cJSON_malloc(strlen(digits) + 1);
        if (item->valuestring == NULL)
            return false;
        memcpy(item->valuestring, digits, strlen(digits) + 1);
        item->type = cJSON_Raw;
    }
    for (cJSON *child = item->child; child != NULL; child = child->next)
        if (!keep_digits(child))
            return false;
    return true;
}

tl_status tl_json_parse(const char *text, size_t size_bytes, tl_json **root, size_t *error_at)
{
    const char *end = text;
    /* A NUL inside would end the text early for libcjson, and what follows would go unseen. */
    const char *nul = memchr(text, '\0', size_bytes);
    if (nul != NULL) {
        *error_at = (size_t)(nul - text);
        return TL_INVALID;
    }
    cJSON *parsed = cJSON_ParseWithLengthOpts(text, size_bytes + 1, &end, 1);
    if (parsed == NULL) {
        *error_at = end >= text && end <= text + size_bytes ? (size_t)(end - text) : 0;
        return TL_INVALID;
    }
    if (!keep_digits(parsed)) {
        cJSON_Delete(parsed);
        return TL_NO_MEMORY;
    }
    *root = face(parsed);
    return TL_OK;
}

char *tl_json_line(const tl_json *root)
{
    if (root == NULL || !is_complete(node_const(root)))
        return NULL;
    return cJSON_PrintUnformatted(node_const(root)); /* from malloc: no hooks are set */
}

const tl_json *tl_json_get(const tl_json *object, const char *name)
{
    return face_const(cJSON_GetObjectItemCaseSensitive(node_const(object), name));
}

size_t tl_json_size(const tl_json *json)
{
    return json == NULL ? 0 : (size_t)cJSON_GetArraySize(node_const(json));
}

const tl_json *tl_json_at(const tl_json *json, size_t index)
{
    if (json == NULL || index > INT32_MAX)
        return NULL;
    return face_const(cJSON_GetArrayItem(node_const(json), (int)index));
}

const char *tl_json_name(const tl_json *json)
{
    return json == NULL || node_const(json)->string == NULL ? "" : node_const(json)->string;
}

double tl_json_real(const tl_json *json, double fallback)
{
    if (cJSON_IsRaw(node_const(json))) /* a large count, not yet written */
        return strtod(node_const(json)->valuestring, NULL);
    return cJSON_IsNumber(node_const(json)) ? node_const(json)->valuedouble : fallback;
}

uint64_t tl_json_count(const tl_json *json, uint64_t fallback)
{
    double value = tl_json_real(json, -1);
    bool whole = value >= 0 && value < (double)COUNT_END && floor(value) == value;
    return whole ? (uint64_t)value : fallback;
}

const char *tl_json_text(const tl_json *json, const char *fallback)
{
    return cJSON_IsString(node_const(json)) ? node_const(json)->valuestring : fallback;
}

bool tl_json_is_true(const tl_json *json)
{
    return cJSON_IsTrue(node_const(json));
}

tl_json_kind tl_json_kind_of(const tl_json *json)
{
    const cJSON *item = node_const(json);
    if (cJSON_IsBool(item))
        return TL_JSON_BOOL;
    if (cJSON_IsNumber(item) || cJSON_IsRaw(item))
        return TL_JSON_NUMBER;
    if (cJSON_IsString(item))
        return TL_JSON_TEXT;
    if (cJSON_IsArray(item))
        return TL_JSON_ARRAY;
    return cJSON_IsObject(item) ? TL_JSON_OBJECT : TL_JSON_NULL;
}
