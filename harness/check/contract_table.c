/* harness/check/contract_table.c -- the text of contract.h's table, read. */
#include "harness/check/contract.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const builtin_lines[] = {
#include "contracts_text.inc" /* contracts.txt, line by line: made by CMake */
};

enum { LINE_BYTES = 512, FIELDS = 8, FILE_BYTES_MAX = 1 << 20 };

static bool word_in(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0)
            return true;
    }
    return false;
}

/* The fields before the rest, which *rest points to; false: there are fewer. */
static bool fields_cut(char *line, char *fields[], unsigned count, char **rest)
{
    for (unsigned i = 0; i < count; i++) {
        line += strspn(line, " \t");
        if (*line == '\0')
            return false;
        fields[i] = line;
        line += strcspn(line, " \t");
        if (*line != '\0')
            *line++ = '\0';
    }
    *rest = line + strspn(line, " \t");
    return true;
}

static const char *yes_parse(const char *word, bool *yes)
{
    *yes = strcmp(word, "yes") == 0;
    return *yes || strcmp(word, "no") == 0 ? NULL : "yes or no";
}

static const char *who_parse(char *fields[], tl_contract_row *row)
{
    static const char *const durabilities[] = {"*", "none", "async", "commit"};
    tl_profile profile;
    char *const to[] = {row->driver, row->protocol, row->durability, row->profile};
    for (unsigned i = 0; i < 4; i++) {
        if (strlen(fields[i]) >= TL_CONTRACT_WORD_BYTES)
            return "a shorter name";
        memcpy(to[i], fields[i], strlen(fields[i]) + 1);
    }
    if (!word_in(row->durability, durabilities, sizeof durabilities / sizeof durabilities[0]))
        return "none, async, commit or * as durability";
    if (strcmp(row->profile, "*") != 0 && !tl_profile_find(row->profile, &profile))
        return "a profile, or *";
    return NULL;
}

static const char *promise_parse(char *fields[], const char *rest, tl_contract_row *row)
{
    unsigned durable = 0;
    while (durable < TL_DURABLE_COUNT &&
           strcmp(fields[4], tl_durable_name((tl_durable)durable)) != 0)
        durable++;
    if (durable == TL_DURABLE_COUNT)
        return "ack, checkpoint or no as durable";
    row->contract.durable = (tl_durable)durable;
    const char *wanted = yes_parse(fields[5], &row->contract.atomic);
    if (wanted == NULL)
        wanted = yes_parse(fields[6], &row->contract.ordered);
    if (wanted == NULL)
        wanted = yes_parse(fields[7], &row->contract.refuses);
    return wanted == NULL && *rest != '\0' ? "nothing behind the eighth word" : wanted;
}

static const char *rules_parse(char *words, tl_contract_row *row)
{
    bool all = strcmp(words, "*") == 0;
    for (unsigned r = TL_RULE_NONE + 1; r < TL_RULE_COUNT; r++)
        row->rules[r] = all;
    char *save = NULL;
    for (char *word = strtok_r(words, ",", &save); word != NULL && !all;
         word = strtok_r(NULL, ",", &save)) {
        unsigned r = TL_RULE_NONE + 1;
        while (r < TL_RULE_COUNT && strcmp(word, tl_rule_name((tl_rule)r)) != 0)
            r++;
        if (r == TL_RULE_COUNT)
            return "rules of inspect.h, with commas, or *";
        row->rules[r] = true;
    }
    return NULL;
}

static const char *known_parse(char *fields[], const char *rest, tl_contract_row *row)
{
    const char *wanted = rules_parse(fields[4], row);
    char *equals = strchr(fields[5], '=');
    if (wanted != NULL)
        return wanted;
    if (strcmp(fields[5], "-") != 0) {
        if (equals == NULL || strlen(fields[5]) >= TL_CONTRACT_WORD_BYTES)
            return "NAME=VALUE, NAME>=NUMBER or - as unless";
        *equals = '\0';
        row->unless_least = equals > fields[5] && equals[-1] == '>';
        if (row->unless_least)
            equals[-1] = '\0';
        snprintf(row->unless_name, sizeof row->unless_name, "%s", fields[5]);
        snprintf(row->unless_value, sizeof row->unless_value, "%s", equals + 1);
    }
    if (*rest == '\0' || strlen(rest) >= sizeof row->reason)
        return "a reason of at most 255 bytes";
    memcpy(row->reason, rest, strlen(rest) + 1);
    return NULL;
}

