#include "harness/script/answer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SAYING = TL_SCRIPT_SAYING_BYTES };

void tl_script_answer_reset(tl_script_answer *answer)
{
    tl_script_buffer key = answer->key, value = answer->value;
    tl_script_buffer first = answer->first, last = answer->last;
    key.size_bytes = value.size_bytes = first.size_bytes = last.size_bytes = 0;
    *answer = (tl_script_answer){.key = key, .value = value, .first = first, .last = last};
}

void tl_script_answer_free(tl_script_answer *answer)
{
    tl_script_buffer_free(&answer->key);
    tl_script_buffer_free(&answer->value);
    tl_script_buffer_free(&answer->first);
    tl_script_buffer_free(&answer->last);
}

void tl_script_answer_note(tl_script_answer *answer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(answer->note, sizeof answer->note, format, arguments);
    va_end(arguments);
}

bool tl_script_is_refusal(tl_status status)
{
    return status != TL_OK && status != TL_NOT_FOUND && status != TL_EXISTS;
}

/* --- the want --- */

static tl_status expect_bytes(tl_script_scope *scope, const tl_script_bytes *bytes,
                              tl_script_buffer *buffer)
{
    return bytes == NULL ? TL_OK : tl_script_bytes_value(scope, bytes, buffer);
}

tl_status tl_script_expect(tl_script_scope *scope, const tl_script_want *want,
                           tl_script_expectation *expectation)
{
    expectation->want = want;
    tl_status status = expect_bytes(scope, want->value, &expectation->value);
    if (status == TL_OK)
        status = expect_bytes(scope, want->key, &expectation->key);
    if (status == TL_OK)
        status = expect_bytes(scope, want->first, &expectation->first);
    if (status == TL_OK)
        status = expect_bytes(scope, want->last, &expectation->last);
    if (status == TL_OK && want->count != NULL)
        status =
            tl_script_int_within(scope, want->count, "count=", 0, INT64_MAX, &expectation->count);
    if (status == TL_OK && want->at != NULL)
        status = tl_script_int_within(scope, want->at, "at=", 0, INT64_MAX, &expectation->at);
    return status;
}

void tl_script_expectation_free(tl_script_expectation *expectation)
{
    tl_script_buffer_free(&expectation->value);
    tl_script_buffer_free(&expectation->key);
    tl_script_buffer_free(&expectation->first);
    tl_script_buffer_free(&expectation->last);
}

/* --- sayings --- */

void tl_script_saying(char *text, size_t text_bytes, tl_slice bytes)
{
    enum { SHOWN_MAX = 40 };
    const unsigned char *data = bytes.data;
    size_t shown = bytes.size_bytes < SHOWN_MAX ? bytes.size_bytes : SHOWN_MAX;
    bool printable = true;
    for (size_t i = 0; i < shown; i++)
        printable =
            printable && data[i] >= 0x20 && data[i] < 0x7f && data[i] != '"' && data[i] != '\\';
    char body[2 * SHOWN_MAX + 1] = "";
    for (size_t i = 0; i < shown; i++)
        snprintf(body + (printable ? i : 2 * i), 3, printable ? "%c" : "%02x", data[i]);
    const char *more = shown < bytes.size_bytes ? "…" : "";
    int used = printable ? snprintf(text, text_bytes, "\"%s%s\"", body, more)
                         : snprintf(text, text_bytes, "hex(%s%s)", body, more);
    if (*more != '\0' && used > 0 && (size_t)used < text_bytes)
        snprintf(text + used, text_bytes - (size_t)used, " (%zu bytes)", bytes.size_bytes);
}

static bool same_bytes(const tl_script_buffer *left, const tl_script_buffer *right)
{
    return left->size_bytes == right->size_bytes &&
           (left->size_bytes == 0 || memcmp(left->data, right->data, left->size_bytes) == 0);
}

static size_t first_difference(const tl_script_buffer *left, const tl_script_buffer *right)
{
    size_t at = 0;
    while (at < left->size_bytes && at < right->size_bytes && left->data[at] == right->data[at])
        at++;
    return at;
}

/* Two different runs of bytes, named `what`; says where when the shown parts look alike. */
static bool say_bytes(const char *what, const tl_script_buffer *wanted,
                      const tl_script_buffer *given, char *want, char *got)
{
    char bytes[SAYING / 2];
    tl_script_saying(bytes, sizeof bytes, tl_script_buffer_slice(wanted));
    snprintf(want, SAYING, "%s%s", what, bytes);
    tl_script_saying(bytes, sizeof bytes, tl_script_buffer_slice(given));
    size_t at = first_difference(wanted, given);
    if (at < 16)
        snprintf(got, SAYING, "%s%s", what, bytes);
    else
        snprintf(got, SAYING, "%s%s, which differs from byte %zu on", what, bytes, at);
    return false;
}

static void say_status(const tl_script_answer *answer, char *text)
{
    if (answer->status != TL_OK && answer->note[0] != '\0')
        snprintf(text, SAYING, "%s: %.200s", tl_status_name(answer->status), answer->note);
    else if (answer->status == TL_OK && answer->has_record)
        tl_script_saying(text, SAYING, tl_script_buffer_slice(&answer->value));
    else if (answer->status == TL_OK && answer->has_count)
        snprintf(text, SAYING, "count=%" PRIu64, answer->count);
    else
        snprintf(text, SAYING, "%s", tl_status_name(answer->status));
}

