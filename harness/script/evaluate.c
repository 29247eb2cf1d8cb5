#include "harness/script/evaluate.h"

#include "workloads/values.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tl_script_buffer_free(tl_script_buffer *buffer)
{
    free(buffer->data);
    *buffer = (tl_script_buffer){0};
}

tl_slice tl_script_buffer_slice(const tl_script_buffer *buffer)
{
    return (tl_slice){buffer->data, buffer->size_bytes};
}

static bool buffer_reserve(tl_script_buffer *buffer, size_t more_bytes)
{
    size_t need_bytes = buffer->size_bytes + more_bytes;
    if (buffer->data != NULL && need_bytes <= buffer->room_bytes)
        return true;
    size_t room_bytes = need_bytes < 256 ? 256 : need_bytes + need_bytes / 2;
    unsigned char *larger = realloc(buffer->data, room_bytes);
    if (larger == NULL)
        return false;
    buffer->data = larger;
    buffer->room_bytes = room_bytes;
    return true;
}

bool tl_script_buffer_set(tl_script_buffer *buffer, tl_slice bytes)
{
    buffer->size_bytes = 0;
    return tl_script_buffer_append(buffer, bytes);
}

bool tl_script_buffer_append(tl_script_buffer *buffer, tl_slice bytes)
{
    if (!buffer_reserve(buffer, bytes.size_bytes))
        return false;
    if (bytes.size_bytes > 0)
        memcpy(buffer->data + buffer->size_bytes, bytes.data, bytes.size_bytes);
    buffer->size_bytes += bytes.size_bytes;
    return true;
}

/* --- integers --- */

static tl_status refuse(tl_script_scope *scope, const char *text)
{
    snprintf(scope->error, sizeof scope->error, "%s", text);
    return TL_INVALID;
}

static tl_status divide(tl_script_scope *scope, tl_script_int_kind kind, int64_t left,
                        int64_t right, int64_t *value)
{
    if (right == 0)
        return refuse(scope, "division by zero");
    if (left == INT64_MIN && right == -1)
        return refuse(scope, "the number leaves the 64-bit range");
    *value = kind == TL_SCRIPT_DIVIDE ? left / right : left % right;
    return TL_OK;
}

static tl_status combine(tl_script_scope *scope, tl_script_int_kind kind, int64_t left,
                         int64_t right, int64_t *value)
{
    if (kind == TL_SCRIPT_DIVIDE || kind == TL_SCRIPT_REMAINDER)
        return divide(scope, kind, left, right, value);
    int64_t result = 0;
    bool overflow = kind == TL_SCRIPT_ADD        ? __builtin_add_overflow(left, right, &result)
                    : kind == TL_SCRIPT_SUBTRACT ? __builtin_sub_overflow(left, right, &result)
                                                 : __builtin_mul_overflow(left, right, &result);
    if (overflow)
        return refuse(scope, "the number leaves the 64-bit range");
    *value = result;
    return TL_OK;
}

tl_status tl_script_int_value(tl_script_scope *scope, const tl_script_int *node, int64_t *value)
{
    if (node->kind == TL_SCRIPT_LITERAL) {
        *value = node->literal;
        return TL_OK;
    }
    if (node->kind == TL_SCRIPT_VARIABLE) {
        *value = scope->values[node->loop];
        return TL_OK;
    }
    int64_t left, right = 0;
    tl_status status = tl_script_int_value(scope, node->left, &left);
    if (status != TL_OK)
        return status;
    if (node->kind == TL_SCRIPT_NEGATE)
        return combine(scope, TL_SCRIPT_SUBTRACT, 0, left, value);
    status = tl_script_int_value(scope, node->right, &right);
    return status != TL_OK ? status : combine(scope, node->kind, left, right, value);
}

tl_status tl_script_int_within(tl_script_scope *scope, const tl_script_int *node, const char *what,
                               int64_t min, int64_t max, int64_t *value)
{
    int64_t number;
    tl_status status = tl_script_int_value(scope, node, &number);
    if (status != TL_OK)
        return status;
    if (number < min || number > max) {
        snprintf(scope->error, sizeof scope->error,
                 "%s is %" PRId64 "; it must be in %" PRId64 "..%" PRId64, what, number, min, max);
        return TL_INVALID;
    }
    *value = number;
    return TL_OK;
}

