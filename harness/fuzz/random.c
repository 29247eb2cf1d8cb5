/* harness/fuzz/random.c -- random steps over the whole language.
 *
 * Steps need not make sense: a rollback without a savepoint, a step of a cursor that is closed, are
 * refused alike on both sides.  Most do: the maker remembers roughly what is open.  It grows the
 * store for a while, shrinks it, and grows it again, so that pages split, merge and come back.
 */
#include "harness/fuzz/steps.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 8192, CURSORS = 3, READERS = 3, PHASE_STEPS = 120 };

typedef struct maker {
    tl_choices *choices;
    tl_steps *steps;
    tl_status status;
    size_t made;
    uint32_t page_bytes;
    unsigned key_shape;             /* how keys of this script are spelled, mostly */
    uint64_t key_count, loaded;     /* loads begin behind `loaded`, so that they often succeed */
    bool writing, growing, durable; /* durable: a power loss must leave a sound prefix */
    bool readers[READERS], cursors[CURSORS];
    unsigned saves;
    size_t used;
    char text[TEXT_BYTES];
} maker;

static uint64_t below(maker *of, uint64_t bound)
{
    return tl_choose(of->choices, bound);
}

/* One time in `n`. */
static bool one_in(maker *of, uint64_t n)
{
    return below(of, n) == 0;
}

