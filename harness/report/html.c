/* harness/report/html.c -- the page's frame, and the small things every section uses. */
#include "harness/report/html_page.h"
#include "harness/report/svg.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    PICTURES_BYTES_MAX = 1300 << 10, /* pictures stop here, so that tables still fit */
    TABLES_BYTES_MAX = 1700 << 10,
};

void html_escaped(html_page *page, const char *text)
{
    tl_text_add_html(page->text, text);
}

void html_th(html_page *page, const char *text)
{
    tl_text_add(page->text, "<th scope=\"row\">");
    html_escaped(page, text);
    tl_text_add(page->text, "</th>");
}

void html_td(html_page *page, const char *text)
{
    tl_text_add(page->text, "<td>");
    html_escaped(page, text);
    tl_text_add(page->text, "</td>");
}

void html_tdf(html_page *page, const char *class_, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    tl_text_addf(page->text, "<td class=\"%s\">", class_);
    html_escaped(page, line);
    tl_text_add(page->text, "</td>");
}

void html_value(html_page *page, double value, const char *text)
{
    tl_text_addf(page->text, "<td class=\"n\" data-v=\"%.9g\">", value);
    html_escaped(page, text);
    tl_text_add(page->text, "</td>");
}

/* A name that begins with '#' heads a column of numbers. */
void html_header(html_page *page, const char *const *names, size_t count)
{
    tl_text_add(page->text, "<thead><tr>");
    for (size_t i = 0; i < count; i++) {
        bool number = names[i][0] == '#';
        tl_text_addf(page->text, "<th scope=\"col\"%s>", number ? " class=\"n\"" : "");
        html_escaped(page, names[i] + number);
        tl_text_add(page->text, "</th>");
    }
    tl_text_add(page->text, "</tr></thead>\n");
}

const char *html_part_name(const html_page *page, size_t part_no)
{
    return page->request->suite->parts[part_no].name;
}

static const char *scaled(double value, double step, const char *const *units, size_t unit_count,
                          char *text)
{
    size_t unit = 0;
    while (unit + 1 < unit_count && value >= step * 0.9995) {
        value /= step;
        unit++;
    }
    int decimals = unit == 0 && value == floor(value) ? 0
                   : value < 9.995                    ? 2
                   : value < 99.95                    ? 1
                                                      : 0;
    snprintf(text, HTML_NUMBER_BYTES, "%.*f%s", decimals, value, units[unit]);
    return text;
}

const char *html_rate(double per_s, char *text)
{
    static const char *const units[] = {"", " k", " M", " G"};
    return scaled(per_s, 1000, units, 4, text);
}

const char *html_time(double ns, char *text)
{
    static const char *const units[] = {" ns", " µs", " ms", " s"};
    return scaled(ns, 1000, units, 4, text);
}

const char *html_bytes(double bytes, char *text)
{
    static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB"};
    return scaled(bytes, 1024, units, 5, text);
}

