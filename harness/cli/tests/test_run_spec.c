/* `treelab run SPEC`, --explain, --resume and `treelab validate`, as a user runs them. */
#define _GNU_SOURCE
#include "program.h"

#include "harness/cli/cli.h"
#include "harness/report/json.h"

#include <signal.h>

static const char spec_text[] = "[global]\n"
                                "plugin = " PLUGIN "\n"
                                "workload = phased\n"
                                "driver = tree,model\n"
                                "repeat = 2\n"
                                "[load]\n"
                                "ops = 200\n"
                                "[verify]\n"
                                "[run]\n"
                                "ops = 1000\n"
                                "keys = zipf\n";

static const char *write_spec(program *treelab, const char *name, const char *text)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", folder_join(treelab->scratch, name));
    folder_write(path, text);
    return path;
}

/* Cell `index` of the result that `run --out DIR` left. */
static tl_json *read_result(program *treelab, const char *dir)
{
    char path[PATH_MAX];
    tl_json *root = NULL;
    snprintf(path, sizeof path, "%s/%s/run.json", treelab->scratch->path, dir);
    assert_int_equal(tl_json_read(path, &root), TL_OK);
    return root;
}

static const tl_json *workload_of(const tl_json *root, size_t cell)
{
    return tl_json_get(tl_json_at(tl_json_get(root, "cells"), cell), "workload");
}

static const char *sha_of(const tl_json *root, size_t cell)
{
    return tl_json_text(tl_json_get(workload_of(root, cell), "spec_sha256"), "");
}

static void run_ok(program *treelab, const char *spec, const char *out, const char *options)
{
    program_run(treelab, "run '%s' --out '%s/%s' %s", spec, treelab->scratch->path, out, options);
    if (treelab->exit_code != TL_EXIT_OK)
        fail_msg("%s", treelab->err);
}

static void a_spec_runs_its_sections_in_their_order_and_verify_is_one(void **state)
{
    program *treelab = *state;
    static const char *const names[] = {"load", "verify", "run", "audit"};
    run_ok(treelab, write_spec(treelab, "a.ini", spec_text), "a", "");
    tl_json *root = read_result(treelab, "a");
    const tl_json *cells = tl_json_get(root, "cells");
    assert_int_equal(tl_json_size(cells), 4);
    for (size_t c = 0; c < 4; c++) {
        const tl_json *phases = tl_json_get(tl_json_at(cells, c), "phases");
        assert_int_equal(tl_json_size(phases), 4);
        for (size_t p = 0; p < 4; p++)
            assert_string_equal(tl_json_text(tl_json_get(tl_json_at(phases, p), "name"), ""),
                                names[p]);
        assert_int_equal(tl_json_count(tl_json_get(tl_json_at(phases, 2), "ops"), 0), 1000);
        const tl_json *check = tl_json_get(tl_json_at(phases, 1), "check");
        assert_int_equal(tl_json_count(tl_json_get(check, "answers_checked"), 0), 200);
    }
    tl_json_free(root);
}

static void equal_questions_have_one_hash_however_they_are_asked(void **state)
{
    program *treelab = *state;
    char command[2048];
    run_ok(treelab, write_spec(treelab, "a.ini", spec_text), "a", "");
    tl_json *first = read_result(treelab, "a");

    /* the spec that the cell carries, in JSON, on another store */
    tl_json *inline_spec = NULL;
    size_t error_at;
    char *line = tl_json_line(tl_json_get(workload_of(first, 0), "spec_inline"));
    assert_non_null(line);
    assert_int_equal(tl_json_parse(line, strlen(line), &inline_spec, &error_at), TL_OK);
    tl_json_free(inline_spec);
    run_ok(treelab, write_spec(treelab, "b.json", line), "b",
           "--plugin " PLUGIN " --driver model --repeat 1");
    free(line);
    tl_json *second = read_result(treelab, "b");
    assert_string_equal(sha_of(first, 0), sha_of(second, 0));
    tl_json_free(second);

    /* the command line alone */
    snprintf(command, sizeof command,
             "run --plugin " PLUGIN " --workload phased --set load.ops=200 --set run.keys=zipf "
             "--set run.ops=1000 --set phases=load,verify,run --repeat 1 --out '%s/c'",
             treelab->scratch->path);
    program_run(treelab, "%s", command);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    second = read_result(treelab, "c");
    assert_string_equal(sha_of(first, 0), sha_of(second, 0));
    tl_json_free(second);

    /* one value more */
    run_ok(treelab, write_spec(treelab, "a.ini", spec_text), "d", "--set run.ops=1001");
    second = read_result(treelab, "d");
    assert_string_not_equal(sha_of(first, 0), sha_of(second, 0));
    tl_json_free(second);
    tl_json_free(first);
}

