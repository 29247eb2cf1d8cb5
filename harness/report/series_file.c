/* harness/report/series_file.c -- lines of a CSV file without quotes, joined interval by interval.
 *
 * Each interval is a line with kind "all" (rate, counters) and then one for each kind of operation
 * and of latency.  The kind with the most calls stands for the interval, as in measures.tsv.
 */
#include "harness/report/series_file.h"

#include "harness/report/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN_MAP(X)                                                                              \
    X(driver)                                                                                      \
    X(workload)                                                                                    \
    X(repetition)                                                                                  \
    X(phase)                                                                                       \
    X(begin_s)                                                                                     \
    X(length_s)                                                                                    \
    X(kind) X(latency) X(count) X(per_s) X(p50_ns) X(p99_ns) X(p99_9_ns) TL_SERIES_FILE_EVENT_MAP(X)
#define COLUMN_AS_INDEX(name) COLUMN_##name,
enum { COLUMN_MAP(COLUMN_AS_INDEX) COLUMN_COUNT, FIELDS_MAX = 64 };
#define COLUMN_AS_NAME(name) #name,
static const char *const column_names[] = {COLUMN_MAP(COLUMN_AS_NAME)};

/* Cut `line` at its commas, in place. */
static size_t cut_fields(char *line, char *fields[FIELDS_MAX])
{
    size_t count = 0;
    for (char *at = line; at != NULL && count < FIELDS_MAX; count++) {
        fields[count] = at;
        at = strchr(at, ',');
        if (at != NULL)
            *at++ = '\0';
    }
    return count;
}

/* Where each column stands; false when one that is needed is missing. */
static bool find_columns(char *header, size_t places[COLUMN_COUNT])
{
    char *fields[FIELDS_MAX];
    size_t count = cut_fields(header, fields);
    for (size_t column = 0; column < COLUMN_COUNT; column++) {
        places[column] = count;
        for (size_t i = 0; i < count; i++) {
            if (strcmp(fields[i], column_names[column]) == 0)
                places[column] = i;
        }
        if (places[column] == count)
            return false;
    }
    return true;
}

static double number(const char *text, double fallback)
{
    char *end = NULL;
    double value = strtod(text, &end);
    return end == text ? fallback : value;
}

static tl_series_interval *add_interval(tl_series_file *file)
{
    if (file->count % 256 == 0) {
        tl_series_interval *rows = realloc(file->rows, (file->count + 256) * sizeof *rows);
        if (rows == NULL)
            return NULL;
        file->rows = rows;
    }
    return &file->rows[file->count++];
}

static tl_status begin_interval(tl_series_file *file, char *const *fields, const size_t *places)
{
    tl_series_interval *row = add_interval(file);
    if (row == NULL)
        return TL_NO_MEMORY;
    *row = (tl_series_interval){
        .driver = fields[places[COLUMN_driver]],
        .workload = fields[places[COLUMN_workload]],
        .phase = fields[places[COLUMN_phase]],
        .repetition = (uint64_t)number(fields[places[COLUMN_repetition]], 0),
        .begin_s = number(fields[places[COLUMN_begin_s]], 0),
        .length_s = number(fields[places[COLUMN_length_s]], 0),
        .ops_per_s = number(fields[places[COLUMN_per_s]], 0),
    };
    for (size_t i = 0; i < TL_SERIES_FILE_EVENT_COUNT; i++)
        row->events[i] = number(fields[places[COLUMN_splits + i]], -1);
    return TL_OK;
}

static void add_times(tl_series_interval *row, char *const *fields, const size_t *places)
{
    bool service = strcmp(fields[places[COLUMN_latency]], "service") == 0;
    double *most = service ? &row->service_count : &row->response_count;
    double count = number(fields[places[COLUMN_count]], 0);
    if (count <= *most)
        return;
    *most = count;
    *(service ? &row->service : &row->response) = (tl_series_times){
        .p50_ns = number(fields[places[COLUMN_p50_ns]], 0),
        .p99_ns = number(fields[places[COLUMN_p99_ns]], 0),
        .p99_9_ns = number(fields[places[COLUMN_p99_9_ns]], 0),
    };
}

static tl_status read_lines(tl_series_file *file, char *line)
{
    size_t places[COLUMN_COUNT];
    bool header = true;
    tl_status status = TL_OK;
    for (char *next = NULL; status == TL_OK && line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        if (header) {
            if (!find_columns(line, places))
                return TL_OK;
            header = false;
            continue;
        }
        char *fields[FIELDS_MAX];
        if (cut_fields(line, fields) <= places[COLUMN_COUNT - 1])
            continue;
        if (strcmp(fields[places[COLUMN_kind]], "all") == 0)
            status = begin_interval(file, fields, places);
        else if (file->count > 0)
            add_times(&file->rows[file->count - 1], fields, places);
    }
    return status;
}

tl_status tl_series_file_load(const char *folder, tl_series_file *file)
{
    *file = (tl_series_file){0};
    tl_text path = {0}, content = {0};
    tl_text_addf(&path, "%s/series.csv", folder);
    tl_status status = path.failed ? TL_NO_MEMORY : tl_text_load(&content, tl_text_data(&path));
    tl_text_clear(&path);
    if (status == TL_NOT_FOUND)
        return TL_OK;
    if (status == TL_OK && content.data != NULL) {
        file->text = content.data; /* its own now: rows point into it */
        status = read_lines(file, file->text);
    }
    if (status != TL_OK)
        tl_series_file_clear(file);
    return status;
}

void tl_series_file_clear(tl_series_file *file)
{
    free(file->rows);
    free(file->text);
    *file = (tl_series_file){0};
}