const char *html_count(double count, char *text)
{
    char digits[24];
    if (!(count > -1e15 && count < 1e15)) { /* no count is that large: say what stands there */
        snprintf(text, HTML_NUMBER_BYTES, "%g", count);
        return text;
    }
    int length = snprintf(digits, sizeof digits, "%.0f", count);
    size_t at = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-')
            at += (size_t)snprintf(text + at, HTML_NUMBER_BYTES - at, "\u202f"); /* thin space */
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

const char *html_small(double value, char *text)
{
    if (value == 0 || value >= 1000)
        return html_count(value, text);
    snprintf(text, HTML_NUMBER_BYTES, "%.3g", value);
    return text;
}

bool html_room(html_page *page, const char *instead)
{
    if (page->text->size_bytes < TABLES_BYTES_MAX)
        return true;
    if (strcmp(page->left_out, instead) == 0)
        return false;
    snprintf(page->left_out, sizeof page->left_out, "%s", instead);
    tl_text_add(page->text, "<p class=\"warn\">More was left out to keep this page small: see ");
    html_escaped(page, instead);
    tl_text_add(page->text, ".</p>\n");
    return false;
}

void html_picture(html_page *page, const tl_picture *picture)
{
    tl_text *out = page->text;
    if (!picture->chosen)
        return; /* html_undrawn says so once for all */
    tl_text path = {0}, svg = {0}, label = {0};
    tl_text_addf(&path, "%s/%s.svg", page->request->plots_dir, picture->name);
    tl_text_addf(&label, "%s. %s The numbers are in the table below.", picture->title,
                 picture->what);
    tl_status status =
        page->request->plot_error != NULL ? TL_NOT_FOUND : tl_text_load(&svg, tl_text_data(&path));
    bool fits = out->size_bytes + svg.size_bytes / 2 < PICTURES_BYTES_MAX;
    if (status == TL_OK && fits) {
        size_t began = out->size_bytes;
        tl_text_add(out, "<figure><div class=\"frame\">\n");
        status = tl_svg_inline(out, tl_text_data(&svg), tl_text_data(&label), !page->has_markers);
        if (status == TL_OK) {
            page->has_markers = true;
            tl_text_add(out, "</div></figure>\n");
        } else if (!out->failed) {
            out->size_bytes = began;
            out->data[began] = '\0';
        }
    } else if (status == TL_OK) {
        tl_text_addf(out,
                     "<p class=\"warn\">Picture left out to keep this page small: <a "
                     "href=\"plots/%s.svg\">plots/%s.svg</a>.</p>\n",
                     picture->name, picture->name);
    }
    if (status != TL_OK && page->request->plot_error == NULL)
        tl_text_addf(out,
                     "<p class=\"warn\">The picture %s was not drawn; its numbers follow.</p>\n",
                     picture->name);
    out->failed = out->failed || path.failed || svg.failed || label.failed;
    tl_text_clear(&path);
    tl_text_clear(&svg);
    tl_text_clear(&label);
}

/* How many pictures there could have been, and how to get them. */
static void html_undrawn(html_page *page)
{
    const tl_pictures *pictures = page->request->pictures;
    size_t left_out = 0;
    for (size_t i = 0; i < pictures->count; i++)
        left_out += !pictures->rows[i].chosen;
    if (left_out > 0)
        tl_text_addf(page->text,
                     "<p class=\"warn\">%zu of %zu pictures were not drawn, to stay quick and "
                     "small; their numbers are in the tables. <code>treelab report DIR "
                     "--all-pictures</code> draws all.</p>\n",
                     left_out, pictures->count);
}

/* Pictures of one kind and part, in order. */
void html_pictures(html_page *page, const char *kind, size_t part_no)
{
    const tl_pictures *pictures = page->request->pictures;
    for (size_t i = 0; i < pictures->count; i++) {
        if (strcmp(pictures->rows[i].kind, kind) == 0 && pictures->rows[i].part_no == part_no)
            html_picture(page, &pictures->rows[i]);
    }
}

void html_part_heading(html_page *page, size_t part_no)
{
    if (page->request->suite->part_count == 1)
        return;
    tl_text_add(page->text, "<h3>");
    html_escaped(page, html_part_name(page, part_no));
    tl_text_add(page->text, "</h3>\n");
}

/* One past the last group of the part that begins at `first`. */
size_t html_part_end(const tl_groups *groups, size_t first)
{
    size_t end = first;
    while (end < groups->count && groups->rows[end].part_no == groups->rows[first].part_no)
        end++;
    return end;
}

void html_row(html_page *page, bool first)
{
    tl_text_add(page->text, first ? "<tr class=\"first\">" : "<tr>");
}

bool html_starts_phase(const tl_groups *groups, size_t i)
{
    return i == 0 || groups->rows[i].phase_no != groups->rows[i - 1].phase_no ||
           groups->rows[i].workload_no != groups->rows[i - 1].workload_no ||
           groups->rows[i].part_no != groups->rows[i - 1].part_no;
}

static const struct {
    const char *id, *title;
    void (*write)(html_page *page);
} sections[] = {
    {"duels",       "Duels",                       html_duels      },
    {"contracts",   "What each store promised",    html_contracts  },
    {"throughput",  "Throughput",                  html_throughput },
    {"latency",     "Latency",                     html_latency    },
    {"series",      "Over time",                   html_series     },
    {"space",       "Fill and space",              html_space      },
    {"allocator",   "Page allocator",              html_allocator  },
    {"counters",    "Counters and space",          html_counters   },
    {"crash",       "Crash sweep",                 html_crash      },
    {"faults",      "Faults",                      html_faults     },
    {"calibration", "Calibration of the gate",     html_calibration},
    {"not_covered", "Not covered",                 html_not_covered},
    {"origin",      "Where the numbers come from", html_origin     },
};
enum { SECTION_COUNT = sizeof sections / sizeof sections[0] };

void tl_html_render(const tl_html_request *request, tl_text *page_text)
{
    html_page page = {.request = request, .text = page_text};
    tl_text_add(page_text, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                           "<meta name=\"viewport\" content=\"width=device-width\">\n"
                           "<title>treelab report</title>\n<style>\n");
    for (size_t i = 0; html_style[i] != NULL; i++)
        tl_text_add(page_text, html_style[i]);
    tl_text_add(page_text, "</style>\n</head>\n<body>\n<header>\n<h1>treelab report</h1>\n");
    html_banner(&page);
    html_answer(&page);
    html_undrawn(&page);
    tl_text_add(page_text, "<nav aria-label=\"sections\">");
    for (size_t i = 0; i < SECTION_COUNT; i++)
        tl_text_addf(page_text, "<a href=\"#%s\">%s</a> ", sections[i].id, sections[i].title);
    tl_text_add(page_text, "</nav>\n</header>\n<main>\n");
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        tl_text_addf(page_text, "<section id=\"%s\">\n<h2>%s</h2>\n", sections[i].id,
                     sections[i].title);
        sections[i].write(&page);
        tl_text_add(page_text, "</section>\n");
    }
    tl_text_add(page_text, "</main>\n<script>\n");
    tl_text_add(page_text, html_script);
    tl_text_add(page_text, "</script>\n</body>\n</html>\n");
}
