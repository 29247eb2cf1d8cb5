/* A spec says the same in INI, in JSON and on the command line; what is wrong is told, all of it.
 */
#define _GNU_SOURCE
#include "harness/report/tests/folder.h"
#include "harness/spec/spec.h"

typedef struct told { /* what tl_spec_tell got */
    char text[8192];
    size_t count;
} told;

static void note(void *context, const char *text)
{
    told *all = context;
    size_t used = strlen(all->text);
    snprintf(all->text + used, sizeof all->text - used, "%s\n", text);
    all->count++;
}

static void says(const char *where, const char *text)
{
    if (strstr(where, text) == NULL)
        fail_msg("'%s' is not in:\n%s", text, where);
}

/* A workload with phases, as far as its table goes. */
static const tl_workload_option phase_options[] = {
    {"phases",      "text",  "",        "",           "their order"  },
    {"*.ops",       "count", "0",       "0..1e9",     "of the phase" },
    {"*.keys",      "law",   "uniform", "",           "which record" },
    {"*.verb",      "word",  "put",     "put|insert", "how to write" },
    {"value_bytes", "bytes", "100",     "0..1m",      "of each value"},
    {NULL,          NULL,    NULL,      NULL,         NULL           },
};
static const tl_workload phased = {.name = "composed", .options = phase_options};

static tl_spec_words words_of(const tl_workload *workload)
{
    return (tl_spec_words){
        .workloads = {workload},
        .workload_count = 1,
        .drivers = { "tree",  "lmdb"},
        .driver_count = 2
    };
}

static const char ini[] = "; a remark\n"
                          "[global]\n"
                          "workload = composed   ; what is asked\n"
                          "ops = 1e6\n"
                          "tree.leaf = rebuild\n"
                          "value_bytes = 4k\n"
                          "\n"
                          "[load]\n"
                          "[run]\n"
                          "  keys = zipf:0.99\n"
                          "ops = 2k\n";
static const char json[] = "{\n"
                           "  \"phases\": [\n"
                           "    {\"phase\": \"load\"},\n"
                           "    {\"keys\": \"zipf:0.99\",\n"
                           "     \"ops\": 2048, \"phase\": \"run\"}],\n"
                           "  \"global\": {\"value_bytes\": 4096, \"ops\": 1000000,\n"
                           "    \"workload\": \"composed\", \"tree.leaf\": \"rebuild\"}\n"
                           "}\n";

/* The settings that a spec gives to its workload, as the canonical text sees them. */
static void canonical_of(const tl_spec *spec, const char *phases, char hash[TL_SPEC_HASH_BYTES],
                         char *text, size_t text_bytes)
{
    tl_workload_setting settings[16];
    char names[16][64];
    size_t count = 0;
    settings[count++] = (tl_workload_setting){"phases", phases};
    for (size_t i = 0; i < spec->entry_count; i++) {
        const tl_spec_entry *entry = &spec->entries[i];
        if (entry->section[0] == '\0' && tl_spec_setting_row(&phased, entry->key) == NULL)
            continue;
        snprintf(names[count], sizeof names[count], "%s%s%s", entry->section,
                 entry->section[0] == '\0' ? "" : ".", entry->key);
        if (tl_spec_row(tl_spec_globals, entry->key) != NULL && entry->section[0] == '\0')
            continue;
        settings[count] = (tl_workload_setting){names[count], entry->value};
        count++;
    }
    tl_spec_ask ask = {.workload = &phased,
                       .ops = 1000000,
                       .seed = 42,
                       .durability = "none",
                       .settings = settings,
                       .setting_count = count};
    tl_json *root = tl_spec_canonical(&ask, hash);
    assert_non_null(root);
    char *line = tl_json_line(root);
    assert_non_null(line);
    snprintf(text, text_bytes, "%s", line);
    free(line);
    tl_json_free(root);
}

static void read_into(tl_spec *spec, told *all, const char *name, const char *text,
                      tl_status expected)
{
    *all = (told){.count = 0};
    tl_spec_begin(spec, note, all);
    tl_status status = tl_spec_read_text(spec, name, text, strlen(text));
    if (status != expected)
        fail_msg("status %d, told:\n%s", (int)status, all->text);
}

