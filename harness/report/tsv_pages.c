/* harness/report/tsv_pages.c -- what lies where in a file, and how its free pages hang together.
 *
 * A page map (`treelab dump FILE --pages pages-NAME.tsv`) becomes a panel.  Squares are pages in
 * ascending order, row by row; of a large file one square stands for some pages, by the kind that
 * most of them have.  Maps of one directory are one picture, so before and after stand side by
 * side.
 */
#include "harness/report/tsv_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PANELS_MAX = 4, SQUARES_MAX = 128 * 128, FIELD_COUNT = 6 };

#define KIND_MAP(X)         X(free) X(meta) X(zone) X(catalog) X(branch) X(leaf) X(value) X(other)
#define KIND_AS_INDEX(name) KIND_##name,
#define KIND_AS_NAME(name)  #name,
enum { KIND_MAP(KIND_AS_INDEX) KIND_COUNT };
static const char *const kind_names[] = {KIND_MAP(KIND_AS_NAME)};

typedef struct map_page {
    uint8_t kind;
    float fill; /* of leaves and the like: 0..1 */
} map_page;

typedef struct page_map {
    char name[TL_EXTRAS_NAME_MAX], file[256];
    unsigned long page_bytes;
    map_page *pages; /* owned */
    size_t count, capacity;
    bool failed; /* memory */
} page_map;

static bool add_page(page_map *map, map_page page)
{
    if (map->count == map->capacity) {
        size_t capacity = map->capacity == 0 ? 4096 : 2 * map->capacity;
        map_page *pages = realloc(map->pages, capacity * sizeof *pages);
        map->failed = pages == NULL;
        if (map->failed)
            return false;
        map->pages = pages;
        map->capacity = capacity;
    }
    map->pages[map->count++] = page;
    return true;
}

/* "# page_bytes 4096", "# file x.tl" */
static void read_remark(page_map *map, const char *line)
{
    static const char file[] = "# file ", bytes[] = "# page_bytes ";
    if (strncmp(line, file, sizeof file - 1) == 0)
        snprintf(map->file, sizeof map->file, "%s", line + sizeof file - 1);
    else if (strncmp(line, bytes, sizeof bytes - 1) == 0)
        map->page_bytes = strtoul(line + sizeof bytes - 1, NULL, 10);
}

/* page kind tree level used_bytes usable_bytes; pages must ascend without a gap. */
static void read_row(page_map *map, const char *line)
{
    unsigned long number = 0, used = 0, usable = 0;
    char kind[16] = "";
    if (sscanf(line, "%lu\t%15[a-z]\t%*u\t%*u\t%lu\t%lu", &number, kind, &used, &usable) !=
            FIELD_COUNT - 2 ||
        number != map->count)
        return;
    map_page page = {.kind = KIND_other};
    for (uint8_t i = 0; i < KIND_COUNT; i++)
        page.kind = strcmp(kind, kind_names[i]) == 0 ? i : page.kind;
    if (usable > 0)
        page.fill = used >= usable ? 1 : (float)used / (float)usable;
    add_page(map, page);
}

static void read_map(const char *folder, const char *name, page_map *map)
{
    tl_text path = {0}, content = {0};
    size_t stem = strlen(name) - strlen(".tsv"), skip = strncmp(name, "pages-", 6) == 0 ? 6 : 0;
    *map = (page_map){.page_bytes = 0};
    snprintf(map->name, sizeof map->name, "%.*s", (int)(stem - skip), name + skip);
    tl_text_addf(&path, "%s/%s", folder, name);
    tl_status status = path.failed ? TL_NO_MEMORY : tl_text_load(&content, tl_text_data(&path));
    map->failed = status == TL_NO_MEMORY;
    for (char *line = content.data; !map->failed && line != NULL && *line != '\0';) {
        char *next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0'; /* sscanf measures all that follows, at each call */
        if (*line == '#')
            read_remark(map, line);
        else
            read_row(map, line);
        line = next;
    }
    tl_text_clear(&path);
    tl_text_clear(&content);
}

/* --- what is drawn --- */

static unsigned mix(unsigned light, unsigned dark, double share)
{
    unsigned colour = 0;
    for (unsigned shift = 0; shift < 24; shift += 8) {
        double a = (light >> shift) & 255, b = (dark >> shift) & 255;
        colour |= (unsigned)(a + (b - a) * share + 0.5) << shift;
    }
    return colour;
}