static void explain_tells_where_each_value_is_from_and_can_be_run_again(void **state)
{
    program *treelab = *state;
    char path[PATH_MAX], again[PATH_MAX];
    snprintf(path, sizeof path, "%s", write_spec(treelab, "a.ini", spec_text));
    snprintf(again, sizeof again, "%s", folder_join(treelab->scratch, "again.ini"));
    program_run(treelab, "run '%s' --set run.keys=uniform -n 7 --explain", path);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "keys             = uniform                 ; command line, over ");
    program_says(treelab->out, "ops              = 7                       ; command line\n");
    program_says(treelab->out, "a.ini:10\n");
    program_says(treelab->out, "; default\n");
    folder_write(again, treelab->out);
    program_run(treelab, "run '%s' --explain --json -", again);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "\"ops\":\t7");
    char json[PATH_MAX];
    snprintf(json, sizeof json, "%s", write_spec(treelab, "again.json", treelab->out));
    run_ok(treelab, json, "json", "--repeat 1");
    run_ok(treelab, path, "ini", "--set run.keys=uniform -n 7 --repeat 1");
    tl_json *first = read_result(treelab, "json"), *second = read_result(treelab, "ini");
    assert_string_equal(sha_of(first, 0), sha_of(second, 0));
    tl_json_free(first);
    tl_json_free(second);
}

static void all_troubles_of_a_spec_are_told_before_anything_runs(void **state)
{
    program *treelab = *state;
    static const char text[] = "[global]\n"
                               "plugin = " PLUGIN "\n"
                               "workload = phased\n"
                               "driver = tre\n"
                               "durability = comit\n"
                               "[laod]\n"
                               "[run]\n"
                               "opps = 5\n"
                               "[crash]\n";
    static const char *const told[] = {
        "bad.ini:4: unknown driver 'tre'; did you mean 'tree'?",
        "bad.ini:5: durability has no 'comit'; did you mean 'commit'?",
        "bad.ini:6: unknown section [laod]; did you mean [load]?",
        "bad.ini:8: [run] unknown key 'opps'; did you mean 'ops'?",
        "bad.ini:9: [crash]: `treelab run` crashes nothing",
    };
    const char *path = write_spec(treelab, "bad.ini", text);
    for (int validate = 0; validate < 2; validate++) {
        program_run(treelab, "%s '%s'", validate ? "validate" : "run", path);
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
        for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
            program_says(treelab->err, told[i]);
        assert_string_equal(treelab->out, "");
    }
}

static void what_only_the_workload_judges_has_its_line_too(void **state)
{
    program *treelab = *state;
    static const char text[] = "[global]\nplugin = " PLUGIN "\nworkload = phased\n"
                               "[load]\n[run]\nkeys = zpif\n";
    program_run(treelab, "validate '%s'", write_spec(treelab, "w.ini", text));
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "w.ini:6: [run] run.keys=zpif is no law");
}

static void validate_knows_specs_scripts_and_results_by_what_is_in_them(void **state)
{
    program *treelab = *state;
    char spec[PATH_MAX], script[PATH_MAX], bad[PATH_MAX];
    snprintf(spec, sizeof spec, "%s", write_spec(treelab, "a.ini", spec_text));
    run_ok(treelab, spec, "a", "--repeat 1");
    snprintf(script, sizeof script, "%s",
             write_spec(treelab, "s.tls", "treelab-script 1\nopen\nput \"a\" \"1\"\n"));
    program_run(treelab, "validate '%s' '%s' '%s/a/run.json'", spec, script,
                treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "a.ini: a well-formed spec");
    program_says(treelab->out, "s.tls: a well-formed script");
    program_says(treelab->out, "run.json: a well-formed result");

    snprintf(bad, sizeof bad, "%s", write_spec(treelab, "t.tls", "treelab-script 1\nopne\n"));
    program_run(treelab, "validate -q '%s' '%s'", bad, spec);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "t.tls:2: ");
    assert_string_equal(treelab->out, "");
    program_run(treelab, "validate '%s/none.ini'", treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
}

