/* harness/run/check.c -- putting a wrong answer in words.  Never on the fast path. */
#include "harness/run/check.h"

#include <stdarg.h>
#include <stdio.h>

enum { HEX_TEXT_MAX = 96 }; /* 40 bytes of a key or value are enough to find them again */

void tl_check_hex(char *text, size_t text_bytes, tl_slice bytes)
{
    enum { TAIL_BYTES = 32 };
    const unsigned char *from = bytes.data;
    size_t shown = bytes.size_bytes, shown_max = (text_bytes - TAIL_BYTES) / 2;
    if (shown > shown_max)
        shown = shown_max;
    size_t at = (size_t)snprintf(text, text_bytes, "0x");
    for (size_t i = 0; i < shown; i++)
        at += (size_t)snprintf(text + at, text_bytes - at, "%02x", from[i]);
    if (shown < bytes.size_bytes)
        snprintf(text + at, text_bytes - at, "...(%zu bytes)", bytes.size_bytes);
}

void tl_check_wrong(tl_check *check, const tl_op *op, const char *format, ...)
{
    if (check->wrong++ != 0)
        return;
    size_t at = 0;
    if (op != NULL) {
        char key[HEX_TEXT_MAX];
        tl_check_hex(key, sizeof key, (tl_slice){op->key, op->key_bytes});
        at = (size_t)snprintf(check->first_wrong, sizeof check->first_wrong,
                              "%s of key %s: ", tl_op_kind_name(op->kind), key);
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(check->first_wrong + at, sizeof check->first_wrong - at, format, arguments);
    va_end(arguments);
}

static size_t first_difference(const unsigned char *left, const unsigned char *right, size_t bytes)
{
    size_t at = 0;
    while (at < bytes && left[at] == right[at])
        at++;
    return at;
}

void tl_check_wrong_get(tl_check *check, const tl_op *op, tl_status status, tl_slice value)
{
    char expected[HEX_TEXT_MAX], got[HEX_TEXT_MAX];
    tl_check_hex(expected, sizeof expected, (tl_slice){op->value, op->value_bytes});
    if (status != TL_OK) {
        tl_check_wrong(check, op, "expected %s, got %s", expected, tl_status_name(status));
        return;
    }
    tl_check_hex(got, sizeof got, value);
    if ((op->flags & TL_OP_ABSENT) != 0)
        tl_check_wrong(check, op, "expected no such key, got %s", got);
    else if (value.size_bytes != op->value_bytes)
        tl_check_wrong(check, op, "expected %zu bytes %s, got %zu bytes %s", op->value_bytes,
                       expected, value.size_bytes, got);
    else
        tl_check_wrong(check, op, "expected %s, got %s, first difference at byte %zu", expected,
                       got, first_difference(op->value, value.data, value.size_bytes));
}
