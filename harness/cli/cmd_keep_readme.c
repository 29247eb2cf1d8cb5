/* harness/cli/cmd_keep_readme.c -- the README of a kept run. */
#include "harness/cli/cmd_keep.h"
#include "harness/report/resultfile.h"

#include <ctype.h>
#include <string.h>

static const char *text_of(const tl_json *object, const char *name)
{
    return tl_json_text(tl_json_get(object, name), "unknown");
}

/* One line: what would break a heading becomes a space. */
static void print_line(FILE *file, const char *text)
{
    for (; *text != '\0'; text++)
        fputc(iscntrl((unsigned char)*text) ? ' ' : *text, file);
}

/* An argument as a shell takes it. */
static void print_argument(FILE *file, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=.,:/@%";
    if (text[0] != '\0' && text[strspn(text, plain)] == '\0') {
        fprintf(file, " %s", text);
        return;
    }
    fputs(" '", file);
    for (; *text != '\0'; text++)
        fputs(*text == '\'' ? "'\\''" : (const char[]){*text, '\0'}, file);
    fputc('\'', file);
}

static void print_origin(FILE *file, const tl_json *root)
{
    const tl_json *machine = tl_json_get(root, "machine"), *storage = tl_json_get(root, "storage");
    const tl_json *tool = tl_json_get(root, "tool"), *build = tl_json_get(root, "build");
    bool dirty = tl_json_is_true(tl_json_get(tool, "dirty"));
    fprintf(file, "| | |\n|---|---|\n| run | %s, status %s |\n", text_of(root, "id"),
            text_of(root, "status"));
    fprintf(file, "| machine | %s, %.0f processors, %.1f GiB, Linux %s, virtualisation %s |\n",
            text_of(machine, "cpu_model"), tl_json_real(tl_json_get(machine, "online"), 0),
            tl_json_real(tl_json_get(machine, "ram_bytes"), 0) / (1 << 30),
            text_of(machine, "kernel"), text_of(machine, "virt"));
    fprintf(file, "| storage | %s (%s) |\n", text_of(storage, "fs"),
            text_of(storage, "mount_opts"));
    fprintf(file, "| commit | %s%s, treelab %s |\n", text_of(tool, "rev"),
            dirty ? " with uncommitted changes" : "", text_of(tool, "version"));
    fprintf(file, "| build | %s %s, %s: %s; %s |\n", text_of(build, "compiler"),
            text_of(build, "version"), text_of(build, "type"), text_of(build, "flags"),
            text_of(build, "libc"));
    fprintf(file, "| seed | %s |\n", text_of(tl_json_get(root, "options"), "seed"));
}

static void print_command(FILE *file, const tl_json *root)
{
    const tl_json *argv = tl_json_get(root, "argv");
    fputs("    treelab", file);
    for (size_t i = 0; i < tl_json_size(argv); i++)
        print_argument(file, tl_json_text(tl_json_at(argv, i), ""));
    fputs("\n", file);
}

void tl_keep_print_readme(FILE *file, const tl_keep_request *request)
{
    fputs("# ", file);
    print_line(file, request->question);
    fprintf(file, "\n\n**Answer.** %s\n\n", request->answer);
    for (size_t i = 0; i < request->part_count; i++)
        print_command(file, request->parts[i].root);
    for (size_t i = 0; i < request->part_count; i++) {
        const tl_keep_part *part = &request->parts[i];
        fprintf(file, part->name[0] == '\0' ? "\n" : "\n## %s\n\n", part->name);
        print_origin(file, part->root);
    }
    fputs("\nAll measurements are in `" TL_RESULT_FILE "`, described in results/README.md.\n",
          file);
}