/* Change `from` into `to`, of equal length, in the result. */
static void falsify(program *treelab, const char *from, const char *to)
{
    static char text[1 << 20]; /* larger than the results of these tests */
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/a/run.json", treelab->scratch->path);
    folder_read(path, text, sizeof text);
    char *at = strstr(text, from);
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
    folder_write(folder_join(treelab->scratch, "false.json"), text);
}

static void validate_sees_a_result_that_contradicts_itself(void **state)
{
    program *treelab = *state;
    static const struct {
        const char *from, *to, *told;
    } rows[] = {
        {"\"zipf\"",      "\"zpif\"",      "spec_sha256: is not the hash of spec_inline"         },
        {"\"order\":",    "\"oredr\":",    "cells[0].order: is missing"                          },
        {"\"measured\":", "\"measuerd\":", "phases[0].measured: is missing"                      },
        {"/none/r1",      "/none/r0",      "id: another cell has the same"                       },
        {"\"noise\":",    "\"niose\":",    "noise: is missing"                                   },
        {"treelab.run/1", "treelab.run/2", "schema: is not one that is known here: treelab.run/1"},
    };
    run_ok(treelab, write_spec(treelab, "a.ini", spec_text), "a", "--driver model");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        falsify(treelab, rows[i].from, rows[i].to);
        program_run(treelab, "validate '%s/false.json'", treelab->scratch->path);
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
        program_says(treelab->err, rows[i].told);
    }
    assert_null(strstr(treelab->err, "is missing")); /* no rule of this schema for another one */
}

static void a_run_over_its_timeout_keeps_what_is_finished_and_goes_on_when_resumed(void **state)
{
    program *treelab = *state;
    const char *path = write_spec(treelab, "a.ini", spec_text);
    char out[PATH_MAX];
    snprintf(out, sizeof out, "%s/r", treelab->scratch->path);
    program_run(treelab, "run '%s' --out '%s' --set load.ops=2000 --repeat 900 --timeout 1500ms",
                path, out);
    assert_int_equal(treelab->exit_code, TL_EXIT_INTERRUPTED);
    program_says(treelab->err, "over the --timeout");
    program_says(treelab->err, "--resume goes on");
    tl_json *root = read_result(treelab, "r");
    size_t kept = tl_json_size(tl_json_get(root, "cells"));
    assert_in_range(kept, 1, 1799);
    uint64_t missing = tl_json_count(tl_json_get(tl_json_get(root, "summary"), "missing"), 0);
    assert_int_equal(missing, 1800 - kept); /* an interrupted run named none of them */
    assert_string_equal(tl_json_text(tl_json_get(root, "status"), ""), "aborted");
    char *first = tl_json_line(tl_json_at(tl_json_get(root, "cells"), 0));
    tl_json_free(root);

    program_run(treelab, "run '%s' --out '%s' --set load.ops=2000", path, out);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "go on in it with --resume");
    program_run(treelab, "run '%s' --out '%s' --set load.ops=100 --resume", path, out);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "was asked something else");

    /* to the end of what is finished and one repetition more */
    size_t repeat = kept / 2 + 1;
    program_run(treelab, "run '%s' --out '%s' --set load.ops=2000 --repeat %zu --resume", path, out,
                repeat);
    if (treelab->exit_code != TL_EXIT_OK)
        fail_msg("%s", treelab->err);
    root = read_result(treelab, "r");
    const tl_json *cells = tl_json_get(root, "cells");
    assert_int_equal(tl_json_size(cells), 2 * repeat);
    char *again = tl_json_line(tl_json_at(cells, 0));
    assert_string_equal(first, again); /* byte for byte: it was not run again */
    free(first);
    free(again);
    tl_json_free(root);
}

