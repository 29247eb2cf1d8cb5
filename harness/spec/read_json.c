/* harness/spec/read_json.c -- JSON with the same keys, and the line of each.
 *
 * libcjson forgets where a node stood.  But names and texts come out of the text in the order in
 * which a walk over the document meets them, so a second finger moves along the text from one
 * string to the next: where it stands is the line.
 */
#include "harness/spec/read.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct finger {
    const char *at;
    unsigned line;
} finger;

/* Step over the next string; gives the line on which it begins. */
static unsigned next_string(finger *f)
{
    while (*f->at != '\0' && *f->at != '"')
        f->line += *f->at++ == '\n';
    unsigned line = f->line;
    if (*f->at == '"')
        f->at++;
    for (; *f->at != '\0' && *f->at != '"'; f->at++)
        if (*f->at == '\\' && f->at[1] != '\0')
            f->at++;
    if (*f->at == '"')
        f->at++;
    return line;
}

/* Step over all strings inside of `node`. */
static void skip(finger *f, const tl_json *node)
{
    tl_json_kind kind = tl_json_kind_of(node);
    if (kind == TL_JSON_TEXT)
        (void)next_string(f);
    for (size_t i = 0; i < tl_json_size(node); i++) {
        if (kind == TL_JSON_OBJECT)
            (void)next_string(f);
        skip(f, tl_json_at(node, i));
    }
}

/* A value as an INI file would have it; false: it has no such form, or lost digits. */
static bool value_text(const tl_json *node, char *text, size_t text_bytes)
{
    double number = tl_json_real(node, NAN);
    switch (tl_json_kind_of(node)) {
    case TL_JSON_TEXT:
        return snprintf(text, text_bytes, "%s", tl_json_text(node, "")) < (int)text_bytes;
    case TL_JSON_BOOL:
        snprintf(text, text_bytes, "%s", tl_json_is_true(node) ? "yes" : "no");
        return true;
    case TL_JSON_NUMBER:
        if (fabs(number) >= 9007199254740992.0)
            return false;
        if (floor(number) == number)
            snprintf(text, text_bytes, "%" PRId64, (int64_t)number);
        else
            snprintf(text, text_bytes, "%.15g", number);
        return true;
    default:
        return false;
    }
}

static tl_status read_member(tl_spec *spec, const char *section, const tl_json *node, unsigned line)
{
    char text[2 * TL_SPEC_TEXT_MAX];
    if (value_text(node, text, sizeof text))
        return tl_spec_read_key(spec, section, tl_json_name(node), text, line);
    if (tl_json_kind_of(node) == TL_JSON_NUMBER)
        tl_spec_trouble(spec, line,
                        "%.60s: a number of 2^53 or more loses digits; write it as text",
                        tl_json_name(node));
    else
        tl_spec_trouble(spec, line, "%.60s: a value is a text, a number, true or false",
                        tl_json_name(node));
    return TL_OK;
}

static tl_status read_global(tl_spec *spec, finger *f, const tl_json *global)
{
    tl_status status = TL_OK;
    for (size_t i = 0; i < tl_json_size(global) && status == TL_OK; i++) {
        const tl_json *node = tl_json_at(global, i);
        unsigned line = next_string(f);
        status = read_member(spec, TL_SPEC_GLOBAL, node, line);
        skip(f, node);
    }
    return status;
}

static tl_status read_phase(tl_spec *spec, finger *f, const tl_json *phase, unsigned fallback_line)
{
    const char *name = tl_json_text(tl_json_get(phase, "phase"), NULL);
    tl_status status = TL_OK;
    if (tl_json_kind_of(phase) != TL_JSON_OBJECT || name == NULL) {
        tl_spec_trouble(spec, fallback_line,
                        "each of \"phases\" is an object with a \"phase\", such as "
                        "{\"phase\": \"run\"}");
        skip(f, phase);
        return TL_OK;
    }
    finger ahead = *f; /* the section's line is that of its first key */
    status = tl_spec_read_section(spec, name, next_string(&ahead));
    for (size_t i = 0; i < tl_json_size(phase) && status == TL_OK; i++) {
        const tl_json *node = tl_json_at(phase, i);
        unsigned line = next_string(f);
        if (strcmp(tl_json_name(node), "phase") != 0)
            status = read_member(spec, name, node, line);
        skip(f, node);
    }
    return status;
}

static tl_status read_phases(tl_spec *spec, finger *f, const tl_json *phases, unsigned line)
{
    tl_status status = TL_OK;
    if (tl_json_kind_of(phases) != TL_JSON_ARRAY) {
        tl_spec_trouble(spec, line, "\"phases\" is a list, in the order in which they run");
        skip(f, phases);
        return TL_OK;
    }
    for (size_t i = 0; i < tl_json_size(phases) && status == TL_OK; i++)
        status = read_phase(spec, f, tl_json_at(phases, i), line);
    return status;
}

static tl_status read_root(tl_spec *spec, finger *f, const tl_json *root)
{
    tl_status status = TL_OK;
    if (tl_json_kind_of(root) != TL_JSON_OBJECT) {
        tl_spec_trouble(spec, 1, "a spec is an object with \"global\" and \"phases\"");
        return TL_OK;
    }
    for (size_t i = 0; i < tl_json_size(root) && status == TL_OK; i++) {
        const tl_json *node = tl_json_at(root, i);
        const char *name = tl_json_name(node);
        unsigned line = next_string(f);
        if (strcmp(name, "phases") == 0) {
            status = read_phases(spec, f, node, line);
            continue;
        }
        if (strcmp(name, TL_SPEC_GLOBAL) == 0 && tl_json_kind_of(node) == TL_JSON_OBJECT) {
            status = read_global(spec, f, node);
            continue;
        }
        if (strcmp(name, "origins") != 0) /* which --explain adds */
            tl_spec_trouble(spec, line,
                            "'%.60s': a spec is an object with an object \"global\" and a list "
                            "\"phases\"",
                            name);
        skip(f, node);
    }
    return status;
}

tl_status tl_spec_read_json(tl_spec *spec, const char *text)
{
    tl_json *root = NULL;
    size_t error_at = 0;
    if (tl_json_parse(text, strlen(text), &root, &error_at) != TL_OK) {
        unsigned line = 1;
        for (size_t i = 0; i < error_at && text[i] != '\0'; i++)
            line += text[i] == '\n';
        tl_spec_trouble(spec, line, "from here on it is not JSON");
        return TL_OK;
    }
    finger f = {text, 1};
    tl_status status = read_root(spec, &f, root);
    tl_json_free(root);
    return status;
}
