/* harness/calibrate/samples.c -- see samples.h. */
#include "harness/calibrate/samples.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 1024 };

void tl_samples_release(tl_samples *samples)
{
    for (size_t i = 0; i < samples->count; i++) {
        for (size_t s = 0; s < TL_DUEL_STATISTICS; s++)
            free(samples->series[i].values[s]);
        free(samples->series[i].wall);
    }
    samples->count = 0;
}

const tl_series *tl_samples_find(const tl_samples *samples, const char *arm, const char *row)
{
    for (size_t i = 0; i < samples->count; i++)
        if (strcmp(samples->series[i].arm, arm) == 0 && strcmp(samples->series[i].row, row) == 0)
            return &samples->series[i];
    return NULL;
}

size_t tl_samples_launches(const tl_samples *samples, const char *arm, const char *load)
{
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < samples->count; i++) {
        const tl_series *series = &samples->series[i];
        if (strcmp(series->arm, arm) == 0 && strcmp(series->load, load) == 0 && series->n < least)
            least = series->n;
    }
    return least == SIZE_MAX ? 0 : least;
}

static bool grow(double **values, size_t capacity)
{
    double *grown = realloc(*values, capacity * sizeof *grown);
    if (grown != NULL)
        *values = grown;
    return grown != NULL;
}

static tl_status series_for(tl_samples *samples, const tl_sample *sample, tl_series **series)
{
    const tl_series *known = tl_samples_find(samples, sample->arm, sample->row);
    if (known != NULL) {
        *series = &samples->series[known - samples->series];
        return TL_OK;
    }
    if (samples->count == TL_SERIES_MAX)
        return TL_INVALID;
    tl_series *made = &samples->series[samples->count++];
    memset(made, 0, sizeof *made);
    snprintf(made->arm, sizeof made->arm, "%s", sample->arm);
    snprintf(made->row, sizeof made->row, "%s", sample->row);
    snprintf(made->load, sizeof made->load, "%s", sample->load);
    *series = made;
    return TL_OK;
}

tl_status tl_samples_add(tl_samples *samples, const tl_sample *sample)
{
    tl_series *series;
    tl_status status = series_for(samples, sample, &series);
    if (status != TL_OK)
        return status;
    if (series->n == series->capacity) {
        size_t capacity = series->capacity * 2 + 128;
        if (!grow(&series->values[TL_DUEL_MEDIAN], capacity) ||
            !grow(&series->values[TL_DUEL_SUMS], capacity) || !grow(&series->wall, capacity))
            return TL_NO_MEMORY;
        series->capacity = capacity;
    }
    series->values[TL_DUEL_MEDIAN][series->n] = sample->median;
    series->values[TL_DUEL_SUMS][series->n] = sample->sums;
    series->wall[series->n++] = sample->wall;
    series->launch_s += sample->launch_s;
    return TL_OK;
}

/* --- the file --- */

static tl_status read_head(FILE *file, const char *head, char *error, size_t error_bytes)
{
    char line[LINE_BYTES];
    while (*head != '\0') {
        size_t length = strcspn(head, "\n") + 1;
        if (fgets(line, sizeof line, file) == NULL || strlen(line) != length ||
            memcmp(line, head, length) != 0) {
            snprintf(error, error_bytes,
                     "it was begun with another request: it says '%.*s', not '%.*s'",
                     (int)strcspn(line, "\n"), line, (int)length - 1, head);
            return TL_VERSION;
        }
        head += length;
    }
    return TL_OK;
}

static bool parse(char *line, tl_sample *sample)
{
    char *fields[8], *rest = line;
    for (size_t i = 0; i < 8; i++)
        if ((fields[i] = strsep(&rest, "\t")) == NULL)
            return false;
    *sample = (tl_sample){
        .arm = fields[0],
        .row = fields[1],
        .load = fields[2],
        .block = (unsigned)strtoul(fields[3], NULL, 10),
        .median = strtod(fields[4], NULL),
        .sums = strtod(fields[5], NULL),
        .wall = strtod(fields[6], NULL),
        .launch_s = strtod(fields[7], NULL),
    };
    return rest == NULL && strlen(fields[0]) < TL_ARM_NAME_MAX;
}

tl_status tl_samples_read(const char *path, const char *head, tl_samples *samples, char *error,
                          size_t error_bytes)
{
    char line[LINE_BYTES];
    samples->count = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT ? TL_NOT_FOUND : TL_IO;
    tl_status status = read_head(file, head, error, error_bytes);
    for (size_t number = 1; status == TL_OK && fgets(line, sizeof line, file) != NULL; number++) {
        tl_sample sample;
        size_t length = strlen(line);
        if (length == 0 || line[length - 1] != '\n')
            break; /* cut off */
        line[length - 1] = '\0';
        if (parse(line, &sample)) {
            status = tl_samples_add(samples, &sample);
            continue;
        }
        snprintf(error, error_bytes, "sample %zu is not understood", number);
        status = TL_CORRUPT;
    }
    if (status == TL_OK && ferror(file))
        status = TL_IO;
    fclose(file);
    if (status != TL_OK)
        tl_samples_release(samples);
    return status;
}

/* Where the last whole line ends. */
static long whole_bytes(FILE *file)
{
    long bytes = 0;
    for (int c; (c = getc(file)) != EOF;)
        if (c == '\n')
            bytes = ftell(file);
    return bytes;
}

FILE *tl_samples_open(const char *path, const char *head)
{
    FILE *file = fopen(path, "r+e");
    if (file == NULL) {
        file = fopen(path, "wxe");
        if (file != NULL)
            fputs(head, file);
        return file;
    }
    long bytes = whole_bytes(file);
    if (fflush(file) != 0 || ftruncate(fileno(file), bytes) != 0 ||
        fseek(file, bytes, SEEK_SET) != 0) {
        fclose(file);
        return NULL;
    }
    return file;
}

bool tl_samples_write(FILE *file, const tl_sample *sample)
{
    fprintf(file, "%s\t%s\t%s\t%u\t%.17g\t%.17g\t%.17g\t%.6g\n", sample->arm, sample->row,
            sample->load, sample->block, sample->median, sample->sums, sample->wall,
            sample->launch_s);
    return fflush(file) == 0;
}