static void a_killed_run_goes_on_from_its_journal(void **state)
{
    program *treelab = *state;
    const char *path = write_spec(treelab, "a.ini", spec_text);
    char out[PATH_MAX], text[4096] = "";
    snprintf(out, sizeof out, "%s/k", treelab->scratch->path);
    program_run(treelab,
                "run '%s' --out '%s' --set load.ops=2000 --repeat 500 & victim=$!; sleep 1; "
                "kill -9 $victim; wait $victim; true",
                path, out);
    char journal[PATH_MAX + 32];
    snprintf(journal, sizeof journal, "%s/samples.jsonl", out);
    folder_read(journal, text, sizeof text);
    assert_non_null(strstr(text, "\"treelab.samples/1\""));
    snprintf(journal, sizeof journal, "%s/run.json", out);
    assert_int_equal(access(journal, F_OK), -1);
    program_run(treelab,
                "run '%s' --out '%s' --set load.ops=2000 --repeat 2 --resume --progress lines",
                path, out);
    if (treelab->exit_code != TL_EXIT_OK)
        fail_msg("%s", treelab->err);
    tl_json *root = read_result(treelab, "k");
    assert_int_equal(tl_json_size(tl_json_get(root, "cells")), 4);
    tl_json_free(root);
}

static void each_combination_of_values_is_a_cell_with_its_own_name_and_hash(void **state)
{
    program *treelab = *state;
    static const char *const ids[] = {"model/random:value_bytes=10:ops=100/none/r0",
                                      "model/random:value_bytes=20:ops=100/none/r0",
                                      "model/random:value_bytes=10:ops=200/none/r0",
                                      "model/random:value_bytes=20:ops=200/none/r0"};
    program_run(
        treelab,
        "run --driver model --repeat 1 -L value_bytes=10,20 -P ops=100:200:100 --out '%s/p'",
        treelab->scratch->path);
    if (treelab->exit_code != TL_EXIT_OK)
        fail_msg("%s", treelab->err);
    tl_json *root = read_result(treelab, "p");
    const tl_json *cells = tl_json_get(root, "cells");
    assert_int_equal(tl_json_size(cells), 4);
    for (size_t i = 0; i < 4; i++) {
        const tl_json *spec =
            tl_json_get(tl_json_get(workload_of(root, i), "spec_inline"), "global");
        assert_string_equal(tl_json_text(tl_json_get(tl_json_at(cells, i), "id"), ""), ids[i]);
        assert_int_equal(tl_json_count(tl_json_get(spec, "ops"), 0), i < 2 ? 100 : 200);
        assert_int_equal(tl_json_count(tl_json_get(spec, "value_bytes"), 0), i % 2 == 0 ? 10 : 20);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(sha_of(root, i), sha_of(root, j));
    }
    tl_json_free(root);
}

static void values_of_a_driver_are_more_drivers(void **state)
{
    program *treelab = *state;
    program_run(treelab, "run -d tree,model -L tree.leaf=sidecar,rebuild -P page_bytes=4k:16k:*4 "
                         "--repeat 1 --dry-run");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "tree:leaf=sidecar/random:page_bytes=4096/none/r0\n"
                               "tree:leaf=rebuild/random:page_bytes=4096/none/r0\n"
                               "model/random:page_bytes=4096/none/r0\n"
                               "tree:leaf=sidecar/random:page_bytes=16384/none/r0\n");
}

static void values_that_cannot_be_are_refused_before_anything_runs(void **state)
{
    program *treelab = *state;
    static const struct {
        const char *options, *told;
    } rows[] = {
        {"-L value_bites=1,2",            "did you mean 'value_bytes'?"                      },
        {"-L repeat=1,2",                 "'repeat' is of the whole run"                     },
        {"-L ops=1,x",                    "ops=x is not a number"                            },
        {"-L ops=1,,2",                   "an empty value of 'ops'"                          },
        {"-L lmdb.x=1,2",                 "'lmdb.x' is of no driver of this run"             },
        {"-P ops=5",                      "-P takes KEY=FROM:TO:STEP"                        },
        {"-P ops=5:4",                    "-P takes KEY=FROM:TO:STEP"                        },
        {"-P ops=1:1000:1",               "more than 64 values of 'ops'"                     },
        {"-P value_bytes=0:8:*2",         "0 times any step stays 0"                         },
        {"-P ops=1:9 -P value_bytes=1:9", "81 combinations of values for 1 workloads"        },
        {"-L ops=1 -L ops=2",             "'ops' has two lists"                              },
        {"--progress bra",                "--progress takes auto, bar"                       },
        {"--color alwys",                 "--color takes auto, always"                       },
        {"--timeout soon",                "timeout=soon is not a time; write for example 30s"},
        {"--resume",                      "name it with --out DIR"                           },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        program_run(treelab, "run %s", rows[i].options);
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
        program_says(treelab->err, rows[i].told);
    }
}

