/* harness/report/tsv_heat.c -- latencies over time: how many calls took how long, when?
 *
 * Counts are those of latency.hlog, put together to at most COLUMNS_MAX moments and BINS_DECADE
 * bins of a power of ten, of the most frequent operation of the repetition of median throughput.
 * Decoding histograms takes time, so a report has a few such pictures at most.
 */
#include "harness/measure/hlog.h"
#include "harness/report/series_file.h"
#include "harness/report/tsv_tables.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INTERVALS_MIN = 5, /* as in series.tsv */
    COLUMNS_MAX = 120,
    BINS_DECADE = 10,
    BINS = 11 * BINS_DECADE, /* up to 100 s */
    PANELS_MAX = 4,
    PICTURES_PART_MAX = 3, /* of one run, and */
    PICTURES_MAX = 12,     /* of a report */
};

typedef struct heat {
    size_t columns, joined; /* how many intervals make a column */
    double interval_s, length_s;
    uint64_t counts[COLUMNS_MAX][BINS];
} heat;

static double bin_low_ns(size_t bin)
{
    return pow(10, (double)bin / BINS_DECADE);
}

static size_t bin_of(uint64_t value_ns)
{
    double place = value_ns <= 1 ? 0 : floor(log10((double)value_ns) * BINS_DECADE + 1e-9);
    return place >= BINS ? BINS - 1 : (size_t)place;
}

/* The operation with most calls in the phase; "" when none was timed. */
static const char *main_operation(const tl_group *group)
{
    const tl_json *latency = tl_json_get(group->typical->phase, "latency");
    const char *name = "";
    uint64_t most = 0;
    for (size_t i = 0; i < tl_json_size(latency); i++) {
        const tl_json *histogram = tl_json_at(latency, i);
        uint64_t count = tl_json_count(tl_json_get(histogram, "count"), 0);
        if (count > most) {
            most = count;
            name = tl_json_name(histogram);
        }
    }
    return name;
}

/* The repetitions of a phase in running order, as series.csv has them. */
typedef struct courses {
    size_t wanted;          /* how many were before the one that is drawn */
    size_t interval_count;  /* of the one that is drawn; 0: it is not there */
    double lengths_s[1024]; /* of each up to the wanted one */
    double interval_s;
} courses;

static courses find_courses(const tl_series_file *file, const tl_group *group)
{
    courses found = {0};
    uint64_t repetition = UINT64_MAX;
    size_t count = 0;
    for (size_t i = 0; i < file->count; i++) {
        const tl_series_interval *row = &file->rows[i];
        if (strcmp(row->phase, group->phase) != 0 || strcmp(row->driver, group->label) != 0 ||
            strcmp(row->workload, group->workload) != 0)
            continue;
        if (row->repetition != repetition || row->begin_s <= 0) {
            if (found.interval_count > 0 ||
                count == sizeof found.lengths_s / sizeof found.lengths_s[0])
                break;
            repetition = row->repetition;
            found.wanted = count++;
        }
        found.lengths_s[found.wanted] = row->begin_s + row->length_s;
        if (repetition == group->typical->repetition) {
            found.interval_s = found.interval_count++ == 0 ? row->length_s : found.interval_s;
        }
    }
    return found;
}

