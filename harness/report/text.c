/* harness/report/text.c -- growing, escaping, saving. */
#include "harness/report/text.h"
#include "harness/report/wholefile.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_FILE_BYTES_MAX = 512 << 20 };

/* Make room for `more_bytes` and a NUL.  False, and marked, when memory is short. */
static bool text_reserve(tl_text *text, size_t more_bytes)
{
    if (text->failed || more_bytes > SIZE_MAX / 4 - text->size_bytes) {
        text->failed = true;
        return false;
    }
    size_t needed = text->size_bytes + more_bytes + 1;
    if (needed <= text->capacity_bytes)
        return true;
    size_t capacity_bytes = text->capacity_bytes == 0 ? 1024 : text->capacity_bytes;
    while (capacity_bytes < needed)
        capacity_bytes *= 2;
    char *data = realloc(text->data, capacity_bytes);
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity_bytes = capacity_bytes;
    return true;
}

void tl_text_add_bytes(tl_text *text, const char *more, size_t size_bytes)
{
    if (!text_reserve(text, size_bytes))
        return;
    if (size_bytes > 0)
        memcpy(text->data + text->size_bytes, more, size_bytes);
    text->size_bytes += size_bytes;
    text->data[text->size_bytes] = '\0';
}

void tl_text_add(tl_text *text, const char *more)
{
    tl_text_add_bytes(text, more, strlen(more));
}

void tl_text_addf(tl_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !text_reserve(text, (size_t)length)) {
        text->failed = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(text->data + text->size_bytes, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->size_bytes += (size_t)length;
}

/* Bytes of the UTF-8 character at `at`, or 0 when no whole one stands there: names come from
 * command lines and files, and one bad byte would make the page or an SVG unreadable. */
static size_t character_bytes(const char *at)
{
    unsigned char lead = (unsigned char)at[0];
    size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length == 0 || lead > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if (((unsigned char)at[i] & 0xc0) != 0x80)
            return 0;
    }
    unsigned char second = length > 1 ? (unsigned char)at[1] : 0;
    bool too_long = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    bool surrogate = lead == 0xed && second > 0x9f;
    bool no_character = (lead == 0xf4 && second > 0x8f) || (lead == 0xc2 && second < 0xa0);
    return too_long || surrogate || no_character ? 0 : length;
}

void tl_text_add_html(tl_text *text, const char *more)
{
    static const struct {
        char plain;
        const char *entity;
    } entities[] = {
        {'&',  "&amp;" },
        {'<',  "&lt;"  },
        {'>',  "&gt;"  },
        {'"',  "&quot;"},
        {'\'', "&#39;" },
    };
    for (size_t length = 1; *more != '\0'; more += length) {
        const char *entity = NULL;
        for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
            entity = *more == entities[i].plain ? entities[i].entity : entity;
        unsigned char byte = (unsigned char)*more;
        bool forbidden = (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f;
        length = character_bytes(more);
        if (length == 0 || forbidden) {
            tl_text_add(text, "?");
            length = 1;
        } else if (entity != NULL)
            tl_text_add(text, entity);
        else
            tl_text_add_bytes(text, more, length);
    }
}

/* What stands for the byte in a field, or NULL when it stands for itself. */
static const char *field_substitute(unsigned char byte)
{
    if (byte < 0x20 || byte == 0x7f)
        return " ";
    return byte == '"' ? "'" : byte == '\\' ? "\\\\" : NULL;
}

void tl_text_add_field(tl_text *text, const char *more)
{
    if (*more == '\0')
        more = "-";
    for (size_t length = 1; *more != '\0'; more += length) {
        length = character_bytes(more);
        const char *substitute = length == 0 ? "?" : field_substitute((unsigned char)*more);
        length = length == 0 ? 1 : length;
        if (substitute != NULL)
            tl_text_add(text, substitute);
        else
            tl_text_add_bytes(text, more, length);
    }
}

const char *tl_text_data(const tl_text *text)
{
    return text->data == NULL ? "" : text->data;
}

void tl_text_clear(tl_text *text)
{
    free(text->data);
    *text = (tl_text){0};
}

tl_status tl_text_save(const tl_text *text, const char *path)
{
    if (text->failed)
        return TL_NO_MEMORY;
    return tl_wholefile_write(path, tl_text_data(text), text->size_bytes);
}

tl_status tl_text_load(tl_text *text, const char *path)
{
    char *bytes = NULL;
    size_t size_bytes = 0;
    tl_status status = tl_wholefile_read(path, TEXT_FILE_BYTES_MAX, &bytes, &size_bytes);
    if (status != TL_OK)
        return status;
    tl_text_add_bytes(text, bytes, size_bytes);
    free(bytes);
    return text->failed ? TL_NO_MEMORY : TL_OK;
}