/* Every spec that the program carries is judged as a user's would be, and small ones of them run.
 */
static void every_spec_of_the_catalogue_is_a_workload_and_a_file_to_run(void **state)
{
    program *treelab = *state;
    tl_json *root = NULL;
    char path[PATH_MAX], list[PATH_MAX];
    snprintf(list, sizeof list, "%s", folder_join(treelab->scratch, "list.json"));
    program_run(treelab, "list catalogue --json '%s'", list);
    assert_int_equal(tl_json_read(list, &root), TL_OK);
    const tl_json *rows = tl_json_get(root, "catalogue");
    assert_true(tl_json_size(rows) > 40);
    for (size_t i = 0; i < tl_json_size(rows); i++) {
        const char *name = tl_json_text(tl_json_get(tl_json_at(rows, i), "name"), "");
        program_run(treelab, "list workload %s", name);
        assert_int_equal(treelab->exit_code, TL_EXIT_OK);
        snprintf(path, sizeof path, "%s", write_spec(treelab, "row.ini", treelab->out));
        program_run(treelab, "validate '%s'", path);
        if (treelab->exit_code != TL_EXIT_OK)
            fail_msg("%s: %s", name, treelab->err);
        program_run(treelab, "run --workload %s -n 1000 --repeat 1 --dry-run", name);
        if (treelab->exit_code != TL_EXIT_OK)
            fail_msg("%s: %s", name, treelab->err);
        program_says(treelab->out, name);
    }
    tl_json_free(root);
}

/* In a file "batch" is a default that a section overrides; --batch is for all that write. */
static void a_batch_of_a_file_leaves_that_of_a_section_alone(void **state)
{
    program *treelab = *state;
    static const char text[] = "[global]\nops = 100\nbatch = 50\ndriver = model\nrepeat = 1\n"
                               "[load]\n[run]\nmix = put\nbatch = 10\n";
    static const uint64_t expected[2][2] = {
        {2, 10},
        {5, 5 }
    }; /* transactions of load and run */
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", write_spec(treelab, "b.ini", text));
    for (int given = 0; given < 2; given++) {
        run_ok(treelab, path, given ? "given" : "file", given ? "--batch 20" : "");
        tl_json *root = read_result(treelab, given ? "given" : "file");
        const tl_json *phases = tl_json_get(tl_json_at(tl_json_get(root, "cells"), 0), "phases");
        for (size_t p = 0; p < 2; p++)
            assert_int_equal(tl_json_count(tl_json_get(tl_json_at(phases, p), "transactions"), 0),
                             expected[given][p]);
        tl_json_free(root);
    }
}

static void a_spec_of_the_catalogue_asks_the_same_as_its_text(void **state)
{
    program *treelab = *state;
    char path[PATH_MAX];
    program_run(treelab, "list workload ycsb_a");
    snprintf(path, sizeof path, "%s", write_spec(treelab, "y.ini", treelab->out));
    run_ok(treelab, path, "a", "-n 500 --repeat 1 --driver model --set run.keys=zipf:0.5");
    program_run(
        treelab,
        "run -w ycsb_a,zipf -n 500 --repeat 1 -d model --set run.keys=zipf:0.5 --out '%s/b'",
        treelab->scratch->path);
    if (treelab->exit_code != TL_EXIT_OK)
        fail_msg("%s", treelab->err);
    tl_json *first = read_result(treelab, "a"), *second = read_result(treelab, "b");
    assert_string_equal(sha_of(first, 0), sha_of(second, 0));
    assert_string_not_equal(sha_of(second, 0), sha_of(second, 1));
    assert_string_equal(tl_json_text(tl_json_get(workload_of(second, 0), "name"), ""), "ycsb_a");
    assert_string_equal(tl_json_text(tl_json_get(workload_of(second, 1), "name"), ""), "zipf");
    tl_json_free(first);
    tl_json_free(second);
    program_run(treelab, "run -w ycbs_a");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "did you mean 'ycsb_a'?");
}

