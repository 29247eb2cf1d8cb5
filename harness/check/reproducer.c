/* harness/check/reproducer.c -- see reproducer.h. */
#include "harness/check/reproducer.h"

#include "harness/check/state_make.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { COMPACTS_MAX = 4 }; /* steps that one compaction of a history may take */

static const char *const durabilities[] = {
    [TL_DURABILITY_COMMIT] = "commit",
    [TL_DURABILITY_ASYNC] = "async",
    [TL_DURABILITY_NONE] = "none",
};

/* Where the history ends: of two crashes the first. */
static size_t history_point(const tl_reproducer *of)
{
    const tl_state_id *where = &of->finding->where;
    return where->nested ? where->first.point : where->point;
}

/* The last setting of a name counts. */
static void write_settings(FILE *out, const tl_driver_setting *settings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool overridden = false;
        for (size_t later = i + 1; later < count; later++)
            overridden |= strcmp(settings[later].name, settings[i].name) == 0;
        if (!overridden)
            fprintf(out, " %s=%s", settings[i].name, settings[i].value);
    }
}

/* --- a built-in history --- */

static void write_ops(FILE *out, const tl_oracle *oracle, size_t n)
{
    char key[160], value[160];
    size_t op_count = 0;
    const tl_oracle_op *ops = tl_oracle_ops(oracle, n, &op_count);
    for (size_t i = 0; i < op_count; i++) {
        tl_oracle_key_text(oracle, &ops[i], key, sizeof key);
        tl_oracle_value_text(&ops[i], value, sizeof value);
        if (ops[i].del)
            fprintf(out, "del %s\n", key);
        else
            fprintf(out, "put %s %s\n", key, value);
    }
}

static void write_history(FILE *out, const tl_reproducer *of, unsigned compacts)
{
    const tl_recording_spec *spec = of->spec;
    const tl_trace *trace = &of->recording->trace;
    size_t point = history_point(of);
    fprintf(out, "open page_bytes=%" PRIu32 " durability=%s seed=%" PRIu64, spec->page_bytes,
            durabilities[spec->durability], spec->seed);
    write_settings(out, spec->settings, spec->setting_count);
    fputc('\n', out);
    for (size_t n = 1; n <= trace->commits && (n == 1 || trace->acknowledged[n - 1] <= point);
         n++) {
        fprintf(out, "begin # commit %zu: operations %zu to %zu of the disk\n", n, trace->begun[n],
                trace->acknowledged[n]);
        write_ops(out, of->recording->oracle, n);
        fputs("commit\n", out);
        tl_history_deed deed = tl_oracle_deed_after(of->recording->oracle, n);
        if (deed == TL_HISTORY_CHECKPOINT)
            fputs("checkpoint\n", out);
        for (unsigned i = 0; deed == TL_HISTORY_COMPACT && i < compacts; i++)
            fputs("compact 1024\n", out);
    }
    if (point >= trace->acknowledged[trace->commits])
        fputs("close\n", out);
}

/* --- a user's script --- */

static tl_status write_script(FILE *out, const tl_reproducer *of)
{
    char *text = NULL;
    tl_status status = tl_script_print(of->script, &text);
    if (status != TL_OK)
        return status;
    char *crash = strstr(text, "\ncrash ");
    if (crash != NULL)
        crash[1] = '\0';
    char *body = strchr(text, '\n'); /* behind the header */
    char *open = strstr(text, "\nopen");
    char *end = open == NULL ? NULL : open + 1 + strcspn(open + 1, "\n#");
    if (end == NULL) {
        free(text);
        return TL_UNSUPPORTED;
    }
    while (end[-1] == ' ')
        end--;
    fprintf(out, "%.*s", (int)(end - body - 1), body + 1);
    write_settings(out, of->overrides, of->override_count);
    write_settings(out, of->spec->settings, of->spec->setting_count);
    fputs(end, out);
    if (history_point(of) >= tl_script_history_end(of->history) &&
        !tl_script_history_closed(of->history))
        fputs("abort -> any\nclose\n", out);
    free(text);
    return TL_OK;
}

/* --- the crash --- */

static void write_again(FILE *out, bool marker, bool clean)
{
    fprintf(out,
            "begin\nput \"\\x00treelab/again\" u64(1)\ndel \"\\x00treelab/n\" -> any%s\ncommit\n",
            marker ? "" : " # not there");
    fputs(clean ? "close\n" : "crash profile=sigkill\n", out);
    fputs("reopen\nverify\n", out);
}

void tl_reproducer_write_end(FILE *out, const tl_enumerate_finding *finding,
                             const tl_state_id *state, uint64_t seed, bool marker)
{
    char text[TL_STATE_ID_TEXT_MAX];
    const tl_allowed *allowed = &finding->allowed;
    tl_rule rule = finding->verdict.rule;
    (void)tl_state_id_print(state, text);
    const char *profile = tl_profile_at(state->profile)->name;
    char *first = text + strlen(profile) + 1, *then = strstr(first, "/then/");
    if (then != NULL) { /* a recovery and one commit more, and a crash of that */
        *then = '\0';
        fprintf(out, "crash profile=%s state=%s\nreopen\n", profile, first);
        fputs("begin\nput \"\\x00treelab/again\" u64(1)\ndel \"\\x00treelab/n\" -> any\ncommit\n",
              out);
        first = then + strlen("/then/");
    }
    fprintf(out, "crash profile=%s state=%s", profile, first);
    if (state->pick == TL_PICK_SAMPLE)
        fprintf(out, " seed=%" PRIu64, seed);
    if (allowed->low <= allowed->high)
        fprintf(out, "\n# allowed: the content after commit %zu to %zu%s\n", allowed->low,
                allowed->high, allowed->corrupt ? "; or to refuse, TL_CORRUPT" : "");
    else
        fputc('\n', out);
    fprintf(out, "reopen%s\n", allowed->corrupt ? " -> any" : "");
    fputs(allowed->corrupt ? "verify -> any\n" : "verify\n", out);
    if (rule == TL_RULE_WRITABLE || rule == TL_RULE_KEEPS_WRITES)
        write_again(out, marker, (state->point + state->outcome) % 2 == 0);
}

