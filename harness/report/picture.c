/* harness/report/picture.c -- names, titles and captions of pictures. */
#include "harness/report/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CAPTION_LINE_BYTES = 168, /* what fits below a picture at its caption size */
    CAPTION_RUNS_MAX = 3,     /* the page names all of them */
};

/* `suffix` with all but letters, digits and '-' as '_'.  When that changed it, its number tells
 * two such names apart. */
static void safe_name(const char *suffix, size_t suffix_no, char *name, size_t name_bytes)
{
    size_t length = 0;
    bool changed = strlen(suffix) >= 40;
    for (; *suffix != '\0' && length < 40; suffix++) {
        bool safe = (*suffix >= 'a' && *suffix <= 'z') || (*suffix >= '0' && *suffix <= '9') ||
                    *suffix == '-' || *suffix == '_';
        changed = changed || !safe;
        name[length++] = safe ? *suffix : '_';
    }
    name[length] = '\0';
    if (changed)
        snprintf(name + length, name_bytes - length, "_%zu", suffix_no + 1);
}

tl_picture *tl_pictures_add(tl_pictures *pictures, const char *kind, size_t part_no,
                            const char *suffix, size_t suffix_no)
{
    tl_picture *rows = realloc(pictures->rows, (pictures->count + 1) * sizeof *rows);
    if (rows == NULL) {
        pictures->failed = true;
        return NULL;
    }
    pictures->rows = rows;
    tl_picture *picture = &rows[pictures->count++];
    *picture = (tl_picture){.part_no = part_no, .workload_no = suffix_no};
    snprintf(picture->kind, sizeof picture->kind, "%s", kind);
    char safe[64] = "";
    safe_name(suffix, suffix_no, safe, sizeof safe);
    if (part_no == TL_PICTURE_ALL_PARTS)
        snprintf(picture->name, sizeof picture->name, "%s", kind);
    else
        snprintf(picture->name, sizeof picture->name, "%s_%zu%s%s", kind, part_no + 1,
                 safe[0] == '\0' ? "" : "_", safe);
    return picture;
}

void tl_pictures_clear(tl_pictures *pictures)
{
    free(pictures->rows);
    *pictures = (tl_pictures){0};
}

static bool shell_safe(const char *word)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_-+=:,./@%^";
    return word[0] != '\0' && strspn(word, safe) == strlen(word);
}

void tl_picture_command(tl_text *text, const tl_json *run)
{
    const tl_json *argv = tl_json_get(run, "argv");
    tl_text_add(text, "treelab");
    for (size_t i = 0; i < tl_json_size(argv); i++) {
        const char *word = tl_json_text(tl_json_at(argv, i), "?");
        tl_text_add(text, " ");
        if (shell_safe(word)) {
            tl_text_add(text, word);
            continue;
        }
        tl_text_add(text, "'");
        for (; *word != '\0'; word++) {
            if (*word == '\'')
                tl_text_add(text, "'\\''");
            else
                tl_text_add_bytes(text, word, 1);
        }
        tl_text_add(text, "'");
    }
}

void tl_picture_machine(tl_text *text, const tl_json *run)
{
    const tl_json *machine = tl_json_get(run, "machine");
    const char *model = tl_suite_text(machine, "cpu_model");
    const char *virt = tl_suite_text(machine, "virt");
    const char *key = tl_suite_text(tl_json_get(run, "class"), "key");
    tl_text_addf(text, "%s, %.0f CPUs", model[0] == '\0' ? "unknown CPU" : model,
                 tl_json_real(tl_json_get(machine, "cpus"), 0));
    tl_text_addf(text, ", %.1f GiB",
                 tl_json_real(tl_json_get(machine, "ram_bytes"), 0) / (1 << 30));
    tl_text_addf(text, ", %s%s%s", tl_suite_text(machine, "kernel"), virt[0] == '\0' ? "" : ", ",
                 virt);
    tl_text_addf(text, ", %s", tl_suite_text(tl_json_get(run, "storage"), "fs"));
    if (key[0] != '\0')
        tl_text_addf(text, ", class %s", key);
}

void tl_picture_revision(tl_text *text, const tl_json *run)
{
    const tl_json *tool = tl_json_get(run, "tool");
    const char *rev = tl_suite_text(tool, "rev");
    tl_text_addf(text, "%s%s", rev[0] == '\0' ? "unknown" : rev,
                 tl_json_is_true(tl_json_get(tool, "dirty")) ? ", with local changes" : "");
}

void tl_picture_seed(tl_text *text, const tl_json *run)
{
    const char *seed = tl_suite_text(tl_json_get(run, "options"), "seed");
    if (strncmp(seed, "0x", 2) == 0) {
        tl_text_add(text, "0x");
        seed += 2;
        while (seed[0] == '0' && seed[1] != '\0')
            seed++;
    }
    tl_text_add(text, seed[0] == '\0' ? "unknown" : seed);
}

/* Bytes of `text` that fit one line: up to the last space, else cut at a character's start. */
static size_t line_bytes(const char *text)
{
    size_t length = strlen(text);
    if (length <= CAPTION_LINE_BYTES)
        return length;
    for (size_t at = CAPTION_LINE_BYTES; at > CAPTION_LINE_BYTES / 2; at--) {
        if (text[at] == ' ')
            return at;
    }
    size_t at = CAPTION_LINE_BYTES;
    while (at > 1 && ((unsigned char)text[at] & 0xc0) == 0x80) /* inside a UTF-8 character */
        at--;
    return at;
}