static void ini_and_json_with_the_same_keys_are_one_question_with_one_hash(void **state)
{
    (void)state;
    told all;
    tl_spec spec;
    tl_spec_words words = words_of(&phased);
    char hashes[2][TL_SPEC_HASH_BYTES], texts[2][2048];
    for (int i = 0; i < 2; i++) {
        read_into(&spec, &all, i == 0 ? "a.ini" : "a.json", i == 0 ? ini : json, TL_OK);
        if (!tl_spec_check(&spec, &words))
            fail_msg("%s", all.text);
        canonical_of(&spec, "load,run", hashes[i], texts[i], sizeof texts[i]);
        tl_spec_release(&spec);
    }
    assert_string_equal(texts[0], texts[1]);
    assert_string_equal(hashes[0], hashes[1]);
    assert_string_equal(texts[0],
                        "{\"global\":{\"durability\":\"none\",\"ops\":1000000,\"page_bytes\":0,"
                        "\"seed\":\"0x000000000000002a\",\"value_bytes\":4096,"
                        "\"workload\":\"composed\"},\"phases\":[{\"phase\":\"load\"},"
                        "{\"keys\":\"zipf:0.99\",\"ops\":2048,\"phase\":\"run\"}]}");
}

/* Printed by sha256sum from the text above. */
static void the_hash_is_the_sha_256_of_the_canonical_text(void **state)
{
    (void)state;
    told all;
    tl_spec spec;
    char hash[TL_SPEC_HASH_BYTES], text[2048], command[4096], other[128] = "";
    read_into(&spec, &all, "a.ini", ini, TL_OK);
    canonical_of(&spec, "load,run", hash, text, sizeof text);
    tl_spec_release(&spec);
    snprintf(command, sizeof command, "printf %%s '%s' | sha256sum", text);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(other, sizeof other, pipe));
    pclose(pipe);
    assert_memory_equal(hash, other, TL_SPEC_HASH_BYTES - 1);
}

static void another_value_or_another_order_of_phases_is_another_hash(void **state)
{
    (void)state;
    told all;
    tl_spec spec;
    char hashes[3][TL_SPEC_HASH_BYTES], text[2048];
    read_into(&spec, &all, "a.ini", ini, TL_OK);
    canonical_of(&spec, "load,run", hashes[0], text, sizeof text);
    canonical_of(&spec, "run,load", hashes[1], text, sizeof text);
    assert_int_equal(tl_spec_put(&spec, "run", "keys", "zipf:0.9", TL_SPEC_COMMAND, 0, NULL),
                     TL_OK);
    canonical_of(&spec, "load,run", hashes[2], text, sizeof text);
    tl_spec_release(&spec);
    assert_string_not_equal(hashes[0], hashes[1]);
    assert_string_not_equal(hashes[0], hashes[2]);
}

static void keys_know_their_lines_and_empty_sections_are_seen(void **state)
{
    (void)state;
    told all;
    tl_spec spec;
    read_into(&spec, &all, "a.ini", ini, TL_OK);
    assert_int_equal(tl_spec_find(&spec, "", "ops")->line, 4);
    assert_int_equal(tl_spec_find(&spec, "run", "keys")->line, 10);
    assert_int_equal(spec.section_count, 2);
    assert_string_equal(spec.sections[0].name, "load");
    assert_int_equal(spec.sections[0].line, 8);
    tl_spec_release(&spec);
    read_into(&spec, &all, "a.json", json, TL_OK);
    assert_int_equal(tl_spec_find(&spec, "", "ops")->line, 6);
    assert_int_equal(tl_spec_find(&spec, "run", "ops")->line, 5);
    assert_int_equal(spec.sections[1].line, 4);
    tl_spec_release(&spec);
}

