/* harness/spec/read.c -- a file into a spec: which of the two forms it has, and what both refuse.
 */
#include "harness/spec/read.h"

#include "harness/report/wholefile.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1 << 20 };

tl_status tl_spec_read_section(tl_spec *spec, const char *name, unsigned line)
{
    unsigned before = 0;
    if (strcmp(name, TL_SPEC_GLOBAL) == 0)
        return TL_OK;
    tl_status status = tl_spec_add_section(spec, name, line, &before);
    if (status != TL_EXISTS)
        return status;
    if (before != 0)
        tl_spec_trouble(spec, line,
                        "[%.60s] is there already, on line %u; a second phase of the kind is "
                        "[%.60s_2]",
                        name, before, name);
    return TL_OK;
}

tl_status tl_spec_read_key(tl_spec *spec, const char *section, const char *key, const char *value,
                           unsigned line)
{
    unsigned before = 0;
    if (strcmp(section, TL_SPEC_GLOBAL) == 0)
        section = "";
    if (key[0] == '\0') {
        tl_spec_trouble(spec, line, "a value without a key in front of it");
        return TL_OK;
    }
    for (const char *c = value; *c != '\0'; c++)
        if (iscntrl((unsigned char)*c) || *c == ';') {
            tl_spec_trouble(spec, line, "%.60s: a value is one line, without ';'", key);
            return TL_OK;
        }
    tl_status status = tl_spec_put(spec, section, key, value, TL_SPEC_FILE, line, &before);
    if (status != TL_EXISTS)
        return status;
    tl_spec_trouble(spec, line, "%s%.60s%s'%.60s' is set twice, first on line %u",
                    section[0] == '\0' ? "" : "[", section, section[0] == '\0' ? "" : "] ", key,
                    before);
    return TL_OK;
}

static bool is_json(const char *name, const char *text)
{
    size_t length = strlen(name);
    if (length >= 5 && strcmp(name + length - 5, ".json") == 0)
        return true;
    while (isspace((unsigned char)*text))
        text++;
    return *text == '{';
}

tl_status tl_spec_read_text(tl_spec *spec, const char *name, const char *text, size_t size_bytes)
{
    size_t troubles = spec->trouble_count;
    free(spec->file);
    spec->file = strdup(name);
    if (spec->file == NULL)
        return TL_NO_MEMORY;
    if (strlen(text) != size_bytes) {
        tl_spec_trouble(spec, 0, "a byte of value 0 is in it: this is no text");
        return TL_INVALID;
    }
    tl_status status =
        is_json(name, text) ? tl_spec_read_json(spec, text) : tl_spec_read_ini(spec, text);
    if (status == TL_NO_MEMORY)
        tl_spec_trouble(spec, 0, "out of memory");
    if (status != TL_OK)
        return status;
    return spec->trouble_count == troubles ? TL_OK : TL_INVALID;
}

tl_status tl_spec_read(tl_spec *spec, const char *path)
{
    char *text = NULL;
    size_t size_bytes = 0;
    tl_status status = tl_wholefile_read(path, FILE_BYTES_MAX, &text, &size_bytes);
    if (status == TL_INVALID)
        tl_spec_trouble(spec, 0, "'%.300s' is larger than 1 MiB: this is no spec", path);
    else if (status != TL_OK)
        tl_spec_trouble(spec, 0, "cannot read '%.300s': %s", path, strerror(errno));
    if (status != TL_OK)
        return status;
    status = tl_spec_read_text(spec, path, text, size_bytes);
    free(text);
    return status;
}