static bool differ_number(const char *format, uint64_t wanted, uint64_t given, char *want,
                          char *got)
{
    char number[40];
    snprintf(number, sizeof number, "%" PRIu64, wanted);
    if (strcmp(format, "hash=") == 0)
        snprintf(number, sizeof number, "0x%016" PRIx64, wanted);
    snprintf(want, SAYING, "%s%s", format, number);
    snprintf(number, sizeof number, "%" PRIu64, given);
    if (strcmp(format, "hash=") == 0)
        snprintf(number, sizeof number, "0x%016" PRIx64, given);
    snprintf(got, SAYING, "%s%s", format, number);
    return false;
}

/* --- comparing --- */

/* The status that the want names, and what goes with it. */
static bool agrees_with_want(const tl_script_expectation *expectation,
                             const tl_script_answer *store, char *want, char *got)
{
    const tl_script_want *wanted = expectation->want;
    if (wanted->any)
        return true;
    tl_status status = wanted->has_status ? wanted->status : TL_OK;
    if (store->status != status) {
        if (wanted->value != NULL)
            tl_script_saying(want, SAYING, tl_script_buffer_slice(&expectation->value));
        else if (wanted->count != NULL)
            snprintf(want, SAYING, "count=%" PRId64, expectation->count);
        else
            snprintf(want, SAYING, "%s", tl_status_name(status));
        say_status(store, got);
        return false;
    }
    if (wanted->at != NULL && (!store->has_at || (uint64_t)expectation->at != store->at))
        return differ_number("at=", (uint64_t)expectation->at, store->at, want, got);
    if (status != TL_OK)
        return true;
    if (wanted->value != NULL && !same_bytes(&expectation->value, &store->value))
        return say_bytes("", &expectation->value, &store->value, want, got);
    if (wanted->key != NULL && !same_bytes(&expectation->key, &store->key))
        return say_bytes("key=", &expectation->key, &store->key, want, got);
    if (wanted->count != NULL && (uint64_t)expectation->count != store->count)
        return differ_number("count=", (uint64_t)expectation->count, store->count, want, got);
    if ((wanted->first != NULL || wanted->last != NULL) && !store->has_ends) {
        snprintf(want, SAYING, "a record");
        snprintf(got, SAYING, "count=0");
        return false;
    }
    if (wanted->first != NULL && !same_bytes(&expectation->first, &store->first))
        return say_bytes("first=", &expectation->first, &store->first, want, got);
    if (wanted->last != NULL && !same_bytes(&expectation->last, &store->last))
        return say_bytes("last=", &expectation->last, &store->last, want, got);
    if (wanted->has_hash && wanted->hash != store->hash)
        return differ_number("hash=", wanted->hash, store->hash, want, got);
    return true;
}

static bool agrees_with_model(const tl_script_answer *store, const tl_script_answer *model,
                              char *want, char *got)
{
    if (store->status != model->status) {
        say_status(model, want);
        say_status(store, got);
        return false;
    }
    if (store->has_at && model->has_at && store->at != model->at)
        return differ_number("at=", model->at, store->at, want, got);
    if (store->status != TL_OK)
        return true;
    if (store->has_key && !same_bytes(&model->key, &store->key))
        return say_bytes("key=", &model->key, &store->key, want, got);
    if (store->has_record && !same_bytes(&model->value, &store->value))
        return say_bytes("", &model->value, &store->value, want, got);
    if (store->has_count && store->count != model->count)
        return differ_number("count=", model->count, store->count, want, got);
    if (store->out_of_order) {
        snprintf(want, SAYING, "keys in order");
        snprintf(got, SAYING, "%s", store->note);
        return false;
    }
    if (store->has_ends && !same_bytes(&model->first, &store->first))
        return say_bytes("first=", &model->first, &store->first, want, got);
    if (store->has_ends && !same_bytes(&model->last, &store->last))
        return say_bytes("last=", &model->last, &store->last, want, got);
    if (store->has_hash && store->hash != model->hash)
        return differ_number("hash=", model->hash, store->hash, want, got);
    return true;
}

static void append_note(char *text, const char *note)
{
    size_t used = strlen(text);
    snprintf(text + used, SAYING - used, "%s", note);
}

bool tl_script_answer_agrees(const tl_script_expectation *expectation,
                             const tl_script_answer *store, const tl_script_answer *model,
                             char *want, char *got)
{
    bool model_agrees = true;
    char model_want[SAYING] = "", model_got[SAYING] = "";
    if (model != NULL)
        model_agrees = agrees_with_model(store, model, model_want, model_got);
    if (expectation->model_only && model_agrees)
        return true;
    if (!expectation->model_only && !agrees_with_want(expectation, store, want, got)) {
        if (model != NULL && model_agrees)
            append_note(got, ", as the model does");
        return false;
    }
    bool excused = !expectation->model_only && expectation->want->any;
    if (model_agrees || (excused && store->status != model->status))
        return true;
    memcpy(want, model_want, SAYING);
    memcpy(got, model_got, SAYING);
    append_note(want, " (as the model)");
    return false;
}
