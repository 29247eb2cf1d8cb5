/* harness/cli/arguments.h -- argp with the house's manners.
 *
 * A usage error prints "treelab COMMAND: MESSAGE" and a pointer to --help on stderr and exits
 * with TL_EXIT_USAGE; --help and --version print on stdout and exit with TL_EXIT_OK.  A parser
 * reports its own errors with argp_error(state, ...), which does the same.
 */
#ifndef TL_HARNESS_ARGUMENTS_H
#define TL_HARNESS_ARGUMENTS_H

#include "harness/cli/cli.h"

#include <argp.h>

/* Let `argp` parse argv[1] to argv[argc - 1] of the subcommand argv[0], with `input` as its
 * state->input.  Comes back only when all is well, or with TL_EXIT_ENVIRONMENT when memory is
 * short. */
int tl_arguments_parse(const struct argp *argp, int argc, char **argv, void *input);

/* Complain that `word` is no known `kind` ("driver"), naming the nearest candidate and where all
 * are listed, and exit with TL_EXIT_USAGE.  `list` is the topic of `treelab list`; NULL: there is
 * none, and the message lists them. */
void tl_arguments_unknown(const struct argp_state *state, const char *kind, const char *word,
                          const char *const *candidates, size_t candidate_count, const char *list);

/* A size or a time of workloads/number.h, or a usage error that names `option`, the range, and what
 * is wrong. */
uint64_t tl_arguments_number(const struct argp_state *state, const char *option, const char *text,
                             uint64_t min, uint64_t max);
uint64_t tl_arguments_time(const struct argp_state *state, const char *option, const char *text,
                           uint64_t max_ns);
/* A time from 1 s on, in seconds; a number alone is seconds. */
double tl_arguments_seconds(const struct argp_state *state, const char *option, const char *text,
                            uint64_t max_s);
/* Call `add` for each word between the commas of `list`; too long a list is a usage error. */
void tl_arguments_list(struct argp_state *state, const char *list,
                       void (*add)(struct argp_state *state, const char *word));
/* The size of a store's pages, or a usage error. */
uint32_t tl_arguments_page_bytes(const struct argp_state *state, const char *text);
/* A seed, decimal or 0x hexadecimal, or a usage error. */
uint64_t tl_arguments_seed(const struct argp_state *state, const char *text);

/* "3" or "3%": a share above 0 and at most 100 %; in percent. */
double tl_arguments_percent(const struct argp_state *state, const char *option, const char *text);
/* The same, that may be 0. */
double tl_arguments_share(const struct argp_state *state, const char *option, const char *text);

#endif
