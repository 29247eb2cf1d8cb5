/* harness/report/tests/test_report_page.c -- the HTML page: sound, closed, honest.
 *
 * Run from the repository's root: pictures are drawn with the templates in plots/.
 */
#include "harness/report/html.h"
#include "harness/report/html_page.h"
#include "harness/report/plot.h"
#include "harness/report/svg.h"
#include "sample.h"
#include "suite_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The page of `run`, its pictures drawn by `gnuplot`; the status of drawing is returned. */
static tl_status publish(suite_fixture *f, tl_json *run, const char *gnuplot, const char *templates)
{
    suite_put(f, "", run);
    suite_tabulate(f);
    tl_plot_request plot = {.dir = f->dir, .templates = templates, .program = gnuplot};
    tl_status drawn = tl_plot_run(&plot, &f->pictures, f->error, sizeof f->error);
    tl_html_request request = {.suite = &f->suite,
                               .groups = &f->groups,
                               .pictures = &f->pictures,
                               .plots_dir = f->dir,
                               .plot_error = drawn == TL_OK ? NULL : f->error};
    tl_html_render(&request, &f->page);
    assert_false(f->page.failed);
    return drawn;
}

static bool is_void(const char *name, size_t length)
{
    static const char *const names[] = {"meta", "br", "hr", "!DOCTYPE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0)
            return true;
    }
    return false;
}

/* Every element is closed in the order opened, attributes are quoted, no stray '<'. */
static void assert_well_formed(const char *page)
{
    enum { OPEN_MAX = 256, NAME_MAX_BYTES = 24 };
    static char open[OPEN_MAX][NAME_MAX_BYTES];
    size_t depth = 0;
    for (const char *at = strchr(page, '<'); at != NULL; at = strchr(at, '<')) {
        bool closing = at[1] == '/';
        const char *name = at + 1 + closing, *end = name;
        size_t length = strcspn(name, " \n/>");
        char quote = '\0';
        for (; *end != '\0' && (*end != '>' || quote != '\0'); end++) {
            if (quote != '\0')
                quote = *end == quote ? '\0' : quote;
            else if (*end == '"' || *end == '\'')
                quote = *end;
            else if (*end == '<')
                fail_msg("'<' inside a tag: %.60s", at);
        }
        if (*end == '\0' || length == 0 || length >= NAME_MAX_BYTES)
            fail_msg("no tag at: %.60s", at);
        if (closing) {
            if (depth == 0 || strncmp(open[depth - 1], name, length) != 0 ||
                open[depth - 1][length] != '\0')
                fail_msg("</%.*s> closes <%s>", (int)length, name,
                         depth == 0 ? "nothing" : open[depth - 1]);
            depth--;
        } else if (end[-1] != '/' && !is_void(name, length)) {
            assert_true(depth < OPEN_MAX);
            memcpy(open[depth], name, length);
            open[depth++][length] = '\0';
            bool raw =
                strcmp(open[depth - 1], "script") == 0 || strcmp(open[depth - 1], "style") == 0;
            if (raw) { /* not markup up to its end tag */
                end = strstr(end, open[depth - 1][1] == 'c' ? "</script>" : "</style>");
                assert_non_null(end);
                at = end;
                continue;
            }
        }
        at = end + 1;
    }
    if (depth != 0)
        fail_msg("<%s> is never closed", open[depth - 1]);
}

static void assert_closed_world(const char *page)
{
    static const char *const outside[] = {"http:", "https:", "src=", "@import",
                                          "url(",  "<link",  "//cdn"};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        const char *found = strstr(page, outside[i]);
        if (found != NULL)
            fail_msg("the page reaches outside: %.60s", found);
    }
}

/* No id twice: labels and links would mean the wrong one. */
static void assert_ids_are_unique(const char *page)
{
    for (const char *at = page; (at = strstr(at, " id=")) != NULL; at += 4) {
        char id[64];
        size_t length = 4 + 1 + strcspn(at + 5, "\"'") + 1;
        assert_true(length < sizeof id);
        memcpy(id, at, length);
        id[length] = '\0';
        if (strstr(at + 4, id) != NULL)
            fail_msg("twice:%s", id);
    }
}

static void the_page_is_well_formed_and_needs_nothing_else(void **state)
{
    suite_fixture *f = *state;
    assert_int_equal(publish(f, sample_bench_run(3), NULL, "plots"), TL_OK);
    const char *page = tl_text_data(&f->page);
    assert_well_formed(page);
    assert_closed_world(page);
    assert_ids_are_unique(page);
    assert_true(f->page.size_bytes < TL_HTML_BYTES_MAX);
    size_t picture_count = 0;
    for (const char *at = page; (at = strstr(at, "<svg ")) != NULL; at++)
        picture_count++;
    assert_int_equal(picture_count,
                     f->pictures.count); /* throughput, 4 latencies, 4 of space, allocator */
    assert_int_equal(picture_count, 10);
    assert_non_null(strstr(page, "All that ran ended well"));
    assert_non_null(strstr(page, "weaker"));
    assert_non_null(strstr(page, "stronger"));
}

