/* harness/report/junit.c -- see junit.h. */
#include "harness/report/junit.h"

#include "harness/report/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct junit {
    tl_text cases;
    uint64_t count, failures, errors;
} junit;

static const char *text_of(const tl_json *node, const char *name)
{
    return tl_json_text(tl_json_get(node, name), "");
}

static void case_begin(junit *file, const tl_json *cell, const char *name)
{
    file->count++;
    tl_text_add(&file->cases, "    <testcase classname=\"");
    tl_text_add_html(&file->cases, text_of(cell, "id"));
    tl_text_add(&file->cases, "\" name=\"");
    tl_text_add_html(&file->cases, name);
    tl_text_add(&file->cases, "\">\n");
}

static void case_end(junit *file)
{
    tl_text_add(&file->cases, "    </testcase>\n");
}

static void failure_begin(junit *file, const char *message)
{
    tl_text_add(&file->cases, "      <failure message=\"");
    tl_text_add_html(&file->cases, message);
    tl_text_add(&file->cases, "\">");
}

static void failure_line(junit *file, const char *line)
{
    if (line[0] == '\0')
        return;
    tl_text_add_html(&file->cases, line);
    tl_text_add(&file->cases, "\n");
}

static void failure_end(junit *file)
{
    tl_text_add(&file->cases, "</failure>\n");
}

/* The command that brings the first finding of the cell back. */
static const char *command_of(const tl_json *cell)
{
    return text_of(tl_json_get(tl_json_get(cell, "crash"), "first_failure"), "repro_cmd");
}

static void cause_add(junit *file, const tl_json *cell, const tl_json *cause)
{
    failure_begin(file, text_of(cause, "signature"));
    failure_line(file, text_of(cause, "text"));
    failure_line(file, text_of(cause, "first"));
    failure_line(file, text_of(cause, "needs"));
    failure_line(file, text_of(cause, "fix"));
    failure_line(file, command_of(cell));
    failure_end(file);
}

static void profile_add(junit *file, const tl_json *cell, const tl_json *profile)
{
    char name[64];
    const tl_json *causes = tl_json_get(profile, "causes");
    uint64_t findings = tl_json_count(tl_json_get(profile, "findings"), 0);
    uint64_t known = tl_json_count(tl_json_get(profile, "known"), 0);
    snprintf(name, sizeof name, "%s %s", text_of(profile, "name"), text_of(profile, "tier"));
    case_begin(file, cell, name);
    file->failures += findings > 0;
    for (size_t i = 0; i < tl_json_size(causes); i++) {
        if (tl_json_text(tl_json_get(tl_json_at(causes, i), "known"), NULL) == NULL)
            cause_add(file, cell, tl_json_at(causes, i));
    }
    if (findings > 0 && tl_json_size(causes) == 0) {
        failure_begin(file, "findings");
        failure_line(file, command_of(cell));
        failure_end(file);
    }
    if (known > 0)
        tl_text_addf(&file->cases, "      <system-out>%" PRIu64 " known findings</system-out>\n",
                     known);
    case_end(file);
}

static void cell_add(junit *file, const tl_json *cell)
{
    const tl_json *crash = tl_json_get(cell, "crash");
    const tl_json *profiles = tl_json_get(crash, "profiles");
    const char *status = text_of(cell, "status");
    bool failed = strcmp(status, "failed") == 0;
    for (size_t i = 0; i < tl_json_size(profiles); i++)
        profile_add(file, cell, tl_json_at(profiles, i));
    if (tl_json_size(profiles) > 0 && !failed)
        return;
    case_begin(file, cell, "run");
    if (failed) {
        file->errors++;
        tl_text_add(&file->cases, "      <error message=\"");
        tl_text_add_html(&file->cases, text_of(cell, "error"));
        tl_text_add(&file->cases, "\"/>\n");
    } else if (strcmp(status, "ok") != 0) {
        const tl_json *first = tl_json_get(crash, "first_failure");
        file->failures++;
        failure_begin(file, text_of(first, "rule"));
        failure_line(file, text_of(first, "case"));
        failure_line(file, command_of(cell));
        failure_end(file);
    }
    case_end(file);
}

tl_status tl_junit_write(const tl_json *root, const char *path)
{
    junit file = {.count = 0};
    const tl_json *cells = tl_json_get(root, "cells");
    for (size_t i = 0; i < tl_json_size(cells); i++) {
        if (strcmp(text_of(tl_json_at(cells, i), "kind"), "crash") == 0)
            cell_add(&file, tl_json_at(cells, i));
    }
    tl_text whole = {0};
    tl_text_addf(&whole,
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
                 "  <testsuite name=\"treelab crash\" tests=\"%" PRIu64 "\" failures=\"%" PRIu64
                 "\" errors=\"%" PRIu64 "\">\n",
                 file.count, file.failures, file.errors);
    tl_text_add(&whole, tl_text_data(&file.cases));
    tl_text_add(&whole, "  </testsuite>\n</testsuites>\n");
    whole.failed = whole.failed || file.cases.failed;
    tl_status status = tl_text_save(&whole, path);
    tl_text_clear(&whole);
    tl_text_clear(&file.cases);
    return status;
}