/* --- bytes --- */

static void write_u64(unsigned char *at, uint64_t number)
{
    for (int i = 7; i >= 0; i--, number >>= 8)
        at[i] = (unsigned char)number;
}

/* `number` >= 0 in decimal, right-aligned in `width` bytes; false: it has more digits. */
static bool write_dec(unsigned char *at, size_t width, int64_t number)
{
    memset(at, '0', width);
    for (size_t i = width; number > 0; number /= 10) {
        if (i == 0)
            return false;
        at[--i] = (unsigned char)('0' + number % 10);
    }
    return true;
}

/* How many bytes an atom makes; *number is its other operand. */
static tl_status atom_size(tl_script_scope *scope, const tl_script_atom *atom, int64_t *number,
                           int64_t *size_bytes)
{
    tl_status status;
    switch (atom->kind) {
    case TL_SCRIPT_U64:
        *size_bytes = 8;
        return tl_script_int_value(scope, atom->a, number);
    case TL_SCRIPT_DEC:
        status = tl_script_int_within(scope, atom->a, "the number of dec()", 0, INT64_MAX, number);
        return status != TL_OK ? status
                               : tl_script_int_within(scope, atom->b, "the width of dec()", 1,
                                                      TL_SCRIPT_BYTES_MAX, size_bytes);
    case TL_SCRIPT_FILL:
        status = tl_script_int_within(scope, atom->a, "the length of fill()", 0,
                                      TL_SCRIPT_BYTES_MAX, size_bytes);
        return status != TL_OK ? status : tl_script_int_value(scope, atom->b, number);
    case TL_SCRIPT_REP:
        status = tl_script_int_within(scope, atom->a, "the byte of rep()", 0, 255, number);
        return status != TL_OK ? status
                               : tl_script_int_within(scope, atom->b, "the length of rep()", 0,
                                                      TL_SCRIPT_BYTES_MAX, size_bytes);
    default: /* TEXT, HEX */
        *size_bytes = (int64_t)atom->literal.size_bytes;
        return TL_OK;
    }
}

static tl_status append_atom(tl_script_scope *scope, const tl_script_atom *atom,
                             tl_script_buffer *buffer)
{
    int64_t number = 0, size = 0;
    tl_status status = atom_size(scope, atom, &number, &size);
    if (status != TL_OK)
        return status;
    size_t size_bytes = (size_t)size;
    if (size_bytes > TL_SCRIPT_BYTES_MAX - buffer->size_bytes)
        return refuse(scope, "the bytes are longer than 64 MiB");
    if (!buffer_reserve(buffer, size_bytes)) {
        refuse(scope, "out of memory");
        return TL_NO_MEMORY;
    }
    unsigned char *at = buffer->data + buffer->size_bytes;
    if (atom->kind == TL_SCRIPT_U64)
        write_u64(at, (uint64_t)number); /* -1 is the largest key: two's complement */
    else if (atom->kind == TL_SCRIPT_DEC && !write_dec(at, size_bytes, number))
        return refuse(scope, "the number of dec() has more digits than its width");
    else if (atom->kind == TL_SCRIPT_FILL)
        tl_fill(at, size_bytes, (uint64_t)number);
    else if (atom->kind == TL_SCRIPT_REP)
        memset(at, (int)number, size_bytes);
    else if (atom->literal.size_bytes > 0)
        memcpy(at, atom->literal.data, size_bytes);
    buffer->size_bytes += size_bytes;
    return TL_OK;
}

tl_status tl_script_bytes_value(tl_script_scope *scope, const tl_script_bytes *bytes,
                                tl_script_buffer *buffer)
{
    tl_status status = TL_OK;
    buffer->size_bytes = 0;
    for (const tl_script_atom *atom = bytes->first; atom != NULL && status == TL_OK;
         atom = atom->next)
        status = append_atom(scope, atom, buffer);
    return status;
}