/* NULL: fine; else what is wanted there. */
static const char *line_parse(char *line, tl_contracts *contracts)
{
    char *fields[FIELDS + 1], *rest = line;
    line += strspn(line, " \t\r");
    if (*line == '\0' || *line == '#')
        return NULL;
    if (contracts->count == TL_CONTRACT_ROWS_MAX)
        return "at most 64 rows";
    tl_contract_row row = {.known = strncmp(line, "known", 5) == 0};
    if (!fields_cut(line, fields, row.known ? 7 : 9, &rest) ||
        strcmp(fields[0], row.known ? "known" : "contract") != 0)
        return "`contract` and eight words, or `known`, six words and a reason";
    const char *wanted = who_parse(fields + 1, &row);
    if (wanted == NULL)
        wanted =
            row.known ? known_parse(fields + 1, rest, &row) : promise_parse(fields + 1, rest, &row);
    if (wanted == NULL)
        contracts->rows[contracts->count++] = row;
    return wanted;
}

static tl_status line_take(const char *line, size_t line_bytes, unsigned number,
                           tl_contracts *contracts, char *error, size_t error_bytes)
{
    char copy[LINE_BYTES];
    const char *wanted = "a shorter line";
    if (line_bytes < sizeof copy) {
        memcpy(copy, line, line_bytes);
        copy[line_bytes] = '\0';
        wanted = line_parse(copy, contracts);
    }
    if (wanted == NULL)
        return TL_OK;
    snprintf(error, error_bytes, "line %u: %s is wanted", number, wanted);
    return TL_INVALID;
}

tl_status tl_contracts_parse(const char *text, tl_contracts *contracts, char *error,
                             size_t error_bytes)
{
    contracts->count = 0;
    tl_status status = TL_OK;
    for (unsigned number = 1; *text != '\0' && status == TL_OK; number++) {
        size_t line_bytes = strcspn(text, "\n");
        status = line_take(text, line_bytes, number, contracts, error, error_bytes);
        text += line_bytes + (text[line_bytes] == '\n');
    }
    if (status == TL_OK && contracts->count == 0) {
        snprintf(error, error_bytes, "there is no row in it");
        return TL_INVALID;
    }
    return status;
}

tl_status tl_contracts_read(const char *path, tl_contracts *contracts, char *error,
                            size_t error_bytes)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, FILE_BYTES_MAX + 1);
    tl_status status = file == NULL ? TL_IO : text == NULL ? TL_NO_MEMORY : TL_OK;
    if (status == TL_OK) {
        size_t bytes = fread(text, 1, FILE_BYTES_MAX, file);
        status = ferror(file) ? TL_IO : TL_OK;
        if (status == TL_OK && (bytes == FILE_BYTES_MAX || strlen(text) != bytes))
            status = TL_INVALID;
    }
    if (status != TL_OK)
        snprintf(error, error_bytes, "it cannot be read as text");
    else
        status = tl_contracts_parse(text, contracts, error, error_bytes);
    if (file != NULL)
        fclose(file);
    free(text);
    return status;
}

static tl_contracts builtin;

static void builtin_make(void)
{
    char error[160];
    for (unsigned i = 0; i < sizeof builtin_lines / sizeof builtin_lines[0]; i++) {
        if (line_take(builtin_lines[i], strlen(builtin_lines[i]), i + 1, &builtin, error,
                      sizeof error) != TL_OK) {
            fprintf(stderr, "contracts.txt: %s\n", error); /* our own file: test_contract */
            abort();
        }
    }
}

const tl_contracts *tl_contracts_builtin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, builtin_make);
    return &builtin;
}

void tl_contracts_print(FILE *file)
{
    size_t count = sizeof builtin_lines / sizeof builtin_lines[0];
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count || builtin_lines[i][0] != '\0')
            fprintf(file, "%s\n", builtin_lines[i]);
    }
}