/* The next line with this tag, its time without decoding the rest; NULL at the end. */
static const char *find_line(const char *text, const char *tag, size_t tag_bytes, double *begin_s)
{
    while (*text != '\0') {
        if (strncmp(text, tag, tag_bytes) == 0) {
            const char *comma = strchr(text + tag_bytes, ',');
            *begin_s = comma == NULL ? 0 : strtod(comma + 1, NULL);
            return comma == NULL ? NULL : text;
        }
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return NULL;
}

static void add_interval(heat *map, const tl_hdr *hdr, double since_s)
{
    size_t column =
        (size_t)(since_s / (map->interval_s * (double)map->joined) + 0.5 / (double)map->joined);
    if (column >= map->columns)
        column = map->columns - 1;
    for (size_t slot = 0; slot < hdr->layout.slot_count; slot++) {
        if (hdr->slots[slot] == 0)
            continue;
        uint64_t low = tl_hdr_slot_low(&hdr->layout, slot);
        uint64_t middle = low + (tl_hdr_slot_high(&hdr->layout, slot) - low) / 2;
        map->counts[column][bin_of(middle)] += hdr->slots[slot];
    }
}

/* Lines of a tag stand repetition after repetition; one ends where its time is over, or where the
 * clock was set back.  False: memory is short.  Lines that are not understood are passed over. */
static bool read_log(const char *log, const char *phase_tag, const char *operation,
                     const courses *of, heat *map)
{
    size_t phase_bytes = strlen(phase_tag), repetition = 0;
    double begin_s = 0, first_s = -1, last_s = 0;
    char wanted[2 * TL_HLOG_TAG_MAX];
    int wanted_bytes = snprintf(wanted, sizeof wanted, "%s%s,", phase_tag, operation);
    for (const char *line = find_line(log, phase_tag, phase_bytes, &begin_s); line != NULL;
         line = find_line(line + 1, phase_tag, phase_bytes, &begin_s)) {
        bool over = first_s >= 0 && begin_s >= first_s + of->lengths_s[repetition] - 1e-6;
        if (first_s >= 0 && (over || begin_s < last_s)) {
            if (repetition++ == of->wanted)
                break;
            first_s = -1;
        }
        first_s = first_s < 0 ? begin_s : first_s;
        last_s = begin_s;
        if (repetition != of->wanted || strncmp(line, wanted, (size_t)wanted_bytes) != 0)
            continue;
        tl_hlog_reader reader = {.next = line};
        tl_hlog_interval interval;
        tl_status status = tl_hlog_next(&reader, &interval);
        if (status == TL_NO_MEMORY)
            return false;
        if (status == TL_OK) {
            add_interval(map, interval.hdr, begin_s - first_s);
            tl_hdr_free(interval.hdr);
        }
    }
    return true;
}

static uint64_t bin_total(const heat *map, size_t bin)
{
    uint64_t sum = 0;
    for (size_t column = 0; column < map->columns; column++)
        sum += map->counts[column][bin];
    return sum;
}

static void add_place(tsv_tables *tables, tl_text *table, const tl_picture *picture,
                      const tl_group *group, const char *operation)
{
    tl_text_addf(table, "%s\t%zu\t", picture->name, picture->panel_count);
    tsv_field(table, tables->suite->parts[group->part_no].name);
    tsv_field(table, group->workload);
    tsv_field(table, group->phase);
    tsv_field(table, group->label);
    tl_text_addf(table, "%zu\t%llu\t", group->label_no + 1,
                 (unsigned long long)group->typical->repetition);
    tsv_field(table, operation);
}

static void add_rows(tsv_tables *tables, tl_picture *picture, const tl_group *group,
                     const char *operation, const heat *map)
{
    double column_s = map->interval_s * (double)map->joined;
    for (size_t bin = 0; bin < BINS; bin++) {
        uint64_t total = bin_total(map, bin), most = 0;
        if (total == 0)
            continue;
        if (picture->low == 0 || bin_low_ns(bin) < picture->low)
            picture->low = bin_low_ns(bin);
        if (bin_low_ns(bin + 1) > picture->high)
            picture->high = bin_low_ns(bin + 1);
        for (size_t column = 0; column < map->columns; column++) {
            uint64_t count = map->counts[column][bin];
            double begin_s = column_s * (double)column;
            double length_s =
                begin_s + column_s > map->length_s ? map->length_s - begin_s : column_s;
            if (count == 0)
                continue;
            most = count > most ? count : most;
            tl_text_addf(&tables->heat, "%s\t%zu\t%zu\t%zu\t%.6g\t%.6g\t%.5g\t%.5g\t%llu\n",
                         picture->name, picture->panel_count, column, bin, begin_s, length_s,
                         bin_low_ns(bin), bin_low_ns(bin + 1), (unsigned long long)count);
        }
        add_place(tables, &tables->heat_bins, picture, group, operation);
        tl_text_addf(&tables->heat_bins, "%.5g\t%.5g\t%llu\t%llu\n", bin_low_ns(bin),
                     bin_low_ns(bin + 1), (unsigned long long)total, (unsigned long long)most);
    }
    add_place(tables, &tables->heat_panels, picture, group, operation);
    tl_text_addf(&tables->heat_panels, "%zu\t%.6g\t%.6g\n", map->columns, column_s, map->length_s);
}

static void describe(const tsv_tables *tables, tl_picture *picture, const tl_group *key,
                     size_t left_out)
{
    char part[128], more[64] = "";
    tsv_title_part(tables, key->part_no, part, sizeof part);
    if (left_out > 0)
        snprintf(more, sizeof more, " Stores left out: %zu.", left_out);
    snprintf(picture->title, sizeof picture->title, "Calls by time and latency: %.50s, %.40s%s",
             key->workload, key->phase, part);
    snprintf(picture->what, sizeof picture->what,
             "Each square: calls that began in that time and took so long; darker, more of them, "
             "on a logarithmic scale; white, none. Service time of the operation named above, of "
             "the repetition of median throughput; nothing is smoothed; equal scales in all "
             "panels. Two bands are two ways through the store. Ten steps for each power of "
             "ten.%s",
             more);
}

/* Only what has calls: log, series.csv and result agree. */
static bool fill_panel(tsv_tables *tables, tl_picture *picture, const tl_group *group,
                       const courses *of, const char *log, heat *map)
{
    const char *operation = main_operation(group);
    char tag[TL_HLOG_TAG_MAX], title[256];
    int bytes =
        snprintf(tag, sizeof tag, "Tag=%s/%s/%s/", group->label, group->workload, group->phase);
    if (bytes < 0 || (size_t)bytes >= sizeof tag)
        return true;
    for (char *at = tag + 4; *at != '\0'; at++) /* as the log writes it */
        *at = (unsigned char)*at <= ' ' || *at == ',' || *at == 0x7f ? '_' : *at;
    *map = (heat){.joined = (of->interval_count + COLUMNS_MAX - 1) / COLUMNS_MAX,
                  .interval_s = of->interval_s,
                  .length_s = of->lengths_s[of->wanted]};
    map->columns = (of->interval_count + map->joined - 1) / map->joined;
    if (!read_log(log, tag, operation, of, map))
        return false;
    picture->panel_count++;
    uint64_t calls = 0;
    for (size_t bin = 0; bin < BINS; bin++)
        calls += bin_total(map, bin);
    snprintf(title, sizeof title, "%.120s: %.60s, n = %llu", group->label, operation,
             (unsigned long long)calls);
    tsv_panel(tables, picture->name, picture->panel_count, title);
    add_rows(tables, picture, group, operation, map);
    return true;
}

static bool group_is_drawn(const tl_series_file *file, const tl_group *group, courses *of)
{
    if (group->typical == NULL || tl_tsv_is_null(group) || main_operation(group)[0] == '\0')
        return false;
    *of = find_courses(file, group);
    return of->interval_count >= INTERVALS_MIN && of->interval_s > 0;
}

/* The groups [first, end) share part, workload and phase.  True: there is a picture of them. */
static bool fill_phase(tsv_tables *tables, const tl_series_file *file, const char *log,
                       size_t first, size_t end, heat *map)
{
    const tl_group *key = &tables->groups->rows[first];
    char suffix[128];
    courses of;
    snprintf(suffix, sizeof suffix, "%.60s_%.60s", key->workload, key->phase);
    tl_picture *picture = NULL;
    size_t left_out = 0;
    for (size_t i = first; i < end; i++) {
        const tl_group *group = &tables->groups->rows[i];
        if (!group_is_drawn(file, group, &of))
            continue;
        if (picture == NULL)
            picture = tl_pictures_add(tables->pictures, "heat", key->part_no, suffix, first);
        if (picture == NULL)
            return false;
        if (picture->panel_count == PANELS_MAX) {
            left_out++;
        } else if (!fill_panel(tables, picture, group, &of, log, map)) {
            tables->pictures->failed = true;
            return true;
        }
    }
    if (picture != NULL)
        describe(tables, picture, key, left_out);
    return picture != NULL;
}

/* The logs of one part, read when a phase may need them. */
typedef struct part_logs {
    size_t part_no;
    tl_series_file series;
    tl_text log;
} part_logs;

static void clear_logs(part_logs *logs)
{
    tl_series_file_clear(&logs->series);
    tl_text_clear(&logs->log);
}

static bool load_logs(part_logs *logs, const tl_suite_part *part, size_t part_no)
{
    clear_logs(logs);
    logs->part_no = part_no;
    if (tl_series_file_load(part->folder, &logs->series) != TL_OK)
        return false;
    if (logs->series.count == 0)
        return true;
    tl_text path = {0};
    tl_text_addf(&path, "%s/latency.hlog", part->folder);
    tl_status status = path.failed ? TL_NO_MEMORY : tl_text_load(&logs->log, tl_text_data(&path));
    tl_text_clear(&path);
    return status != TL_NO_MEMORY;
}

void tsv_fill_heat(tsv_tables *tables)
{
    const tl_groups *groups = tables->groups;
    part_logs logs = {.part_no = (size_t)-1};
    heat *map = calloc(1, sizeof *map);
    size_t drawn = 0, of_part = 0;
    bool ok = map != NULL;
    for (size_t first = 0, end = 0; ok && first < groups->count && drawn < PICTURES_MAX;
         first = end) {
        size_t part_no = groups->rows[first].part_no;
        end = tl_groups_phase_end(groups, first);
        if (part_no != logs.part_no) {
            ok = load_logs(&logs, &tables->suite->parts[part_no], part_no);
            of_part = 0;
        }
        if (!ok || of_part == PICTURES_PART_MAX || logs.log.size_bytes == 0)
            continue;
        bool made = fill_phase(tables, &logs.series, tl_text_data(&logs.log), first, end, map);
        of_part += made;
        drawn += made;
    }
    tables->pictures->failed = tables->pictures->failed || !ok;
    clear_logs(&logs);
    free(map);
}