static void every_trouble_of_a_file_is_told_with_its_line_and_the_nearest_name(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        const char *told[8];
    } rows[] = {
        {"b.ini",
         "[global]\n"
         "opps = 5\n"
         "durability = comit\n"
         "ops = many\n"
         "seed = -1\n"
         "lmbd.map = 1\n"
         "run.keys = uniform\n"
         "[rum]\n",             {"b.ini:2: unknown key 'opps'; did you mean 'ops'?",
          "b.ini:3: durability has no 'comit'; did you mean 'commit'?",
          "b.ini:4: ops=many is not a number", "b.ini:5: seed=-1 is negative; write for example 42",
          "b.ini:6: unknown driver of this run 'lmbd'; did you mean 'lmdb'?",
          "b.ini:7: 'run.keys' belongs into a section [run], as 'keys'",
          "b.ini:8: unknown section [rum]; did you mean [run]?"}                 },
        {"c.ini",
         "[run]\n"
         "kyes = uniform\n"
         "ops = 1e10\n"
         "verb = isnert\n",     {"c.ini:2: [run] unknown key 'kyes'; did you mean 'keys'?",
          "c.ini:3: [run] ops=1e10 is outside 0..1e9",
          "c.ini:4: [run] verb has no 'isnert'; did you mean 'insert'?"} },
        {"d.json",
         "{\"global\": {\n"
         "  \"opps\": 5,\n"
         "  \"ops\": 0},\n"
         " \"phases\": [\n"
         "  {\"phase\": \"run\", \"verb\": \"\\\"\", \n"
         "   \"kyes\": 1}]}\n", {"d.json:2: unknown key 'opps'; did you mean 'ops'?", "d.json:3: ops=0 is outside",
          "d.json:5: [run] verb has no",
          "d.json:6: [run] unknown key 'kyes'; did you mean 'keys'?"}},
    };
    tl_spec_words words = words_of(&phased);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        told all;
        tl_spec spec;
        size_t count = 0;
        read_into(&spec, &all, rows[i].name, rows[i].text, TL_OK);
        assert_false(tl_spec_check(&spec, &words));
        for (; rows[i].told[count] != NULL; count++)
            says(all.text, rows[i].told[count]);
        assert_int_equal(all.count, count);
        tl_spec_release(&spec);
    }
}

