/* harness/cli/cmd_keep.c -- `treelab keep`: a run becomes evidence.
 *
 * The result files of a run's directory go to results/<date of the run>_<topic>/, with a README.md
 * that states question, answer and origin.  The copy is built beside its place under a temporary
 * name and renamed when it is whole; nothing that exists is ever overwritten.
 */
#define _GNU_SOURCE
#include "harness/cli/cmd_keep.h"
#include "harness/cli/arguments.h"
#include "harness/report/resultfile.h"
#include "harness/report/wholefile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOPIC_MAX = 64, DATE_LENGTH = 10, OPEN_MAX = 8 };
#define FILE_BYTES_MAX ((size_t)1 << 30)

/* Files of these kinds tell about a run; others (stores, say) stay behind. */
static const char *const kept_suffixes[] = {".json", ".jsonl", ".hlog", ".csv", ".tsv", ".svg",
                                            ".png",  ".html",  ".txt",  ".gp",  ".tls"};
/* The folders of a run that hold such files, "" its own. */
static const char *const kept_folders[] = {"", "/plots", "/scripts"};

static bool is_kept(const char *name)
{
    const char *suffix = strrchr(name, '.');
    for (size_t i = 0; suffix != NULL && i < sizeof kept_suffixes / sizeof kept_suffixes[0]; i++)
        if (strcmp(suffix, kept_suffixes[i]) == 0)
            return true;
    return false;
}