/* Free pages are paper; leaves and values the darker the fuller; the rest one colour a kind. */
static unsigned colour_of(unsigned kind, double fill)
{
    static const unsigned colours[KIND_COUNT] = {
        [KIND_free] = 0xfefefe,  [KIND_meta] = 0x222222,   [KIND_zone] = 0x222222,
        [KIND_other] = 0xcc79a7, [KIND_branch] = 0xe69f00, [KIND_catalog] = 0x222222,
    };
    if (kind == KIND_leaf)
        return mix(0xcfe4f4, 0x00406b, fill);
    return kind == KIND_value ? mix(0xcdebe0, 0x005b43, fill) : colours[kind];
}

static void add_square(tsv_tables *tables, const tl_picture *picture, const page_map *map,
                       size_t square, size_t pages)
{
    size_t counts[KIND_COUNT] = {0}, first = square * pages, most = 0;
    size_t end = first + pages < map->count ? first + pages : map->count;
    double fill = 0;
    for (size_t i = first; i < end; i++)
        counts[map->pages[i].kind]++;
    for (size_t kind = 1; kind < KIND_COUNT; kind++)
        most = counts[kind] > counts[most] ? kind : most;
    for (size_t i = first; i < end; i++)
        fill += map->pages[i].kind == most ? map->pages[i].fill : 0;
    fill /= (double)counts[most];
    tl_text_addf(&tables->pages_squares, "%s\t%zu\t%zu\t%zu\t%s\t%.3g\t%u\n", picture->name,
                 picture->panel_count, square, first, kind_names[most], 100 * fill,
                 colour_of((unsigned)most, fill));
}

static int descending(const void *left, const void *right)
{
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    return (a < b) - (a > b);
}

/* How many runs of free pages are at least so long, for each length there is.  Returns the longest;
 * *run_count of them. */
static size_t add_runs(tsv_tables *tables, const tl_picture *picture, page_map *map,
                       size_t *run_count)
{
    size_t *runs = calloc(map->count / 2 + 2, sizeof *runs), count = 0, length = 0;
    *run_count = 0;
    map->failed = runs == NULL;
    for (size_t i = 0; runs != NULL && i <= map->count; i++) {
        bool is_free = i < map->count && map->pages[i].kind == KIND_free;
        if (!is_free && length > 0)
            runs[count++] = length;
        length = is_free ? length + 1 : 0;
    }
    if (count > 0)
        qsort(runs, count, sizeof *runs, descending);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 == count || runs[i + 1] != runs[i])
            tl_text_addf(&tables->pages_runs, "%s\t%zu\t%zu\t%zu\t%.6g\n", picture->name,
                         picture->panel_count, runs[i], i + 1, (double)(i + 1) / (double)count);
    }
    size_t longest = count == 0 ? 0 : runs[0];
    *run_count = count;
    free(runs);
    return longest;
}

static void add_summary(tsv_tables *tables, const tl_picture *picture, const page_map *map,
                        size_t run_count, size_t longest)
{
    for (size_t kind = 0; kind < KIND_COUNT; kind++) {
        size_t count = 0;
        double fill = 0;
        for (size_t i = 0; i < map->count; i++) {
            bool of_kind = map->pages[i].kind == kind;
            count += of_kind;
            fill += of_kind ? map->pages[i].fill : 0;
        }
        if (count == 0)
            continue;
        tl_text_addf(&tables->pages, "%s\t%zu\t", picture->name, picture->panel_count);
        tsv_field(&tables->pages, map->name);
        tl_text_addf(&tables->pages, "%s\t%zu\t%.4g\t", kind_names[kind], count,
                     100 * (double)count / (double)map->count);
        if (kind == KIND_leaf || kind == KIND_branch || kind == KIND_value || kind == KIND_catalog)
            tl_text_addf(&tables->pages, "%.4g\t", 100 * fill / (double)count);
        else
            tl_text_add(&tables->pages, "-\t");
        if (kind == KIND_free)
            tl_text_addf(&tables->pages, "%zu\t%zu\n", run_count, longest);
        else
            tl_text_add(&tables->pages, "-\t-\n");
    }
}

static size_t count_kind(const page_map *map, size_t kind)
{
    size_t count = 0;
    for (size_t i = 0; i < map->count; i++)
        count += map->pages[i].kind == kind;
    return count;
}