/* The names of a cell's phases and what they counted. */
static void phases_text(const tl_json *root, char *text, size_t text_bytes)
{
    const tl_json *phases = tl_json_get(tl_json_at(tl_json_get(root, "cells"), 0), "phases");
    text[0] = '\0';
    for (size_t p = 0; p < tl_json_size(phases); p++) {
        const tl_json *phase = tl_json_at(phases, p);
        size_t used = strlen(text);
        snprintf(text + used, text_bytes - used, "%s ",
                 tl_json_text(tl_json_get(phase, "name"), ""));
    }
}

static void sections_change_the_phases_of_a_catalogue_workload_and_replace_none(void **state)
{
    program *treelab = *state;
    static const struct {
        const char *workload, *set;
    } rows[] = {
        {"ycsb_a",        "run.until=2s"     },
        {"ycsb_d",        "run.batch=7"      },
        {"zipf",          "run.keys=zipf:0.5"},
        {"update_resize", "run.until=1s"     },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[PATH_MAX], expected[1024], found[1024];
        program_run(treelab, "run --explain %s -n 500 --repeat 1 -d model --set %s",
                    rows[i].workload, rows[i].set);
        snprintf(path, sizeof path, "%s", write_spec(treelab, "again.ini", treelab->out));
        program_run(treelab, "run %s -n 500 --repeat 1 -d model --set %s --out '%s/a%zu'",
                    rows[i].workload, rows[i].set, treelab->scratch->path, i);
        if (treelab->exit_code != TL_EXIT_OK)
            fail_msg("%s: %s", rows[i].workload, treelab->err);
        char dir[32];
        snprintf(dir, sizeof dir, "b%zu", i);
        run_ok(treelab, path, dir, "");
        tl_json *second = read_result(treelab, dir);
        dir[0] = 'a';
        tl_json *first = read_result(treelab, dir);
        phases_text(first, expected, sizeof expected);
        phases_text(second, found, sizeof found);
        assert_true(strncmp(expected, "load ", 5) == 0);
        assert_string_equal(found, expected);
        assert_string_equal(sha_of(first, 0), sha_of(second, 0));
        tl_json_free(first);
        tl_json_free(second);
    }
    program_run(treelab, "run --dry-run '%s'",
                write_spec(treelab, "c.ini", "[global]\nworkload = ycsb_a\n[verify]\n"));
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "c.ini:3: [verify]: workload ycsb_a has no such phase");
}

/* As a run does, before anything runs. */
static void a_phase_that_cannot_end_early_is_told_by_validate_and_a_dry_run(void **state)
{
    program *treelab = *state;
    static const char text[] = "[global]\nops = 100\n[load]\nuntil = 1ms\n[run]\nmix = get\n";
    static const char *const commands[] = {"validate", "run --dry-run", "run --explain"};
    const char *path = write_spec(treelab, "u.ini", text);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        program_run(treelab, "%s '%s'", commands[i], path);
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
        program_says(treelab->err, "u.ini:4: ");
        program_says(treelab->err, "until=1ms: it is not measured; only a measured phase");
    }
}

int main(void)
{
#define RUN(test) cmocka_unit_test_setup_teardown(test, program_setup, program_teardown)
    const struct CMUnitTest tests[] = {
        RUN(a_spec_runs_its_sections_in_their_order_and_verify_is_one),
        RUN(equal_questions_have_one_hash_however_they_are_asked),
        RUN(explain_tells_where_each_value_is_from_and_can_be_run_again),
        RUN(all_troubles_of_a_spec_are_told_before_anything_runs),
        RUN(what_only_the_workload_judges_has_its_line_too),
        RUN(validate_knows_specs_scripts_and_results_by_what_is_in_them),
        RUN(validate_sees_a_result_that_contradicts_itself),
        RUN(a_run_over_its_timeout_keeps_what_is_finished_and_goes_on_when_resumed),
        RUN(each_combination_of_values_is_a_cell_with_its_own_name_and_hash),
        RUN(values_of_a_driver_are_more_drivers),
        RUN(values_that_cannot_be_are_refused_before_anything_runs),
        RUN(every_spec_of_the_catalogue_is_a_workload_and_a_file_to_run),
        RUN(a_batch_of_a_file_leaves_that_of_a_section_alone),
        RUN(a_spec_of_the_catalogue_asks_the_same_as_its_text),
        RUN(a_phase_that_cannot_end_early_is_told_by_validate_and_a_dry_run),
        RUN(sections_change_the_phases_of_a_catalogue_workload_and_replace_none),
        RUN(a_killed_run_goes_on_from_its_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
