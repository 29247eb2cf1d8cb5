/* harness/measure/hlog.c -- see hlog.h. */
#include "harness/measure/hlog.h"

#include "harness/measure/hdr_codec.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char legend[] =
    "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"";

/* Writing. */

void tl_hlog_begin(FILE *out, const char *comment, uint64_t base_unix_ns)
{
    char date[64] = "";
    time_t base_s = (time_t)(base_unix_ns / 1000000000);
    unsigned base_ms = (unsigned)(base_unix_ns / 1000000 % 1000);
    struct tm utc;
    if (gmtime_r(&base_s, &utc) != NULL)
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    fprintf(out,
            "#[%s]\n"
            "#[Histogram log format version 1.3]\n"
            "#[BaseTime: %" PRIu64 ".%03u (seconds since epoch)]\n"
            "#[StartTime: %" PRIu64 ".%03u (seconds since epoch), %s]\n"
            "%s\n",
            comment, (uint64_t)base_s, base_ms, (uint64_t)base_s, base_ms, date, legend);
}

static void put_tag(FILE *out, const char *tag)
{
    fputs("Tag=", out);
    for (size_t i = 0; tag[i] != '\0' && i < TL_HLOG_TAG_MAX - 1; i++)
        putc((unsigned char)tag[i] <= ' ' || tag[i] == ',' || tag[i] == 0x7f ? '_' : tag[i], out);
    putc(',', out);
}

/* `ns` in units of 10^9 or 10^6 ns, to the last digit: no rounding of a double in between. */
static void put_decimal(FILE *out, uint64_t ns, uint64_t unit_ns, int digits)
{
    fprintf(out, "%" PRIu64 ".%0*" PRIu64 ",", ns / unit_ns, digits, ns % unit_ns);
}

void tl_hlog_add(FILE *out, const char *tag, uint64_t begin_ns, uint64_t length_ns, uint64_t max_ns,
                 const char *text)
{
    put_tag(out, tag);
    put_decimal(out, begin_ns, 1000000000, 9);
    put_decimal(out, length_ns, 1000000000, 9);
    put_decimal(out, max_ns, 1000000, 6);
    fprintf(out, "%s\n", text);
}

/* Reading. */

static tl_status refuse(tl_hlog_reader *reader, const char *problem)
{
    reader->problem = problem;
    return TL_CORRUPT;
}

/* "#[StartTime: 1700000000.000 (seconds..." */
static void read_remark(tl_hlog_reader *reader, const char *line)
{
    static const char start[] = "#[StartTime: ", base[] = "#[BaseTime: ";
    double *place = NULL;
    const char *number = NULL;
    if (strncmp(line, start, sizeof start - 1) == 0) {
        number = line + sizeof start - 1;
        place = &reader->start_s;
    } else if (strncmp(line, base, sizeof base - 1) == 0) {
        number = line + sizeof base - 1;
        place = &reader->base_s;
    }
    double value = number == NULL ? 0 : strtod(number, NULL);
    if (place != NULL && isfinite(value) && value > 0)
        *place = value;
}

/* A number that ends with a comma within the line. */
static bool read_number(const char **at, const char *end, double *value)
{
    char *stop;
    if (*at >= end || **at < '0' || **at > '9')
        return false;
    *value = strtod(*at, &stop);
    if (stop >= end || *stop != ',' || !isfinite(*value))
        return false;
    *at = stop + 1;
    return true;
}

/* Without a base time, numbers far before the start time are meant to be relative to it. */
static double absolute_s(const tl_hlog_reader *reader, double begin_s)
{
    enum { YEAR_S = 365 * 24 * 3600 };
    if (reader->base_s > 0)
        return reader->base_s + begin_s;
    return begin_s < reader->start_s - YEAR_S ? reader->start_s + begin_s : begin_s;
}

static tl_status read_interval(tl_hlog_reader *reader, const char *at, const char *end,
                               tl_hlog_interval *interval)
{
    double begin_s, length_s, max_ms;
    size_t tag_bytes = 0;
    if (strncmp(at, "Tag=", 4) == 0) {
        const char *tag = at + 4, *comma = memchr(tag, ',', (size_t)(end - tag));
        if (comma == NULL || (size_t)(comma - tag) >= TL_HLOG_TAG_MAX)
            return refuse(reader, "a tag without an end");
        tag_bytes = (size_t)(comma - tag);
        memcpy(interval->tag, tag, tag_bytes);
        at = comma + 1;
    }
    interval->tag[tag_bytes] = '\0';
    if (!read_number(&at, end, &begin_s) || !read_number(&at, end, &length_s) ||
        !read_number(&at, end, &max_ms))
        return refuse(reader, "not a start, a length and a maximum, with commas behind them");
    interval->begin_s = absolute_s(reader, begin_s);
    interval->length_s = length_s;
    interval->max_ms = max_ms;
    return tl_hdr_decode(at, (size_t)(end - at), &interval->hdr, &reader->problem);
}

tl_status tl_hlog_next(tl_hlog_reader *reader, tl_hlog_interval *interval)
{
    while (*reader->next != '\0') {
        const char *line = reader->next, *end = line + strcspn(line, "\n");
        reader->next = *end == '\0' ? end : end + 1;
        reader->line++;
        if (end > line && end[-1] == '\r')
            end--;
        if (*line == '#')
            read_remark(reader, line);
        else if (end > line && *line != '"') /* a legend */
            return read_interval(reader, line, end, interval);
    }
    return TL_NOT_FOUND;
}
