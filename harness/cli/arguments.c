/* harness/cli/arguments.c -- argp names the program by argv[0]; ours is two words. */
#include "harness/cli/arguments.h"

#include "workloads/number.h"
#include "workloads/real.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 64, CHOICES_BYTES = 400 };

int tl_arguments_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    static char name[NAME_BYTES]; /* argp keeps pointing at it while a command runs */
    char **words = calloc((size_t)argc + 1, sizeof *words);
    if (words == NULL) {
        tl_complain(argv[0], "out of memory");
        return TL_EXIT_ENVIRONMENT;
    }
    snprintf(name, sizeof name, "treelab %s", argv[0]);
    memcpy(words, argv, (size_t)argc * sizeof *words); /* argp sorts a copy: options first */
    words[0] = name;
    argp_err_exit_status = TL_EXIT_USAGE;
    error_t failed = argp_parse(argp, argc, words, 0, NULL, input);
    free(words);
    if (failed == 0)
        return TL_EXIT_OK;
    tl_complain(argv[0], "%s", strerror(failed));
    return TL_EXIT_ENVIRONMENT;
}

static bool is_among(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

/* "mixed, insert, ...": each once, as many as a message bears. */
static void join(char *text, size_t text_bytes, const char *const *words, size_t count)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (is_among(words[i], words, i))
            continue;
        if (used + strlen(words[i]) + sizeof ", ..." >= text_bytes) {
            snprintf(text + used, text_bytes - used, ", ...");
            return;
        }
        used += (size_t)snprintf(text + used, text_bytes - used, "%s%s", used == 0 ? "" : ", ",
                                 words[i]);
    }
}

void tl_arguments_unknown(const struct argp_state *state, const char *kind, const char *word,
                          const char *const *candidates, size_t candidate_count, const char *list)
{
    char all[CHOICES_BYTES], choices[CHOICES_BYTES + 16] = "";
    const char *nearest = tl_nearest(word, candidates, candidate_count);
    if (list == NULL && candidate_count > 0) {
        join(all, sizeof all, candidates, candidate_count);
        snprintf(choices, sizeof choices, "%s %s %s", nearest != NULL ? " There" : "; there",
                 candidate_count == 1 ? "is" : "are", all);
    }
    if (nearest != NULL)
        argp_error(state, "unknown %s '%s'; did you mean '%s'?%s", kind, word, nearest, choices);
    else if (list != NULL)
        argp_error(state, "unknown %s '%s'; `treelab list %s` shows them all", kind, word, list);
    else
        argp_error(state, "unknown %s '%s'%s", kind, word, choices);
}

/* Digits, a point, an exponent, "%"; no sign, and none of strtod's words. */
static bool read_percent(const char *text, double *percent)
{
    bool read = tl_real_read(&text, percent);
    return read && strcmp(text, *text == '%' ? "%" : "") == 0 && *percent <= 100;
}

double tl_arguments_percent(const struct argp_state *state, const char *option, const char *text)
{
    double percent = 0;
    if (!read_percent(text, &percent) || percent == 0)
        argp_error(state, "--%s takes a percentage above 0 and up to 100, as 3%%, not '%s'", option,
                   text);
    return percent;
}

double tl_arguments_share(const struct argp_state *state, const char *option, const char *text)
{
    double percent = 0;
    if (!read_percent(text, &percent))
        argp_error(state, "--%s takes a percentage from 0 to 100, as 3%%, not '%s'", option, text);
    return percent;
}

uint64_t tl_arguments_number(const struct argp_state *state, const char *option, const char *text,
                             uint64_t min, uint64_t max)
{
    uint64_t value = 0;
    const char *wrong = tl_number_parse(text, TL_NUMBER_SIZE, &value);
    if (wrong != NULL)
        argp_error(state, "--%s takes a number from %" PRIu64 " to %" PRIu64 ": '%s' %s", option,
                   min, max, text, wrong);
    else if (value < min || value > max)
        argp_error(state, "--%s takes a number from %" PRIu64 " to %" PRIu64 ", not '%s'", option,
                   min, max, text);
    return value;
}

uint64_t tl_arguments_time(const struct argp_state *state, const char *option, const char *text,
                           uint64_t max_ns)
{
    uint64_t ns = 0;
    const char *wrong = tl_number_parse(text, TL_NUMBER_TIME, &ns);
    if (wrong == NULL && ns > max_ns)
        wrong = "is too long";
    if (wrong != NULL)
        argp_error(state, "--%s takes a time such as %s: '%s' %s", option,
                   tl_number_examples(TL_NUMBER_TIME), text, wrong);
    return ns;
}

double tl_arguments_seconds(const struct argp_state *state, const char *option, const char *text,
                            uint64_t max_s)
{
    static const uint64_t second_ns = 1000000000;
    uint64_t ns = tl_arguments_time(state, option, text, max_s * second_ns);
    if (ns < second_ns)
        argp_error(state, "--%s takes a time from 1s on, not '%s'", option, text);
    return (double)ns / (double)second_ns;
}

uint64_t tl_arguments_seed(const struct argp_state *state, const char *text)
{
    uint64_t seed = 0;
    const char *wrong = tl_number_parse(text, TL_NUMBER_SIZE, &seed);
    if (wrong != NULL)
        argp_error(state, "--seed takes a number such as 42 or 0x2a: '%s' %s", text, wrong);
    return seed;
}

void tl_arguments_list(struct argp_state *state, const char *list,
                       void (*add)(struct argp_state *state, const char *word))
{
    char words[256];
    if (strlen(list) >= sizeof words)
        argp_error(state, "'%.40s...' is too long a list", list);
    snprintf(words, sizeof words, "%s", list);
    char *rest = words;
    for (char *word; (word = strsep(&rest, ",")) != NULL;)
        add(state, word);
}

uint32_t tl_arguments_page_bytes(const struct argp_state *state, const char *text)
{
    uint32_t page_bytes = (uint32_t)tl_arguments_number(state, "page-size", text, 1024, 65536);
    if ((page_bytes & (page_bytes - 1)) != 0)
        argp_error(state, "--page-size takes a power of two, not '%s'", text);
    return page_bytes;
}
