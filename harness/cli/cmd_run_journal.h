/* harness/cli/cmd_run_journal.h -- the journal of `treelab run`: what an earlier start finished. */
#ifndef TL_HARNESS_CMD_RUN_JOURNAL_H
#define TL_HARNESS_CMD_RUN_JOURNAL_H

#include "harness/cli/cmd_run.h"

/* Open the journal of the run's directory; with --resume, what is in it must be of this program,
 * of this machine, and of the questions that the request asks.  Complains and gives an exit code.
 */
int tl_run_journal_open(const char *dir, const tl_result *result, const tl_run_options *asked,
                        tl_journal **journal);

/* Fill *cell from the journal; false: it is not in there. */
bool tl_run_journal_earlier(const tl_journal *journal, tl_run_cell *cell);

/* Keep a finished cell.  One that failed is not kept: a resumed run tries it again. */
tl_status tl_run_journal_keep(tl_journal *journal, const tl_run_request *request,
                              const tl_run_cell *cell);

#endif
