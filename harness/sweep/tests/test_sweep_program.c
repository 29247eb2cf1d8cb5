/* `treelab sweep` as a user runs it.  TREELAB comes from the build. */
#define _GNU_SOURCE
#include "../../cli/tests/program.h"

#include "harness/cli/cli.h"
#include "harness/report/wholefile.h"

#include <dirent.h>
#include <signal.h>

/* Each test in a folder of its own, which relative names mean. */
static int enter(void **state)
{
    int failed = program_setup(state);
    const program *treelab = *state;
    return failed != 0 ? failed : chdir(treelab->scratch->path);
}
static int leave(void **state)
{
    return chdir("/") | program_teardown(state);
}
#define AS_USER(test) cmocka_unit_test_setup_teardown(test, enter, leave)

#define GRID                                                                                       \
    "[global]\ntree.checkpoint_thread = off\nops = %d\nrepeat = 2\n[axes]\n"                       \
    "workload = queue, ascending\ntree.split = adaptive, half_bytes, half_keys\n"
enum { GRID_CELLS = 12 };

static void write_grid(int ops)
{
    char text[512];
    snprintf(text, sizeof text, GRID, ops);
    assert_int_equal(tl_wholefile_write("g.ini", text, strlen(text)), TL_OK);
}

/* Lines of a journal behind its head; every cell's id is in there once. */
static size_t cells_in(const char *path)
{
    char *text = NULL;
    size_t bytes = 0, count = 0;
    if (tl_wholefile_read(path, 1 << 26, &text, &bytes) != TL_OK)
        return 0;
    for (const char *at = text; (at = strstr(at, "\n{\"id\":\"")) != NULL; at++, count++) {
        char id[256];
        size_t length = strcspn(at + 8, "\"") + 9;
        snprintf(id, sizeof id, "%.*s", (int)length, at);
        if (strstr(at + 1, id) != NULL)
            fail_msg("twice in %s:%s", path, id);
    }
    free(text);
    return count;
}

static void shards_run_each_cell_once_and_together_all(void **state)
{
    program *treelab = *state;
    size_t sum = 0;
    write_grid(100);
    for (int i = 1; i <= 3; i++) {
        char journal[64];
        program_run(treelab, "sweep g.ini --shard %d/3 --out part%d -q", i, i);
        assert_int_equal(treelab->exit_code, TL_EXIT_OK);
        snprintf(journal, sizeof journal, "part%d/samples.jsonl", i);
        sum += cells_in(journal);
    }
    assert_int_equal(sum, GRID_CELLS);
    program_run(treelab, "validate part1/run.json");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
}

static void a_list_runs_nothing(void **state)
{
    program *treelab = *state;
    write_grid(100);
    program_run(treelab, "sweep g.ini --list --shard 1/2");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "\t1/2\tworkload=");
    assert_null(strstr(treelab->out, "\t2/2\t"));
    assert_int_not_equal(access("out", F_OK), 0);
}

static pid_t start_sweep(void)
{
    pid_t child = fork();
    if (child == 0) {
        execl(TREELAB, "treelab", "sweep", "g.ini", "--out", "s", "-q", "--resume", NULL);
        _exit(127);
    }
    assert_true(child > 0);
    return child;
}

static void wait_for_cells(size_t wanted)
{
    for (int i = 0; cells_in("s/samples.jsonl") < wanted; i++) {
        if (i == 6000)
            fail_msg("no %zu cells after a minute", wanted);
        usleep(10000);
    }
}

/* The number of the cell that was under way; 0: none. */
static size_t cell_under_way(void)
{
    size_t found = 0, count = 0;
    DIR *running = opendir("s/running");
    for (struct dirent *entry; running != NULL && (entry = readdir(running)) != NULL;)
        if (entry->d_name[0] != '.') {
            found = strtoull(entry->d_name, NULL, 10);
            count++;
        }
    if (running != NULL)
        closedir(running);
    assert_true(count <= 1);
    return found;
}

static void a_kill_in_the_middle_loses_at_most_one_cell(void **state)
{
    program *treelab = *state;
    write_grid(2000);
    size_t have = 0;
    for (size_t kills = 1; kills <= 3; kills++) {
        pid_t child = start_sweep();
        wait_for_cells(have + 2);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        size_t now = cells_in("s/samples.jsonl"), lost = cell_under_way();
        assert_true(now >= have + 2);
        /* All before it have their lines; it has one too when the kill fell before its directory
         * was removed. */
        assert_true(lost == 0 || lost == now || lost == now + 1);
        have = now;
    }
    program_run(treelab, "sweep g.ini --out s -q --resume");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    char earlier[64];
    snprintf(earlier, sizeof earlier, "12 of 12 cells finished (%zu of them earlier)", have);
    program_says(treelab->out, earlier);
    assert_int_equal(cells_in("s/samples.jsonl"), GRID_CELLS);
    assert_int_not_equal(access("s/running", F_OK), 0);
}

static void an_interrupt_keeps_what_was_finished(void **state)
{
    (void)state;
    write_grid(2000);
    pid_t child = start_sweep();
    int how = 0;
    wait_for_cells(2);
    assert_int_equal(kill(child, SIGINT), 0);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), TL_EXIT_INTERRUPTED);
    assert_true(cells_in("s/samples.jsonl") >= 2);
    assert_int_equal(access("s/run.json", R_OK), 0);
}

static void cells_of_another_grid_are_not_taken_for_finished(void **state)
{
    program *treelab = *state;
    write_grid(100);
    program_run(treelab, "sweep g.ini --out s -q --timeout 60s");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_run(treelab, "sweep g.ini --out s -q");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "--resume");
    write_grid(101);
    program_run(treelab, "sweep g.ini --out s -q --resume");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "asked something else");
}

static void a_cell_that_is_not_understood_ends_the_sweep(void **state)
{
    program *treelab = *state;
    const char text[] = "[axes]\nworkload = queue\ntree.splt = adaptive\n";
    assert_int_equal(tl_wholefile_write("g.ini", text, strlen(text)), TL_OK);
    program_run(treelab, "sweep g.ini --out s -q");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "did you mean 'split'");
    assert_int_not_equal(access("s/run.json", F_OK), 0);
}

static void jobs_side_by_side_give_the_same_cells(void **state)
{
    program *treelab = *state;
    write_grid(100);
    program_run(treelab, "sweep g.ini --out s -q --jobs 3");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    assert_int_equal(cells_in("s/samples.jsonl"), GRID_CELLS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        AS_USER(shards_run_each_cell_once_and_together_all),
        AS_USER(a_list_runs_nothing),
        AS_USER(a_kill_in_the_middle_loses_at_most_one_cell),
        AS_USER(an_interrupt_keeps_what_was_finished),
        AS_USER(cells_of_another_grid_are_not_taken_for_finished),
        AS_USER(a_cell_that_is_not_understood_ends_the_sweep),
        AS_USER(jobs_side_by_side_give_the_same_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
