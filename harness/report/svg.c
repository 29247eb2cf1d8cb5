/* harness/report/svg.c -- one pass over tags; what is not wanted is not copied. */
#include "harness/report/svg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

typedef struct svg_copy {
    tl_text *page;
    size_t opened_at[DEPTH_MAX]; /* where each open <g> began in the page */
    size_t opened_end[DEPTH_MAX];
    size_t depth;
    bool with_markers;
} svg_copy;

static bool tag_is(const char *tag, const char *name)
{
    size_t length = strlen(name);
    return strncmp(tag, name, length) == 0 && strchr(" \t\r\n/>", tag[length]) != NULL;
}

/* "rgb(  0, 114, 178)" at `at` as "#0072b2"; returns its length, 0 when no colour stands there. */
static size_t copy_colour(tl_text *page, const char *at)
{
    if (strncmp(at, "rgb(", 4) != 0)
        return 0;
    const char *next = at + 4;
    long channels[3];
    for (size_t i = 0; i < 3; i++) {
        char *end = NULL;
        channels[i] = strtol(next, &end, 10);
        if (end == next || channels[i] < 0 || channels[i] > 255 || *end != (i < 2 ? ',' : ')'))
            return 0;
        next = end + 1;
    }
    tl_text_addf(page, "#%02lx%02lx%02lx", (unsigned long)channels[0], (unsigned long)channels[1],
                 (unsigned long)channels[2]);
    return (size_t)(next - at);
}

/* Copy a tag: runs of white space as one space, no id of a plot, "xlink:href" as "href". */
static void copy_tag(tl_text *page, const char *tag, const char *end)
{
    static const char plot_id[] = " id=\"gnuplot_", link[] = "xlink:";
    while (tag < end) {
        size_t colour = copy_colour(page, tag);
        if (colour > 0) {
            tag += colour;
        } else if (strncmp(tag, plot_id, sizeof plot_id - 1) == 0) {
            const char *quote = strchr(tag + sizeof plot_id - 1, '"');
            tag = quote == NULL || quote > end ? end : quote + 1;
        } else if (strncmp(tag, link, sizeof link - 1) == 0) {
            tag += sizeof link - 1;
        } else if (strchr(" \t\r\n", *tag) != NULL) {
            while (tag < end && strchr(" \t\r\n", *tag) != NULL)
                tag++;
            if (tag < end && *tag != '>' && *tag != '/')
                tl_text_add(page, " ");
        } else {
            tl_text_add_bytes(page, tag++, 1);
        }
    }
}

static void open_group(svg_copy *copy, const char *tag, const char *end)
{
    size_t began = copy->page->size_bytes;
    copy_tag(copy->page, tag, end);
    if (copy->depth < DEPTH_MAX) {
        copy->opened_at[copy->depth] = began;
        copy->opened_end[copy->depth] = copy->page->size_bytes;
    }
    copy->depth++;
}

/* A group that held nothing is taken back. */
static void close_group(svg_copy *copy)
{
    tl_text *page = copy->page;
    if (copy->depth > 0)
        copy->depth--;
    if (copy->depth < DEPTH_MAX && page->size_bytes == copy->opened_end[copy->depth] &&
        !page->failed) {
        page->size_bytes = copy->opened_at[copy->depth];
        page->data[page->size_bytes] = '\0';
        return;
    }
    tl_text_add(page, "</g>");
}

/* Where the element that starts at `tag` ends, or NULL. */
static const char *skip_element(const char *tag, const char *closing)
{
    const char *end = strstr(tag, closing);
    return end == NULL ? NULL : end + strlen(closing);
}

static const char *skip_unwanted(const svg_copy *copy, const char *tag)
{
    if (tag_is(tag, "<title"))
        return skip_element(tag, "</title>");
    if (tag_is(tag, "<desc"))
        return skip_element(tag, "</desc>");
    if (tag_is(tag, "<filter"))
        return skip_element(tag, "</filter>");
    const char *end = strstr(tag, "</defs>"), *marker = strstr(tag, "'gpDot'");
    bool defines_markers = end != NULL && marker != NULL && marker < end;
    if (tag_is(tag, "<defs") && defines_markers && !copy->with_markers)
        return skip_element(tag, "</defs>");
    return NULL;
}

static void copy_text(tl_text *page, const char *text, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++) {
        if (strchr(" \t\r\n", text[i]) == NULL) {
            tl_text_add_bytes(page, text, size_bytes);
            return;
        }
    }
}

tl_status tl_svg_inline(tl_text *page, const char *svg, const char *label, bool with_markers)
{
    const char *at = strstr(svg, "<svg"), *box = at == NULL ? NULL : strstr(at, "viewBox=\"");
    const char *box_end = box == NULL ? NULL : strchr(box + 9, '"');
    const char *body = box == NULL ? NULL : strchr(box, '>');
    if (box_end == NULL || body == NULL || box_end > body || strstr(body, "</svg>") == NULL)
        return TL_INVALID;
    tl_text_addf(page, "<svg class=\"picture\" role=\"img\" %.*s\" aria-label=\"",
                 (int)(box_end - box), box);
    tl_text_add_html(page, label);
    tl_text_add(page, "\">");

    svg_copy copy = {.page = page, .with_markers = with_markers};
    at = body + 1;
    for (;;) {
        const char *tag = strchr(at, '<');
        if (tag == NULL)
            break;
        copy_text(page, at, (size_t)(tag - at));
        const char *after = skip_unwanted(&copy, tag);
        if (after != NULL) {
            at = after;
            continue;
        }
        const char *end = strchr(tag, '>');
        if (end == NULL || tag_is(tag, "</svg"))
            break;
        at = end + 1;
        if (tag_is(tag, "<g") && end[-1] != '/')
            open_group(&copy, tag, at);
        else if (tag_is(tag, "</g"))
            close_group(&copy);
        else
            copy_tag(page, tag, at);
    }
    tl_text_add(page, "</svg>\n");
    return TL_OK;
}
