/* Scripts broken at random: whatever the text, the parser answers, the printer agrees with it, and
 * a run of the model beside itself never finds a difference.
 *
 * The seed is printed; TREELAB_SEED=n replays it, TREELAB_ROUNDS=n makes it longer. */
#include "equal.h"
#include "fixture.h"

#include "workloads/keys.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS_MAX = 64, TEXT_BYTES_MAX = 8192, ROUNDS = 3000 };

static struct {
    char *texts[TEXTS_MAX];
    size_t count;
} corpus;

static void read_corpus(void)
{
    static const char dir_path[] = "harness/tests/scripts";
    DIR *dir = opendir(dir_path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL && corpus.count < TEXTS_MAX;) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot == NULL || strcmp(dot, ".tls") != 0)
            continue;
        char path[512], *text = calloc(1, TEXT_BYTES_MAX);
        snprintf(path, sizeof path, "%s/%s", dir_path, entry->d_name);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        assert_non_null(text);
        assert_true(fread(text, 1, TEXT_BYTES_MAX - 1, file) > 0);
        fclose(file);
        corpus.texts[corpus.count++] = text;
    }
    closedir(dir);
    assert_true(corpus.count >= 12);
}

static void free_corpus(void)
{
    while (corpus.count > 0)
        free(corpus.texts[--corpus.count]);
}

/* Pieces that mean something to the language. */
static const char *const pieces[] = {
    "\n",
    " ",
    "\"",
    "(",
    ")",
    "[",
    "]",
    "..",
    "->",
    "-",
    "$",
    "$i",
    "#",
    "end\n",
    "for i in 0..3\n",
    "u64(",
    "fill(3,1)",
    "hex(0",
    "@t",
    "any",
    "TL_OK",
    "count=",
    "key=",
    ":",
    "c: ",
    "begin\n",
    "begin read r\n",
    "commit\n",
    "abort\n",
    "cursor c\n",
    "c: next\n",
    "c: curdel\n",
    "reopen\n",
    "close\n",
    "open\n",
    "del u64(3)\n",
    "scan reverse\n",
    "shuffle 3",
    "step -1",
    "0",
    "99999999999",
    "9223372036854775807",
    "\\x",
    "\xff",
    "r: ",
    "limit 2",
    "batch\n",
    "\"k\" \"v\"\n",
    "\r",
};
enum { PIECE_COUNT = sizeof pieces / sizeof pieces[0] };

/* One change at a random place: a piece put in or a range cut, copied or overwritten. */
static void mutate(tl_dice *dice, char *text, size_t *size_bytes)
{
    size_t at = (size_t)tl_dice_below(dice, *size_bytes + 1);
    size_t rest = *size_bytes - at, span = (size_t)tl_dice_below(dice, 40);
    span = span < rest ? span : rest;
    const char *piece = pieces[tl_dice_below(dice, PIECE_COUNT)];
    size_t piece_bytes = strlen(piece);
    switch (tl_dice_below(dice, 4)) {
    case 0: /* cut */
        memmove(text + at, text + at + span, rest - span);
        *size_bytes -= span;
        break;
    case 1: /* copy a range to the end of itself */
        if (*size_bytes + span < TEXT_BYTES_MAX) {
            memmove(text + at + span, text + at, rest);
            *size_bytes += span;
        }
        break;
    case 2: /* put a piece in */
        if (*size_bytes + piece_bytes < TEXT_BYTES_MAX) {
            memmove(text + at + piece_bytes, text + at, rest);
            memcpy(text + at, piece, piece_bytes);
            *size_bytes += piece_bytes;
        }
        break;
    default: /* overwrite a byte */
        if (rest > 0)
            text[at] = (char)tl_dice_below(dice, 256);
    }
}

static void check_printing(const tl_script *script)
{
    char *text = NULL, *text_again = NULL;
    tl_script *again = NULL;
    tl_script_error error;
    assert_int_equal(tl_script_print(script, &text), TL_OK);
    if (tl_script_parse("again", (tl_slice){text, strlen(text)}, &again, &error) != TL_OK)
        fail_msg("printed text does not parse: %u:%u: %s\n%s", error.line, error.column, error.text,
                 text);
    if (!scripts_are_equal(script, again))
        fail_msg("printed text parses to another script:\n%s", text);
    assert_int_equal(tl_script_print(again, &text_again), TL_OK);
    assert_string_equal(text, text_again);
    tl_script_free(again);
    free(text_again);
    free(text);
}

/* The model against itself: wants may fail, but the two sides must always agree. */
static void check_running(const tl_script *script, bool skip_unsupported)
{
    tl_script_config config = {.driver = tl_driver_find("model"),
                               .skip_unsupported = skip_unsupported,
                               .lines_max = 3000,
                               .written_max = 1 << 20};
    tl_script_result result;
    fixture_run_script(script, &config, &result);
    if (strstr(result.message, "(as the model)") != NULL ||
        strstr(result.message, "at the end") != NULL)
        fail_msg("the model disagrees with itself: %s", result.message);
}

static uint64_t number_from(const char *variable, uint64_t fallback)
{
    const char *text = getenv(variable);
    return text != NULL ? strtoull(text, NULL, 0) : fallback;
}

static void broken_scripts_break_nothing(void **state)
{
    (void)state;
    uint64_t seed = number_from("TREELAB_SEED", 20261121);
    uint64_t rounds = number_from("TREELAB_ROUNDS", ROUNDS), parsed = 0;
    print_message("replay with TREELAB_SEED=%llu\n", (unsigned long long)seed);
    read_corpus();
    tl_dice dice;
    tl_dice_init(&dice, seed);
    char *text = malloc(TEXT_BYTES_MAX);
    assert_non_null(text);
    for (uint64_t round = 0; round < rounds; round++) {
        const char *origin = corpus.texts[tl_dice_below(&dice, corpus.count)];
        size_t size_bytes = strlen(origin);
        memcpy(text, origin, size_bytes);
        for (uint64_t change = tl_dice_below(&dice, 6) + 1; change > 0; change--)
            mutate(&dice, text, &size_bytes);
        tl_script *script = NULL;
        tl_script_error error;
        tl_slice source = {text, size_bytes};
        if (tl_script_parse("mutant", source, &script, &error) != TL_OK) {
            assert_true(error.line >= 1 && error.column >= 1 && error.text[0] != '\0');
            continue;
        }
        parsed++;
        check_printing(script);
        check_running(script, tl_dice_below(&dice, 2) == 0);
        tl_script_free(script);
    }
    assert_true(parsed > rounds / 50); /* enough survive the parser to be worth running */
    free(text);
    free_corpus();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(broken_scripts_break_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