static void hostile_names_are_text_everywhere(void **state)
{
    suite_fixture *f = *state;
    assert_int_equal(publish(f, sample_hostile_run(), NULL, "plots"), TL_OK);
    const char *page = tl_text_data(&f->page);
    assert_well_formed(page);
    assert_null(strstr(page, "<script>alert"));
    assert_null(strstr(page, "<img"));
    assert_null(strstr(page, "<b>&"));
    assert_null(strstr(page, "<i>with"));
    assert_non_null(strstr(page, "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more"));
    assert_non_null(strstr(page, "disk &lt;full&gt; &amp; &quot;gone&quot;"));
    assert_non_null(strstr(page, "<strong>failed</strong>: sqlite"));
    assert_non_null(strstr(page, "<strong>wrong</strong>: liar"));
    assert_non_null(strstr(page, "Failed: 1 cell with a wrong answer, 1 cell failed"));
    assert_non_null(strstr(page, "class=\"banner bad\""));
}

static void a_count_that_no_store_can_have_is_shown_not_overrun(void **state)
{
    (void)state;
    static const double counts[] = {1e308, -1e308, 1e15, 999999999999999.0, NAN, INFINITY};
    char text[HTML_NUMBER_BYTES];
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        memset(text, 'x', sizeof text);
        html_count(counts[i], text);
        assert_non_null(memchr(text, '\0', sizeof text));
    }
    assert_string_equal(html_count(1e308, text), "1e+308");
}

static void findings_are_the_first_thing_said(void **state)
{
    suite_fixture *f = *state;
    assert_int_equal(publish(f, sample_crash_run(7), NULL, "plots"), TL_OK);
    const char *page = tl_text_data(&f->page);
    assert_well_formed(page);
    assert_non_null(strstr(page, "Failed: 7 crash findings"));
    assert_non_null(strstr(page, "treelab crash replay tree/mixed/4096/42/60/shadow2"));
    assert_non_null(strstr(page, "a second crash during recovery"));       /* under "not covered" */
    assert_null(strstr(page, "<li>writes that stop between two sectors")); /* that was tried */
}

static void a_duel_is_a_row_with_its_verdict_in_words(void **state)
{
    suite_fixture *f = *state;
    assert_int_equal(publish(f, sample_duel_run(), NULL, "plots"), TL_OK);
    const char *page = tl_text_data(&f->page);
    assert_well_formed(page);
    assert_null(strstr(page, "<b>&"));
    assert_non_null(strstr(page, "<svg "));
    assert_non_null(strstr(page, "<td class=\"bad\">regressed</td>"));
    assert_non_null(strstr(page, ">+74.50 %<"));
    assert_non_null(strstr(page, "Failed: 1 duel regressed"));
    assert_true(strstr(page, "3 duels</a>: <strong>1 regressed") < strstr(page, "<nav"));
    assert_null(strstr(page, ">not told<")); /* arms are no stores with a contract */
}

static void without_gnuplot_the_tables_remain_and_the_next_step_is_named(void **state)
{
    suite_fixture *f = *state;
    assert_int_equal(publish(f, sample_bench_run(1), "no-such-gnuplot", "plots"), TL_UNSUPPORTED);
    assert_non_null(strstr(f->error, "apt-get install gnuplot-nox"));
    const char *page = tl_text_data(&f->page);
    assert_well_formed(page);
    assert_non_null(strstr(page, "apt-get install gnuplot-nox"));
    assert_non_null(strstr(page, "<td>tree:leaf=rebuild</td>"));
    assert_null(strstr(page, "<svg "));
}

static void a_missing_template_is_named(void **state)
{
    suite_fixture *f = *state;
    assert_int_equal(publish(f, sample_bench_run(1), NULL, "no/such/plots"), TL_NOT_FOUND);
    assert_non_null(strstr(f->error, "no/such/plots/throughput.gp"));
    assert_non_null(strstr(f->error, "--plots"));
}

static void gnuplot_that_fails_is_quoted(void **state)
{
    suite_fixture *f = *state;
    assert_int_equal(publish(f, sample_bench_run(1), "false", "plots"), TL_IO);
    assert_non_null(strstr(f->error, "false failed on plots/throughput.gp"));
}