static void caption_add(tl_text *table, const tl_picture *picture, size_t *line, const char *text)
{
    while (*text != '\0') {
        size_t length = line_bytes(text);
        tl_text piece = {0};
        tl_text_add_bytes(&piece, text, length);
        tl_text_addf(table, "%s\t%zu\t", picture->name, ++*line);
        tl_text_add_field(table, tl_text_data(&piece));
        tl_text_add(table, "\n");
        table->failed = table->failed || piece.failed;
        tl_text_clear(&piece);
        text += length;
        while (*text == ' ')
            text++;
    }
}

/* The lines that say where the numbers of one run come from. */
static void caption_add_run(tl_text *table, const tl_picture *picture, size_t *line,
                            const tl_json *run)
{
    tl_text text = {0};
    tl_text_add(&text, "Seed ");
    tl_picture_seed(&text, run);
    tl_text_add(&text, ". Machine: ");
    tl_picture_machine(&text, run);
    tl_text_add(&text, ". Commit ");
    tl_picture_revision(&text, run);
    tl_text_addf(&text, ". Run %s.", tl_suite_text(run, "id"));
    caption_add(table, picture, line, tl_text_data(&text));
    table->failed = table->failed || text.failed;
    tl_text_clear(&text);

    tl_text_add(&text, "$ ");
    tl_picture_command(&text, run);
    caption_add(table, picture, line, tl_text_data(&text));
    table->failed = table->failed || text.failed;
    tl_text_clear(&text);
}

static tl_status table_save(tl_text *table, const char *dir, const char *name)
{
    tl_text path = {0};
    tl_text_addf(&path, "%s/%s", dir, name);
    tl_status status = path.failed ? TL_NO_MEMORY : tl_text_save(table, tl_text_data(&path));
    tl_text_clear(&path);
    tl_text_clear(table);
    return status;
}

void tl_pictures_list(const tl_picture *rows, size_t count, tl_text *table)
{
    tl_text_add(table, "kind\tpicture\ttitle\tpanels\tlow\thigh\n");
    for (size_t i = 0; i < count; i++) {
        tl_text_addf(table, "%s\t%s\t", rows[i].kind, rows[i].name);
        tl_text_add_field(table, rows[i].title);
        tl_text_addf(table, "\t%zu\t%.9g\t%.9g\n", rows[i].panel_count, rows[i].low, rows[i].high);
    }
}

/* Its place among the pictures of its own part. */
static size_t picture_rank(const tl_pictures *pictures, size_t index)
{
    size_t rank = 0;
    for (size_t i = 0; i < index; i++)
        rank += pictures->rows[i].part_no == pictures->rows[index].part_no;
    return rank;
}

size_t tl_pictures_choose(tl_pictures *pictures, size_t most)
{
    size_t chosen = 0;
    for (size_t i = 0; i < pictures->count; i++) {
        bool whole = pictures->rows[i].part_no == TL_PICTURE_ALL_PARTS;
        pictures->rows[i].chosen = whole || most == 0;
        chosen += pictures->rows[i].chosen;
    }
    for (size_t rank = 0; rank < pictures->count && chosen < most; rank++) {
        for (size_t i = 0; i < pictures->count && chosen < most; i++) {
            if (!pictures->rows[i].chosen && picture_rank(pictures, i) == rank) {
                pictures->rows[i].chosen = true;
                chosen++;
            }
        }
        if (chosen == pictures->count)
            break;
    }
    return pictures->count - chosen;
}

static bool caption_names_part(const tl_picture *picture, const tl_suite *suite, size_t part_no)
{
    const tl_suite_part *part = &suite->parts[part_no];
    if (picture->part_no != TL_PICTURE_ALL_PARTS)
        return picture->part_no == part_no;
    return (strcmp(picture->kind, "crash") == 0 ? part->crash_count : part->duel_count) > 0;
}

tl_status tl_pictures_write(const tl_pictures *pictures, const tl_suite *suite, const char *dir)
{
    tl_text table = {0};
    tl_pictures_list(pictures->rows, pictures->count, &table);
    tl_status status = table_save(&table, dir, "pictures.tsv");
    if (status != TL_OK)
        return status;

    tl_text_add(&table, "picture\tline\ttext\n");
    for (size_t i = 0; i < pictures->count; i++) {
        const tl_picture *picture = &pictures->rows[i];
        size_t line = 0;
        caption_add(&table, picture, &line, picture->what);
        size_t named = 0;
        caption_add(&table, picture, &line, picture->source);
        if (picture->origin != NULL)
            caption_add_run(&table, picture, &line, picture->origin);
        for (size_t p = 0; p < suite->part_count && !picture->has_origin; p++) {
            if (caption_names_part(picture, suite, p) && ++named <= CAPTION_RUNS_MAX)
                caption_add_run(&table, picture, &line, suite->parts[p].run);
        }
        if (named > CAPTION_RUNS_MAX) {
            char more[64];
            snprintf(more, sizeof more, "Other runs shown here: %zu.", named - CAPTION_RUNS_MAX);
            caption_add(&table, picture, &line, more);
        }
    }
    return table_save(&table, dir, "captions.tsv");
}
