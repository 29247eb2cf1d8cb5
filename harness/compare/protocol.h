/* harness/compare/protocol.h -- what a duel and its agents say to each other, a line at a time.
 *
 *     agent                                         duel
 *     treelab-agent VERSION REVISION
 *     opened VALUE_BYTES_MAX ANSWERS               (0: the store does not claim to read back)
 *                                                   begin VALUE_BYTES_MAX   (what both take)
 *     ready CPU WALL EMPTY HICCUPS HICCUP_MAX
 *                                                   phase
 *     whole NAME OPS CPU WALL                       (set-up: it has run)
 *     threads NAME OPS CPU WALL                     (a phase of several threads: the same)
 *     timed NAME OPS REPEATS READS                  (1: so few operations that they are repeated;
 *                                                    1: none writes)
 *     none                                          (there is no phase left)
 *                                                   slice WARM OPS END
 *     slice OPS CPU WALL HASH MINFLT INVOL RUNWAIT IDLE
 *                                                   finish
 *     counter NAME VALUE ...
 *     finished OPS HASH                             (the rest has run, if the phase writes)
 *                                                   close
 *     closed RECORDS CONTENT_HASH                   (and the agent ends)
 *
 * Times are nanoseconds: CPU of the process with all its threads, wall of CLOCK_MONOTONIC.  Hashes
 * are hexadecimal.  WARM operations run before the clocks are read; END 1: the transaction that
 * is open ends within the slice.  EMPTY is what the CPU clock says of a slice with nothing in it,
 * nine times in ten at most.  RUNWAIT is time spent ready but not running,
 * IDLE the CPU time of threads of the store while the agent waited for this order.  At any time
 * instead of an answer:
 *
 *     wrong TEXT       an answer of the store was not what was written
 *     error STATUS TEXT
 *
 * Another shape of any line is another version.
 */
#ifndef TL_HARNESS_PROTOCOL_H
#define TL_HARNESS_PROTOCOL_H

enum { TL_PROTOCOL_VERSION = 1, TL_PROTOCOL_LINE_MAX = 1024 };
#define TL_PROTOCOL_GREETING "treelab-agent"

#endif