static void say(maker *of, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(maker *of, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(of->text + of->used, TEXT_BYTES - of->used, format, arguments);
    va_end(arguments);
    of->used += more > 0 ? (size_t)more : 0;
    if (of->used >= TEXT_BYTES)
        of->used = TEXT_BYTES - 1; /* cut off: the parser refuses it, the trial is unfit */
}

static void step_end(maker *of)
{
    if (of->status == TL_OK)
        of->status = tl_steps_add(of->steps, of->text);
    of->made++;
    of->used = 0;
}

/* --- parts of lines --- */

static void say_key_number(maker *of, uint64_t number)
{
    switch (of->key_shape) {
    case 0:
        say(of, "u64(%llu)", (unsigned long long)number);
        break;
    case 1:
        say(of, "\"key \"+dec(%llu,8)", (unsigned long long)number);
        break;
    case 2: /* lengths differ, beginnings are equal */
        say(of, "rep(97,%llu)+u64(%llu)", (unsigned long long)(number % 23),
            (unsigned long long)number);
        break;
    case 3: /* binary, zeros and high bytes */
        say(of, "hex(%02llx00%02llx)", (unsigned long long)(number % 7 * 42),
            (unsigned long long)(number / 7 % 256));
        break;
    default: /* any prefix of the others is a key too */
        say(of, "rep(%llu,%llu)", (unsigned long long)(number % 3 * 127),
            (unsigned long long)(1 + number / 3 % 90));
    }
}

static void say_key(maker *of)
{
    if (one_in(of, 64)) {
        unsigned long long byte = below(of, 256), length = below(of, 600);
        say(of, "rep(%llu,%llu)", byte, length); /* empty and too long ones among them */
        return;
    }
    say_key_number(of, below(of, of->key_count));
}

static void say_value(maker *of)
{
    static const unsigned parts[] = {64, 64, 32, 32, 16, 8, 6};
    uint64_t most = of->page_bytes / parts[below(of, sizeof parts / sizeof parts[0])];
    if (most > 2000)
        most = 2000;
    unsigned long long length = below(of, most + 1), seed = below(of, 1000);
    say(of, " fill(%llu,%llu)", length, seed);
}

static void say_tree(maker *of)
{
    if (one_in(of, 4))
        say(of, " @t%llu", (unsigned long long)below(of, 3));
}

static void say_range(maker *of, bool must)
{
    if (!must && one_in(of, 3))
        return;
    say(of, one_in(of, 2) ? " [" : " (");
    if (!one_in(of, 5))
        say_key(of);
    say(of, "..");
    if (!one_in(of, 5))
        say_key(of);
    say(of, one_in(of, 2) ? "]" : ")");
}

/* --- steps --- */

static void make_put(maker *of)
{
    static const char *const verbs[] = {"put", "put", "put", "insert", "append"};
    say(of, "%s", verbs[below(of, 5)]);
    say_tree(of);
    say(of, " ");
    say_key(of);
    say_value(of);
    step_end(of);
}

static void make_get_or_del(maker *of, const char *verb)
{
    if (verb[0] == 'g' && one_in(of, 4))
        say(of, "r%llu: ", (unsigned long long)below(of, READERS));
    say(of, "%s", verb);
    say_tree(of);
    say(of, " ");
    say_key(of);
    step_end(of);
}

static void make_get(maker *of)
{
    make_get_or_del(of, "get");
}

static void make_del(maker *of)
{
    make_get_or_del(of, "del");
}

static void make_scan(maker *of)
{
    bool counts = one_in(of, 3);
    if (one_in(of, 4))
        say(of, "r%llu: ", (unsigned long long)below(of, READERS));
    say(of, counts ? "count" : "scan");
    say_tree(of);
    say_range(of, false);
    if (!counts && one_in(of, 2))
        say(of, " reverse");
    if (!counts && one_in(of, 3))
        say(of, " limit %llu", (unsigned long long)below(of, 20));
    step_end(of);
}

static void make_delrange(maker *of)
{
    say(of, "delrange");
    say_tree(of);
    uint64_t low = below(of, of->key_count), width = below(of, one_in(of, 8) ? of->key_count : 12);
    say(of, one_in(of, 2) ? " [" : " (");
    say_key_number(of, low);
    say(of, "..");
    say_key_number(of, low + width);
    say(of, one_in(of, 2) ? "]" : ")");
    step_end(of);
}

/* Items in order, now and then not; now and then one for extents, logged whole or written once. */
static void make_batch(maker *of)
{
    static const char *const verbs[] = {"batch", "batch", "bulkinsert", "bulkload"};
    const char *verb = verbs[below(of, 4)];
    uint64_t count = below(of, 40), number = below(of, of->key_count);
    bool again = one_in(of, 12), large = !again && one_in(of, 12);
    say(of, "%s", verb);
    if (strcmp(verb, "bulkload") == 0) {
        say(of, " @b%llu", (unsigned long long)below(of, 2));
        if (one_in(of, 2))
            number += of->loaded += of->key_count; /* behind all that was loaded before */
        if (one_in(of, 3))
            say(of, " fill=%s", one_in(of, 2) ? "bulk90" : "bulk100");
    } else {
        say_tree(of);
    }
    for (uint64_t i = 0; i < count; i++) { /* u64 sorts as its number does */
        say(of, "\n  u64(%llu)", (unsigned long long)number);
        if (large && i == count / 2)
            say(of, " fill(%llu,1)", of->page_bytes / 2 + (number % 16 == 0 ? 33000ULL : 0));
        else
            say_value(of);
        number += again && i == count / 2 ? 0 : 1 + below(of, 5);
    }
    say(of, "\nend");
    step_end(of);
}

/* Many at once, so that trees get deep enough for branches to split and merge. */
static void make_loop(maker *of)
{
    uint64_t first = below(of, of->key_count), count = 50 + below(of, 250);
    say(of, "for i in %llu..%llu", (unsigned long long)first, (unsigned long long)(first + count));
    if (!one_in(of, 3))
        say(of, " shuffle %llu", (unsigned long long)below(of, 100));
    say(of, of->growing ? "\n  put" : "\n  del");
    if (one_in(of, 6))
        say(of, " @t%llu", (unsigned long long)below(of, 3));
    say(of, of->key_shape == 1 ? " \"key \"+dec($i,8)" : " u64($i)");
    if (of->growing)
        say(of, " fill(%llu,$i)\nend", (unsigned long long)below(of, of->page_bytes / 10));
    else
        say(of, " -> any\nend");
    step_end(of);
}

static void make_begin(maker *of)
{
    if (one_in(of, 2)) {
        uint64_t reader = below(of, READERS);
        say(of, of->readers[reader] ? "commit r%llu" : "begin read r%llu",
            (unsigned long long)reader);
        of->readers[reader] = !of->readers[reader];
    } else {
        say(of, of->writing ? (one_in(of, 4) ? "abort" : "commit") : "begin");
        of->writing = !of->writing;
        of->saves = 0;
        if (!of->writing)
            memset(of->cursors, 0, sizeof of->cursors);
    }
    step_end(of);
}

static void make_save(maker *of)
{
    bool back = of->saves > 0 && one_in(of, 2);
    say(of, "%s s%llu", back ? "rollback" : "savepoint", (unsigned long long)below(of, 3));
    of->saves += !back;
    step_end(of);
}

static void make_cursor(maker *of)
{
    static const char *const moves[] = {"next", "next", "next", "prev", "first", "last"};
    uint64_t cursor = below(of, CURSORS);
    if (!of->cursors[cursor]) {
        if (one_in(of, 3))
            say(of, "r%llu: ", (unsigned long long)below(of, READERS));
        say(of, "cursor c%llu", (unsigned long long)cursor);
        say_tree(of);
        of->cursors[cursor] = true;
    } else if (one_in(of, 12)) {
        say(of, "c%llu: curclose", (unsigned long long)cursor);
        of->cursors[cursor] = false;
    } else if (one_in(of, 4)) {
        say(of, "c%llu: seek ", (unsigned long long)cursor);
        say_key_number(of, below(of, of->key_count));
    } else if (one_in(of, of->growing ? 8 : 2)) {
        say(of, "c%llu: curdel", (unsigned long long)cursor);
    } else {
        say(of, "c%llu: %s", (unsigned long long)cursor, moves[below(of, 6)]);
    }
    step_end(of);
}

static void make_drop(maker *of)
{
    char kind = one_in(of, 2) ? 't' : 'b';
    say(of, "drop @%c%llu", kind, (unsigned long long)below(of, 3));
    step_end(of);
}

static void make_whole(maker *of)
{
    static const char *const words[] = {"checkpoint", "compact 8", "verify", "checkpoint"};
    say(of, "%s", words[below(of, 4)]);
    step_end(of);
}

static void forget_open(maker *of)
{
    of->writing = false;
    memset(of->readers, 0, sizeof of->readers);
    memset(of->cursors, 0, sizeof of->cursors);
}

/* Close and open: what is open in between must end first. */
static void make_reopen(maker *of)
{
    for (uint64_t reader = 0; reader < READERS; reader++)
        if (of->readers[reader]) {
            say(of, "commit r%llu", (unsigned long long)reader);
            step_end(of);
        }
    for (uint64_t cursor = 0; cursor < CURSORS; cursor++)
        if (of->cursors[cursor]) {
            say(of, "c%llu: curclose", (unsigned long long)cursor);
            step_end(of);
        }
    if (of->writing) {
        say(of, "commit");
        step_end(of);
    }
    forget_open(of);
    say(of, "reopen");
    step_end(of);
    say(of, "verify");
    step_end(of);
}

/* A killed process, or a power loss at one of the latest operations of the disk with one or two
 * before it lost.  What no disk can do is refused and leaves a killed process. */
static void make_crash(maker *of)
{
    bool power = of->durable && !one_in(of, 3);
    uint64_t at = below(of, one_in(of, 2) ? 12 : 80);
    say(of, "crash profile=%s at=%llu", power ? "posix" : "sigkill", (unsigned long long)at);
    if (power && at > 2 && one_in(of, 2))
        say(of, " drop=%llu", (unsigned long long)(at - 1 - below(of, 2)));
    forget_open(of);
    say(of, " -> any\nreopen\nverify");
    step_end(of);
}

/* weight while growing and while shrinking */
static const struct step_row {
    unsigned growing, shrinking;
    void (*make)(maker *of);
} step_rows[] = {
    {300, 60,  make_put     },
    {60,  260, make_del     },
    {60,  60,  make_get     },
    {30,  30,  make_scan    },
    {4,   20,  make_delrange},
    {24,  6,   make_batch   },
    {10,  10,  make_loop    },
    {24,  24,  make_begin   },
    {16,  16,  make_save    },
    {60,  60,  make_cursor  },
    {2,   4,   make_drop    },
    {8,   8,   make_whole   },
    {2,   2,   make_reopen  },
    {2,   2,   make_crash   },
};
enum { STEP_ROWS = sizeof step_rows / sizeof step_rows[0] };

static void make_any(maker *of)
{
    unsigned sum = 0;
    for (size_t i = 0; i < STEP_ROWS; i++)
        sum += of->growing ? step_rows[i].growing : step_rows[i].shrinking;
    uint64_t ticket = below(of, sum);
    const struct step_row *row = step_rows;
    for (;; row++) { /* ends: the ticket is below the sum */
        unsigned weight = of->growing ? row->growing : row->shrinking;
        if (ticket < weight)
            break;
        ticket -= weight;
    }
    row->make(of);
}

static void say_row(maker *of, const char *option, const char *const *rows)
{
    size_t count = 0;
    while (rows[count] != NULL)
        count++;
    say(of, " %s=%s", option, rows[below(of, count)]);
}

static void make_open(maker *of)
{
    static const uint32_t pages[] = {1024, 1024, 1024, 2048, 4096, 8192, 65536};
    static const char *const durabilities[] = {"none", "async", "commit"};
    of->page_bytes = pages[below(of, 7)];
    uint64_t durability = below(of, 3);
    of->durable = durability != 0;
    say(of, "open page_bytes=%u seed=%llu durability=%s", of->page_bytes,
        (unsigned long long)below(of, 100), durabilities[durability]);
    say_row(of, "commit", tl_commit_protocols());
    say_row(of, "leaf", tl_leaf_modes());
    say_row(of, "split", tl_splits());
    say_row(of, "fill", tl_fills());
    say_row(of, "space", tl_space_policies());
    say(of, " log_bytes=8192 ckpt_bytes=%u growth_bytes=%u", 6 * of->page_bytes + 16384,
        8 * of->page_bytes);
    step_end(of);
}

tl_status tl_steps_make(tl_choices *choices, size_t count, tl_steps *steps)
{
    maker *of = calloc(1, sizeof *of);
    if (of == NULL)
        return TL_NO_MEMORY;
    of->choices = choices;
    of->steps = steps;
    of->status = TL_OK;
    make_open(of);
    of->key_shape = (unsigned)below(of, 5);
    of->key_count = 20 + below(of, 700);
    while (of->made < count && of->status == TL_OK && !tl_choices_done(choices)) {
        of->growing = of->made / PHASE_STEPS % 2 == 0;
        make_any(of);
        if (of->made % PHASE_STEPS == PHASE_STEPS - 1) {
            say(of, of->writing ? "commit" : "verify");
            of->writing = false;
            step_end(of);
        }
    }
    tl_status status = of->status;
    free(of);
    return status;
}