/* A topic is a word for a folder's name: a-z, 0-9, '_' and '-', beginning with one of the first. */
static bool is_topic(const char *topic)
{
    if (strlen(topic) > TOPIC_MAX || topic[0] == '_' || topic[0] == '-' || topic[0] == '\0')
        return false;
    return topic[strspn(topic, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

/* Copying. */

static tl_status copy_file(const char *from, const char *to)
{
    char *bytes = NULL;
    size_t size_bytes = 0;
    tl_status status = tl_wholefile_read(from, FILE_BYTES_MAX, &bytes, &size_bytes);
    if (status == TL_OK)
        status = tl_wholefile_write(to, bytes, size_bytes);
    if (status != TL_OK)
        tl_complain("keep", "cannot copy '%s' to '%s': %s", from, to, strerror(errno));
    free(bytes);
    return status;
}

static bool is_regular(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static tl_status copy_entries(DIR *stream, const char *from, const char *to)
{
    bool made = false;
    const struct dirent *entry;
    while ((entry = readdir(stream)) != NULL) {
        char source[PATH_MAX], target[PATH_MAX];
        int source_length = snprintf(source, sizeof source, "%s/%s", from, entry->d_name);
        int target_length = snprintf(target, sizeof target, "%s/%s", to, entry->d_name);
        if (source_length >= PATH_MAX || target_length >= PATH_MAX) {
            tl_complain("keep", "the path of '%s' is too long", entry->d_name);
            return TL_INVALID;
        }
        if (!is_kept(entry->d_name) || !is_regular(source))
            continue;
        if (!made && mkdir(to, 0777) != 0 && errno != EEXIST) {
            tl_complain("keep", "cannot create '%s': %s", to, strerror(errno));
            return tl_wholefile_status(errno);
        }
        made = true;
        tl_status status = copy_file(source, target);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

static tl_status copy_folder(const char *run_dir, const char *kept_dir, const char *folder)
{
    char from[PATH_MAX], to[PATH_MAX];
    if (snprintf(from, sizeof from, "%s%s", run_dir, folder) >= PATH_MAX ||
        snprintf(to, sizeof to, "%s%s", kept_dir, folder) >= PATH_MAX) {
        tl_complain("keep", "the path of '%s' is too long", run_dir);
        return TL_INVALID;
    }
    DIR *stream = opendir(from);
    if (stream == NULL && errno == ENOENT)
        return TL_OK;
    if (stream == NULL) {
        tl_complain("keep", "cannot read '%s': %s", from, strerror(errno));
        return tl_wholefile_status(errno);
    }
    tl_status status = copy_entries(stream, from, to);
    closedir(stream);
    return status;
}

static const char *text_of(const tl_json *object, const char *name)
{
    return tl_json_text(tl_json_get(object, name), "unknown");
}

static tl_status write_readme(const tl_keep_request *request, const char *path)
{
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *file = open_memstream(&text, &size_bytes);
    tl_status status = file == NULL ? TL_NO_MEMORY : TL_OK;
    if (file != NULL) {
        tl_keep_print_readme(file, request);
        status = fclose(file) != 0 ? TL_NO_MEMORY : tl_wholefile_write(path, text, size_bytes);
    }
    if (status != TL_OK)
        tl_complain("keep", "cannot write '%s': %s", path, strerror(errno));
    free(text);
    return status;
}

/* The run, or the runs of a suite. */

static bool is_run(const tl_json *root)
{
    const char *started = tl_json_text(tl_json_get(root, "started"), "");
    bool dated = strlen(started) > DATE_LENGTH && started[4] == '-' && started[7] == '-' &&
                 strspn(started, "0123456789-") == DATE_LENGTH;
    return strcmp(text_of(root, "schema"), TL_RESULT_SCHEMA) == 0 && dated &&
           tl_json_text(tl_json_get(root, "id"), NULL) != NULL &&
           tl_json_size(tl_json_get(root, "argv")) > 0 && tl_json_get(root, "cells") != NULL;
}

static tl_status read_run(const char *dir, tl_json **root)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/" TL_RESULT_FILE, dir) >= PATH_MAX) {
        tl_complain("keep", "the path '%s' is too long", dir);
        return TL_INVALID;
    }
    tl_status status = tl_json_read(path, root);
    if (status == TL_NOT_FOUND)
        tl_complain("keep", "there is no '%s'; name the directory of a run, such as out/<id>",
                    path);
    else if (status == TL_INVALID)
        tl_complain("keep", "'%s' is not JSON; was it edited or cut short?", path);
    else if (status != TL_OK)
        tl_complain("keep", "cannot read '%s': %s", path, strerror(errno));
    if (status != TL_OK)
        return status;
    if (is_run(*root) && tl_json_size(tl_json_get(*root, "cells")) == 0) {
        tl_complain("keep",
                    "'%s' has no cells: nothing was measured, so there is nothing to keep; run it "
                    "again, or go on in it with `treelab run --out %s --resume`",
                    path, dir);
        tl_json_free(*root);
        *root = NULL;
        return TL_INVALID;
    }
    if (is_run(*root))
        return TL_OK;
    tl_complain("keep", "'%s' is not a result of treelab (schema " TL_RESULT_SCHEMA ")", path);
    tl_json_free(*root);
    *root = NULL;
    return TL_INVALID;
}

static bool has_run(const char *dir)
{
    char path[PATH_MAX];
    struct stat info;
    return snprintf(path, sizeof path, "%s/" TL_RESULT_FILE, dir) < PATH_MAX &&
           lstat(path, &info) == 0;
}

static tl_status add_part(tl_keep_request *request, const char *name)
{
    char dir[PATH_MAX];
    tl_keep_part *part = &request->parts[request->part_count];
    if (request->part_count == TL_KEEP_PARTS_MAX) {
        tl_complain("keep", "a suite has at most %d parts", TL_KEEP_PARTS_MAX);
        return TL_INVALID;
    }
    if (snprintf(dir, sizeof dir, "%s%s%s", request->dir, name[0] == '\0' ? "" : "/", name) >=
            PATH_MAX ||
        (name[0] != '\0' && !has_run(dir)))
        return TL_OK; /* some other folder */
    tl_status status = read_run(dir, &part->root);
    if (status != TL_OK)
        return status;
    snprintf(part->name, sizeof part->name, "%s", name);
    request->part_count++;
    return TL_OK;
}

/* A directory without a run of its own may hold a suite: a folder per part. */
static tl_status read_parts(tl_keep_request *request)
{
    struct dirent **entries = NULL;
    int count = has_run(request->dir) ? -1 : scandir(request->dir, &entries, NULL, alphasort);
    tl_status status = TL_OK;
    for (int i = 0; i < count; i++) {
        if (status == TL_OK && entries[i]->d_name[0] != '.')
            status = add_part(request, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (status == TL_OK && request->part_count == 0)
        status = add_part(request, ""); /* alone, or it says that nothing is there */
    return status;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

/* Fill the new directory `kept_dir`. */
static tl_status fill(const tl_keep_request *request, const char *kept_dir)
{
    char readme[PATH_MAX + sizeof "/README.md"], folder[NAME_MAX + 2];
    tl_status status = TL_OK;
    for (size_t i = 0; i < sizeof kept_folders / sizeof kept_folders[0] && status == TL_OK; i++)
        status = copy_folder(request->dir, kept_dir, kept_folders[i]);
    for (size_t i = 0; i < request->part_count && status == TL_OK; i++) {
        snprintf(folder, sizeof folder, "/%s", request->parts[i].name);
        if (request->parts[i].name[0] != '\0')
            status = copy_folder(request->dir, kept_dir, folder);
    }
    if (status != TL_OK)
        return status;
    snprintf(readme, sizeof readme, "%s/README.md", kept_dir);
    return write_readme(request, readme);
}

static tl_status keep(const tl_keep_request *request)
{
    const tl_json *root = request->parts[0].root;
    char place[PATH_MAX], temporary[PATH_MAX];
    int length = snprintf(place, sizeof place, "%s/%.*s_%s", request->results, DATE_LENGTH,
                          text_of(root, "started"), request->topic);
    if (length >= PATH_MAX ||
        snprintf(temporary, sizeof temporary, "%s.%ld.tmp", place, (long)getpid()) >= PATH_MAX) {
        tl_complain("keep", "the path '%s' is too long", request->results);
        return TL_INVALID;
    }
    struct stat info;
    if (lstat(place, &info) == 0) {
        tl_complain("keep", "'%s' exists and is not overwritten; choose another topic", place);
        return TL_EXISTS;
    }
    if (mkdir(temporary, 0777) != 0) {
        tl_complain("keep", "cannot create '%s': %s", temporary, strerror(errno));
        return tl_wholefile_status(errno);
    }
    tl_status status = fill(request, temporary);
    if (status == TL_OK && renameat2(AT_FDCWD, temporary, AT_FDCWD, place, RENAME_NOREPLACE) != 0) {
        status = tl_wholefile_status(errno);
        tl_complain("keep", "cannot name the copy '%s': %s", place, strerror(errno));
    }
    if (status != TL_OK)
        (void)nftw(temporary, remove_entry, OPEN_MAX, FTW_DEPTH | FTW_PHYS);
    else
        puts(place);
    return status;
}

static void take_argument(struct argp_state *state, char *value)
{
    tl_keep_request *request = state->input;
    if (request->dir == NULL)
        request->dir = value;
    else if (request->topic == NULL)
        request->topic = value;
    else
        argp_error(state, "'%s' is one argument too many: DIR and TOPIC are wanted", value);
}

static void check_request(struct argp_state *state)
{
    const tl_keep_request *request = state->input;
    if (request->dir == NULL || request->topic == NULL)
        argp_error(state, "%s: treelab keep DIR TOPIC, such as out/<id> and insert_1m%s",
                   request->dir == NULL ? "which run's directory, and under which topic?"
                                        : "under which topic?",
                   request->dir == NULL ? "; --results says where it goes, not what" : "");
    else if (!is_topic(request->topic))
        argp_error(state, "topic '%s': use a-z, 0-9, '_' and '-', up to %d of them", request->topic,
                   TOPIC_MAX);
    else if (request->question == NULL ||
             request->question[strspn(request->question, " \t\r\n")] == '\0')
        argp_error(state, "--question is missing: what did the run find out?");
    else if (request->answer == NULL || request->answer[strspn(request->answer, " \t\r\n")] == '\0')
        argp_error(state, "--answer is missing: what did the run say?");
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    tl_keep_request *request = state->input;
    switch (key) {
    case 'q':
        request->question = value;
        return 0;
    case 'a':
        request->answer = value;
        return 0;
    case 'r':
        request->results = value;
        return 0;
    case ARGP_KEY_ARG:
        take_argument(state, value);
        return 0;
    case ARGP_KEY_END:
        check_request(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"question",                      'q', "TEXT", 0, "What the run was to find out", 0},
    {"answer",                         'a', "TEXT", 0, "What it found", 0},
    {"results", 'r', "DIR", 0, "Where kept runs are (default: results)", 0},
    {0                              },
};

static const struct argp keep_argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "DIR TOPIC",
    .doc = "Copy the result files of the run in DIR to results/<date>_<TOPIC>/, with a README.md "
           "that states question, command, machine, commit, seed and answer.  Nothing is "
           "overwritten.  DIR may also hold a suite: a folder per run, and one report."
           "\vExamples:\n"
           "  treelab keep out/20261121T150000Z_ab12cd34ef56 insert_1m \\\n"
           "      --question 'Is a random insert faster than with LMDB?' \\\n"
           "      --answer 'Yes: 1.9 times, 1.8 to 2.0 over 5 repetitions.'\n",
};

int tl_cmd_keep(int argc, char **argv)
{
    tl_keep_request request = {.results = "results"};
    int exit_code = tl_arguments_parse(&keep_argp, argc, argv, &request);
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    tl_status status = read_parts(&request);
    if (status == TL_OK)
        status = keep(&request);
    for (size_t i = 0; i < request.part_count; i++)
        tl_json_free(request.parts[i].root);
    return tl_exit_code(status);
}
