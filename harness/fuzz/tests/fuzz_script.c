/* harness/fuzz/tests/fuzz_script.c -- any text: the parser takes it or says where it is wrong; what
 * it takes is printed, and what is printed means the same. */
#include "engine/tests/fuzz/fuzz.h"
#include "harness/script/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "fuzz_script: %s\n", what);
    abort();
}

/* Texts of which a seeded run, which knows no grammar, makes something that may be one. */
static const char *const words[] = {"open ",
                                    "put ",
                                    "get ",
                                    "del ",
                                    "scan ",
                                    "@t ",
                                    "u64(",
                                    "1",
                                    ")",
                                    "\"a\"",
                                    "+",
                                    "fill(",
                                    ",",
                                    "for i in ",
                                    "..",
                                    "\n",
                                    "end\n",
                                    "$i",
                                    " -> ",
                                    "TL_OK",
                                    "count=",
                                    "begin\n",
                                    "commit\n",
                                    "batch\n",
                                    "[",
                                    "]",
                                    "hex(00",
                                    "rep(",
                                    "-",
                                    "*",
                                    "(",
                                    "c: next ",
                                    "cursor c ",
                                    "reverse ",
                                    "limit ",
                                    "shuffle ",
                                    "step ",
                                    "crash profile=posix at=",
                                    "#",
                                    "expect ",
                                    "==",
                                    "fail ",
                                    "EIO",
                                    "savepoint s\n",
                                    "rollback s\n",
                                    "x=y ",
                                    "first=",
                                    "\\x41"};
enum { WORDS = sizeof words / sizeof words[0] };

/* Bytes below WORDS stand for words, when the first byte says so. */
static size_t spell(const uint8_t *bytes, size_t count, char *text, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const char *word = words[bytes[i] % WORDS];
        size_t size = strlen(word);
        if (used + size >= room)
            break;
        memcpy(text + used, word, size);
        used += size;
    }
    return used;
}

static void check(const char *text, size_t size)
{
    tl_script *script, *again;
    tl_script_error error;
    char *printed, *twice;
    if (tl_script_parse("fuzz", (tl_slice){text, size}, &script, &error) != TL_OK) {
        must(error.text[0] != '\0' && error.line > 0 && error.column > 0,
             "refused without a place");
        return;
    }
    if (tl_script_print(script, &printed) == TL_OK) {
        tl_status status =
            tl_script_parse("fuzz", (tl_slice){printed, strlen(printed)}, &again, &error);
        must(status == TL_OK, "what was printed is no script");
        must(tl_script_print(again, &twice) == TL_OK, "memory");
        must(strcmp(printed, twice) == 0, "printing is not canonical");
        tl_script_free(again);
        free(printed);
        free(twice);
    }
    tl_script_free(script);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static char text[1 << 16];
    static const char header[] = "treelab-script 1\n";
    if (count == 0)
        return 0;
    memcpy(text, header, sizeof header - 1);
    size_t used = sizeof header - 1, room = sizeof text - used;
    if (bytes[0] % 4 != 0) {
        used += spell(bytes + 1, count - 1, text + used, room);
    } else {
        size_t size = count - 1 < room ? count - 1 : room;
        memcpy(text + used, bytes + 1, size);
        used += size;
    }
    check(text, used);
    return 0;
}