static void add_panel(tsv_tables *tables, tl_picture *picture, page_map *map, size_t pages)
{
    char title[256];
    size_t run_count = 0;
    picture->panel_count++;
    snprintf(title, sizeof title, "%.80s: %zu pages, %zu free", map->name, map->count,
             count_kind(map, KIND_free));
    tsv_panel(tables, picture->name, picture->panel_count, title);
    tl_text_addf(&tables->bars, "%s\t%zu\t", picture->name, picture->panel_count);
    tl_text_add_field(&tables->bars, map->name);
    tl_text_add(&tables->bars, "\t0\n");
    for (size_t square = 0; square * pages < map->count; square++)
        add_square(tables, picture, map, square, pages);
    size_t longest = add_runs(tables, picture, map, &run_count);
    add_summary(tables, picture, map, run_count, longest);
}

static void describe(tl_picture *picture, const tl_extra *extra, const page_map *first,
                     size_t pages, size_t left_out)
{
    char part[TL_EXTRAS_NAME_MAX + 8] = "", more[64] = "", each[96] = "Each square is a page";
    if (extra->name[0] != '\0')
        snprintf(part, sizeof part, " (%.100s)", extra->name);
    if (left_out > 0)
        snprintf(more, sizeof more, " Maps left out: %zu.", left_out);
    if (pages > 1)
        snprintf(each, sizeof each, "Each square is %zu pages, drawn as most of them are", pages);
    snprintf(picture->title, sizeof picture->title, "What lies where in %.100s%s",
             first->file[0] == '\0' || picture->panel_count > 1 ? "the file" : first->file, part);
    snprintf(picture->what, sizeof picture->what,
             "%s, of %lu bytes, in file order: to the right, then down; equal scales in all maps. "
             "White: free; grey: beyond the end. Blue: leaves, green: values, the darker the "
             "fuller; orange: branches; "
             "black: meta, zone maps, catalog. Below: how many runs of free pages are at least so "
             "long. Sizes and places, no times: equal on every machine.%s",
             each, first->page_bytes, more);
    snprintf(picture->source, sizeof picture->source,
             "$ treelab dump FILE.tl --pages pages-NAME.tsv");
}

/* A power of two of columns, so that rows begin at round numbers; about as many as rows. */
static size_t column_count(size_t squares)
{
    size_t columns = 16;
    while (columns < 128 && columns * columns < squares)
        columns *= 2;
    return columns;
}

static void fill_maps(tsv_tables *tables, const tl_extra *extra, size_t extra_no)
{
    page_map maps[PANELS_MAX] = {{.page_bytes = 0}};
    size_t count = 0, most = 0;
    bool failed = false;
    for (size_t i = 0; i < extra->map_count && count < PANELS_MAX && !failed; i++) {
        read_map(extra->folder, extra->maps[i], &maps[count]);
        failed = maps[count].failed;
        most = maps[count].count > most ? maps[count].count : most;
        count += maps[count].count > 0 || failed; /* one without pages is no map */
    }
    size_t pages = (most + SQUARES_MAX - 1) / SQUARES_MAX;
    tl_picture *picture =
        most == 0 || failed ? NULL : tl_pictures_add(tables->pictures, "pages", extra_no, "", 0);
    if (picture != NULL) {
        size_t seen = extra->map_count < PANELS_MAX ? extra->map_count : PANELS_MAX;
        picture->part_no = TL_PICTURE_ALL_PARTS;
        picture->has_origin = true;
        picture->low = (double)column_count((most + pages - 1) / pages);
        picture->high = (double)pages;
        picture->panel_count = count;
        describe(picture, extra, &maps[0], pages, extra->map_count - seen + extra->maps_left_out);
    }
    if (picture != NULL)
        picture->panel_count = 0; /* each adds itself */
    for (size_t i = 0; i < count; i++) {
        if (picture != NULL)
            add_panel(tables, picture, &maps[i], pages);
        failed = failed || maps[i].failed;
        free(maps[i].pages);
    }
    tables->pictures->failed = tables->pictures->failed || failed;
}

void tsv_fill_pages(tsv_tables *tables)
{
    const tl_extras *extras = &tables->suite->extras;
    size_t number = 0;
    for (size_t i = 0; i < extras->count; i++) {
        if (extras->rows[i].map_count > 0)
            fill_maps(tables, &extras->rows[i], number++);
    }
}
