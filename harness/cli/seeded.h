/* harness/cli/seeded.h -- `--regress NAME` of `run` and `agent`, in the program that has seeded
 * losses of speed. */
#ifndef TL_HARNESS_CLI_SEEDED_H
#define TL_HARNESS_CLI_SEEDED_H

/* Take the option out of the arguments and wake what it names.  In `treelab` it stays where it is,
 * for the command's parser to refuse.  TL_EXIT_OK, or TL_EXIT_USAGE: there is none of that name. */
int tl_seeded_take(const char *command, int *argc, char **argv);

#endif