/* Pictures of many runs took minutes: each panel read the tables of all. */
static void pictures_beyond_the_chosen_are_told_and_pieces_are_taken_away(void **state)
{
    suite_fixture *f = *state;
    char path[256];
    assert_int_equal(publish(f, sample_bench_run(1), "no-such-gnuplot", "plots"), TL_UNSUPPORTED);
    assert_int_equal(tl_pictures_choose(&f->pictures, 2), f->pictures.count - 2);
    tl_plot_request plot = {.dir = f->dir, .templates = "plots"};
    assert_int_equal(tl_plot_run(&plot, &f->pictures, f->error, sizeof f->error), TL_OK);
    for (size_t i = 0; i < f->pictures.count; i++) {
        snprintf(path, sizeof path, "%s/%s.svg", f->dir, f->pictures.rows[i].name);
        assert_int_equal(access(path, R_OK) == 0, f->pictures.rows[i].chosen);
    }
    snprintf(path, sizeof path, "%s/.pieces", f->dir);
    assert_int_not_equal(access(path, F_OK), 0);
    tl_html_request request = {
        .suite = &f->suite, .groups = &f->groups, .pictures = &f->pictures, .plots_dir = f->dir};
    tl_text_clear(&f->page);
    tl_html_render(&request, &f->page);
    assert_non_null(strstr(tl_text_data(&f->page), "8 of 10 pictures were not drawn"));
}

static void an_empty_run_says_that_nothing_was_measured(void **state)
{
    suite_fixture *f = *state;
    assert_int_equal(publish(f, sample_empty_run(), "no-such-gnuplot", "plots"), TL_OK);
    assert_well_formed(tl_text_data(&f->page));
    assert_non_null(strstr(tl_text_data(&f->page), "Nothing was measured or checked"));
}

/* Forty drivers in one run: more rows and curves than a page may hold in full. */
static void a_large_suite_stays_below_its_bound(void **state)
{
    suite_fixture *f = *state;
    tl_json *run = sample_empty_run();
    for (unsigned i = 0; i < 2500; i++) {
        char label[64], workload[64];
        snprintf(label, sizeof label, "tree:growth_bytes=%u", i % 40);
        snprintf(workload, sizeof workload, "workload_%u_with_a_rather_long_name", i / 40);
        for (unsigned r = 0; r < 2; r++)
            sample_add_small_cell(run, label, workload, r, 1000 + i, 1000000 + i);
    }
    assert_int_equal(publish(f, run, "no-such-gnuplot", "plots"), TL_UNSUPPORTED);
    assert_well_formed(tl_text_data(&f->page));
    assert_true(f->page.size_bytes < TL_HTML_BYTES_MAX);
}

static void html_escapes_whatever_a_run_holds(void **state)
{
    (void)state;
    tl_text text = {0};
    tl_text_add_html(&text, "<a href='x'>&\"\x01\xff\xc3\xa9\n");
    assert_string_equal(tl_text_data(&text), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;??\xc3\xa9\n");
    tl_text_clear(&text);
}

static void pictures_lose_titles_and_empty_groups_but_no_shape(void **state)
{
    (void)state;
    tl_text text = {0};
    const char *svg = "<?xml version=\"1.0\"?>\n<svg\n viewBox=\"0 0 9 9\">\n<title>Gnuplot</title>"
                      "<g id=\"gnuplot_canvas\">\n<g fill=\"none\">\n</g>\n"
                      "<path stroke='rgb(  0, 114, 178)'  d='M0,0'/></g></svg>";
    assert_int_equal(tl_svg_inline(&text, svg, "a \"label\"", true), TL_OK);
    assert_string_equal(tl_text_data(&text),
                        "<svg class=\"picture\" role=\"img\" viewBox=\"0 0 9 9\" "
                        "aria-label=\"a &quot;label&quot;\"><g><path stroke='#0072b2' "
                        "d='M0,0'/></g></svg>\n");
    tl_text_clear(&text);
    assert_int_equal(tl_svg_inline(&text, "<html></html>", "", true), TL_INVALID);
    assert_int_equal(text.size_bytes, 0);
}

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, suite_setup, suite_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(the_page_is_well_formed_and_needs_nothing_else),
        WITH_DIRECTORY(hostile_names_are_text_everywhere),
        WITH_DIRECTORY(a_count_that_no_store_can_have_is_shown_not_overrun),
        WITH_DIRECTORY(findings_are_the_first_thing_said),
        WITH_DIRECTORY(a_duel_is_a_row_with_its_verdict_in_words),
        WITH_DIRECTORY(without_gnuplot_the_tables_remain_and_the_next_step_is_named),
        WITH_DIRECTORY(a_missing_template_is_named),
        WITH_DIRECTORY(gnuplot_that_fails_is_quoted),
        WITH_DIRECTORY(pictures_beyond_the_chosen_are_told_and_pieces_are_taken_away),
        WITH_DIRECTORY(an_empty_run_says_that_nothing_was_measured),
        WITH_DIRECTORY(a_large_suite_stays_below_its_bound),
        cmocka_unit_test(html_escapes_whatever_a_run_holds),
        cmocka_unit_test(pictures_lose_titles_and_empty_groups_but_no_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
