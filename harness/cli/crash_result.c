/* harness/cli/crash_result.c -- see crash_result.h. */
#include "harness/cli/crash_result.h"

#include "harness/cli/cli.h"

tl_json *tl_crash_options_json(uint64_t commits, uint64_t seed, uint32_t page_bytes)
{
    tl_json *options = tl_json_object_new();
    tl_json_add_count(options, "ops", commits);
    tl_json_add_hex(options, "seed", seed);
    tl_json_add_count(options, "page_bytes", page_bytes);
    return options;
}

int tl_crash_result_begin(const tl_crash_frame *frame, tl_json *options, tl_result **result)
{
    char error[TL_RESULT_TEXT_MAX] = "";
    const tl_result_request request = {
        .argc = frame->argc,
        .argv = frame->argv,
        .out_dir = frame->out_dir,
        .json_path = frame->json_path,
        .storage_dir = frame->storage_dir,
        .error = error,
        .error_bytes = sizeof error,
    };
    tl_status status = tl_result_begin(&request, result);
    if (status == TL_OK) {
        tl_result_set_options(*result, options);
        return TL_EXIT_OK;
    }
    tl_json_free(options);
    tl_complain(frame->command, "%s", error[0] != '\0' ? error : tl_status_text(status));
    return tl_exit_code(status);
}

int tl_crash_result_end(const char *command, tl_result *result, const tl_result_summary *summary,
                        tl_result_status ended, int exit_code, FILE *told)
{
    char error[TL_RESULT_TEXT_MAX] = "";
    if (result == NULL)
        return exit_code;
    tl_result_set_summary(result, summary);
    tl_status status = tl_result_finish(result, ended, exit_code, error, sizeof error);
    if (status != TL_OK) {
        tl_complain(command, "%s", error[0] != '\0' ? error : tl_status_text(status));
        return exit_code == TL_EXIT_OK ? tl_exit_code(status) : exit_code;
    }
    if (told != NULL && tl_result_dir(result) != NULL)
        fprintf(told, "result: %s/" TL_RESULT_FILE "\n", tl_result_dir(result));
    return exit_code;
}