/* The operations before the crash that no sync covers, and the one in flight. */
static void write_timeline(FILE *out, const tl_simdisk *disk, size_t point)
{
    enum { SHOWN = 6 };
    char text[256];
    for (size_t i = point > SHOWN ? point - SHOWN : 0; i < point; i++) {
        tl_simdisk_op_text(disk, i, text, sizeof text);
        fprintf(out, "# %s%s\n", text, tl_simdisk_is_covered(disk, i, point) ? "" : " (unsynced)");
    }
    if (point < tl_simdisk_op_count(disk)) {
        tl_simdisk_op_text(disk, point, text, sizeof text);
        fprintf(out, "# %s (in flight)\n", text);
    }
}

static tl_status write_all(FILE *out, const tl_reproducer *of, unsigned compacts)
{
    const tl_enumerate_finding *finding = of->finding;
    char text[TL_STATE_ID_TEXT_MAX];
    tl_state_id plain;
    (void)tl_state_id_print(&finding->where, text);
    fprintf(out, "treelab-script 1\n# %s: %s (%s)\n# seen: %s\n# the same state again: %s\n", text,
            tl_rule_name(finding->verdict.rule), tl_rule_text(finding->verdict.rule),
            finding->verdict.text, of->command);
    tl_status status = TL_OK;
    if (of->script != NULL)
        status = write_script(out, of);
    else
        write_history(out, of, compacts);
    if (status != TL_OK)
        return status;
    if (tl_state_spell(of->recording, of->seed, &finding->where, &plain) != TL_OK)
        plain = finding->where;
    write_timeline(out, of->recording->trace.disk, history_point(of));
    bool marker = tl_oracle_has_marker(of->recording->oracle, finding->verdict.content);
    tl_reproducer_write_end(out, finding, &plain, of->seed, marker);
    return TL_OK;
}

/* --- is it the same run? --- */

static bool op_is(const tl_simdisk *one, const tl_simdisk *other, size_t i)
{
    const tl_simdisk_op *a = tl_simdisk_op_at(one, i), *b = tl_simdisk_op_at(other, i);
    return a->kind == b->kind && a->file == b->file && a->offset == b->offset &&
           a->size_bytes == b->size_bytes && a->sector_count == b->sector_count &&
           (a->sector_count == 0 || memcmp(tl_simdisk_payload(one, a), tl_simdisk_payload(other, b),
                                           (size_t)a->sector_count * TL_SECTOR_BYTES) == 0);
}

/* Run the script up to its crash: is its log that of the recording, as far as the crash goes? */
static tl_status compare_run(const tl_reproducer *of, const char *text)
{
    tl_script_error wrong;
    tl_script *script = NULL;
    tl_script_opening opening;
    const tl_script_line *crash = NULL;
    char error[256];
    tl_recording again = {0};
    tl_script_history *history = NULL;
    tl_status status =
        tl_script_parse("reproducer", (tl_slice){text, strlen(text)}, &script, &wrong);
    if (status == TL_OK)
        status = tl_script_history_look(script, &opening, &crash, error, sizeof error);
    if (status == TL_OK) {
        const tl_script_history_spec spec = {
            .script = script, .end_line = crash->number, .driver = of->spec->driver};
        status = tl_script_history_record(&spec, &again, &history, error, sizeof error);
        size_t point = history_point(of);
        size_t wanted = tl_simdisk_op_count(of->recording->trace.disk);
        wanted = point < wanted ? point + 1 : point;
        bool same = status == TL_OK && tl_simdisk_op_count(again.trace.disk) >= wanted;
        for (size_t i = 0; i < wanted && same; i++)
            same = op_is(of->recording->trace.disk, again.trace.disk, i);
        if (status == TL_OK && !same)
            status = TL_UNSUPPORTED;
    }
    tl_recording_clear(&again);
    tl_script_history_free(history);
    tl_script_free(script);
    return status;
}

tl_status tl_reproducer_text(const tl_reproducer *of, char **text)
{
    if (of->recording->trace.threads.schedule != 0)
        return TL_UNSUPPORTED; /* a script runs in one thread */
    tl_status status = TL_UNSUPPORTED;
    for (unsigned compacts = 1; compacts <= COMPACTS_MAX && status == TL_UNSUPPORTED; compacts++) {
        size_t text_bytes = 0;
        FILE *out = open_memstream(text, &text_bytes);
        if (out == NULL)
            return TL_NO_MEMORY;
        status = write_all(out, of, compacts);
        if (fclose(out) != 0 && status == TL_OK)
            status = TL_NO_MEMORY;
        if (status == TL_OK)
            status = compare_run(of, *text);
        if (status != TL_OK) {
            free(*text);
            *text = NULL;
        }
    }
    return status;
}

tl_status tl_reproducer_write(const tl_reproducer *of, const char *path)
{
    char *text = NULL;
    tl_status status = tl_reproducer_text(of, &text);
    if (status != TL_OK)
        return status;
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        status = errno == EACCES || errno == EROFS ? TL_ACCESS : TL_IO;
    } else {
        bool written = fputs(text, out) != EOF;
        written = fclose(out) == 0 && written;
        status = written ? TL_OK : TL_IO;
    }
    free(text);
    return status;
}
