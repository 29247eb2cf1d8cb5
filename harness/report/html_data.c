/* harness/report/html_data.c -- a picture's numbers below it, from the table it was drawn from. */
#include "harness/report/html_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DATA_ROWS_MAX = 240, FIELDS_SKIPPED = 2 /* picture, and where in it */ };

/* One line of TSV as cells; numbers to the right.  `line` ends at a line end or NUL. */
static void data_line(html_page *page, const char *line, bool header)
{
    for (size_t field = 0; *line != '\0' && *line != '\n'; field++) {
        size_t length = strcspn(line, "\t\n");
        char text[256];
        snprintf(text, sizeof text, "%.*s", (int)(length < 255 ? length : 255), line);
        char *end = NULL;
        double value = strtod(text, &end);
        bool number = end != text && *end == '\0';
        if (field < FIELDS_SKIPPED) {
            /* of no use to a reader */
        } else if (header) {
            tl_text_add(page->text, "<th scope=\"col\">");
            html_escaped(page, text);
            tl_text_add(page->text, "</th>");
        } else if (number) {
            html_value(page, value, text);
        } else {
            html_td(page, strcmp(text, "-") == 0 ? "—" : text);
        }
        line += length + (line[length] == '\t');
    }
}

static bool row_is_of(const char *row, const tl_picture *picture)
{
    size_t length = strlen(picture->name);
    return strncmp(row, picture->name, length) == 0 && row[length] == '\t';
}

void html_picture_data(html_page *page, const tl_picture *picture, const char *table)
{
    char instead[64];
    snprintf(instead, sizeof instead, "plots/%s.tsv", table);
    if (!picture->chosen || !html_room(page, instead))
        return;
    tl_text path = {0}, content = {0};
    tl_text_addf(&path, "%s/%s.tsv", page->request->plots_dir, table);
    tl_status status = path.failed ? TL_NO_MEMORY : tl_text_load(&content, tl_text_data(&path));
    tl_text_clear(&path);
    const char *header = tl_text_data(&content), *row = strchr(header, '\n');
    if (status != TL_OK || row == NULL) {
        tl_text_clear(&content);
        return;
    }
    tl_text_add(page->text, "<details><summary>The numbers: ");
    html_escaped(page, picture->title);
    tl_text_add(page->text, "</summary>\n<div class=\"scroll\"><table class=\"sortable\">"
                            "<thead><tr>");
    data_line(page, header, true);
    tl_text_add(page->text, "</tr></thead>\n<tbody>\n");
    size_t shown = 0, left_out = 0;
    while (row != NULL && *++row != '\0') {
        if (row_is_of(row, picture)) {
            if (shown == DATA_ROWS_MAX) {
                left_out++;
            } else {
                tl_text_add(page->text, "<tr>");
                data_line(page, row, false);
                tl_text_add(page->text, "</tr>\n");
                shown++;
            }
        }
        row = strchr(row, '\n');
    }
    tl_text_add(page->text, "</tbody></table></div>\n");
    if (left_out > 0)
        tl_text_addf(page->text, "<p class=\"soft\">%zu rows more in plots/%s.tsv.</p>\n", left_out,
                     table);
    tl_text_add(page->text, "</details>\n");
    tl_text_clear(&content);
}

bool html_kind(html_page *page, const char *kind, const char *table)
{
    const tl_pictures *pictures = page->request->pictures;
    bool any = false;
    for (size_t i = 0; i < pictures->count; i++) {
        if (strcmp(pictures->rows[i].kind, kind) != 0)
            continue;
        html_picture(page, &pictures->rows[i]);
        html_picture_data(page, &pictures->rows[i], table);
        any = true;
    }
    return any;
}