static void what_is_no_ini_or_no_json_is_told_line_by_line(void **state)
{
    (void)state;
    char wide[600];
    snprintf(wide, sizeof wide, "[global]\n; %0250d\nname = %0250d\n", 1, 1);
    const struct {
        const char *name, *text;
        const char *told[4];
    } rows[] = {
        {"e.ini",
         "[global]\nnothing\nops = 5\n[run\nalso nothing\n",                                      {"e.ini:2: 'nothing' is not KEY = VALUE", "e.ini:4: '[run': a section is [NAME]",
          "e.ini:5: 'also nothing' is not KEY = VALUE"}                                                                       },
        {"f.ini",
         "ops = 5\n[global]\nops = 6\nops = 7\n[run]\n[run]\n",                                   {"f.ini:1: 'ops' stands before any section",
          "f.ini:4: 'ops' is set twice, first on line 3",
          "f.ini:6: [run] is there already, on line 5"}                                                                    },
        {"g.ini",  wide,                                                                          {"g.ini:3: longer than 197 bytes"}                                                      },
        {"h.json",
         "{\"global\": {\"ops\": 5},\n \"ops\"}",                                                 {"h.json:2: from here on it is not JSON"}                                               },
        {"i.json",
         "{\"global\": {\"ops\": 5,\n \"ops\": 6,\n \"seed\": 9007199254740993,\n \"dir\": []}}", {"i.json:2: 'ops' is set twice, first on line 1", "i.json:3: seed: a number of 2^53",
          "i.json:4: dir: a value is"}                                                   },
        {"j.json", "[]",                                                                          {"j.json:1: a spec is an object"}                                                       },
        {"k.json",
         "{\"phases\": [\n{}, 5], \"x\": 1}",                                                     {"each of \"phases\" is an object", "each of \"phases\" is an object", "'x': a spec is"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        told all;
        tl_spec spec;
        size_t count = 0;
        read_into(&spec, &all, rows[i].name, rows[i].text, TL_INVALID);
        for (; count < 4 && rows[i].told[count] != NULL; count++)
            says(all.text, rows[i].told[count]);
        assert_int_equal(all.count, count);
        tl_spec_release(&spec);
    }
}

static void the_command_line_wins_whenever_the_file_is_read(void **state)
{
    (void)state;
    told all = {.count = 0};
    tl_spec spec;
    tl_spec_begin(&spec, note, &all);
    assert_int_equal(tl_spec_put(&spec, "", "ops", "5", TL_SPEC_COMMAND, 0, NULL), TL_OK);
    assert_int_equal(tl_spec_put(&spec, "", "seed", "1", TL_SPEC_DEFAULT, 0, NULL), TL_OK);
    assert_int_equal(tl_spec_read_text(&spec, "a.ini", ini, strlen(ini)), TL_OK);
    assert_int_equal(tl_spec_put(&spec, "run", "keys", "uniform", TL_SPEC_COMMAND, 0, NULL), TL_OK);
    assert_string_equal(tl_spec_get(&spec, "", "ops", ""), "5");
    assert_string_equal(tl_spec_get(&spec, "run", "keys", ""), "uniform");
    char *text = NULL;
    size_t text_bytes = 0;
    FILE *out = open_memstream(&text, &text_bytes);
    tl_spec_words words = words_of(&phased);
    tl_spec_print(&spec, &words, out);
    fclose(out);
    says(text, "; command line, over a.ini:4");
    says(text, "; command line, over a.ini:10");
    says(text, "; a.ini:11");
    says(text, "; default");
    free(text);
    tl_spec_release(&spec);
}

static void what_explain_prints_can_be_read_again_and_asks_the_same(void **state)
{
    (void)state;
    told all;
    tl_spec spec;
    tl_spec_words words = words_of(&phased);
    char hash[TL_SPEC_HASH_BYTES], first[2048], again[2048];
    read_into(&spec, &all, "a.ini", ini, TL_OK);
    canonical_of(&spec, "load,run", hash, first, sizeof first);
    char *text = NULL;
    size_t text_bytes = 0;
    FILE *out = open_memstream(&text, &text_bytes);
    tl_spec_print(&spec, &words, out);
    fclose(out);
    tl_json *root = tl_spec_json(&spec, &words);
    char *line = tl_json_line(root);
    assert_non_null(line);
    tl_json_free(root);
    tl_spec_release(&spec);
    const char *const forms[] = {text, line};
    for (int i = 0; i < 2; i++) {
        read_into(&spec, &all, "again", forms[i], TL_OK);
        if (!tl_spec_check(&spec, &words))
            fail_msg("%s\n%s", all.text, forms[i]);
        canonical_of(&spec, "load,run", hash, again, sizeof again);
        assert_string_equal(first, again);
        assert_string_equal(tl_spec_get(&spec, "", "tree.leaf", ""), "rebuild");
        tl_spec_release(&spec);
    }
    free(text);
    free(line);
}

static void a_file_that_cannot_be_read_is_told(void **state)
{
    told all = {.count = 0};
    tl_spec spec;
    tl_spec_begin(&spec, note, &all);
    assert_int_equal(tl_spec_read(&spec, folder_join(*state, "none.ini")), TL_NOT_FOUND);
    says(all.text, "none.ini");
    tl_spec_release(&spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ini_and_json_with_the_same_keys_are_one_question_with_one_hash),
        cmocka_unit_test(the_hash_is_the_sha_256_of_the_canonical_text),
        cmocka_unit_test(another_value_or_another_order_of_phases_is_another_hash),
        cmocka_unit_test(keys_know_their_lines_and_empty_sections_are_seen),
        cmocka_unit_test(every_trouble_of_a_file_is_told_with_its_line_and_the_nearest_name),
        cmocka_unit_test(what_is_no_ini_or_no_json_is_told_line_by_line),
        cmocka_unit_test(the_command_line_wins_whenever_the_file_is_read),
        cmocka_unit_test(what_explain_prints_can_be_read_again_and_asks_the_same),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_read_is_told, folder_setup,
                                        folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
