/* Grids: which cells there are, what they are called, which shard has them. */
#include "harness/sweep/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char told[8192];

static void remember(void *context, const char *text)
{
    (void)context;
    size_t used = strlen(told);
    snprintf(told + used, sizeof told - used, "%s\n", text);
}

static tl_status read_grid(tl_grid *grid, const char *text)
{
    told[0] = '\0';
    return tl_grid_read_text("a.ini", text, remember, NULL, grid);
}

static void cells_are_every_combination_the_last_axis_fastest(void **state)
{
    (void)state;
    tl_grid grid;
    assert_int_equal(read_grid(&grid, "[global]\nrepeat = 2\n[axes]\nworkload = a, b\n"
                                      "page_bytes = 1k,2k,4k\n"),
                     TL_OK);
    assert_int_equal(grid.cell_count, 12);
    assert_string_equal(grid.cells[0].id, "workload=a,page_bytes=1k/r0");
    assert_string_equal(grid.cells[1].id, "workload=a,page_bytes=2k/r0");
    assert_string_equal(grid.cells[3].id, "workload=b,page_bytes=1k/r0");
    assert_string_equal(grid.cells[11].id, "workload=b,page_bytes=4k/r1");
    tl_grid_release(&grid);
}

static void a_rule_takes_away_the_cells_for_which_all_its_terms_hold(void **state)
{
    (void)state;
    tl_grid grid;
    assert_int_equal(read_grid(&grid, "[axes]\nworkload = long_keys, queue, ycsb_a, ycsb_b\n"
                                      "page_bytes = 1k,4k\n[skip]\n"
                                      "small = workload=long_keys page_bytes=1k,2k\n"
                                      "no_ycsb = workload=ycsb_* page_bytes!=4k\n"),
                     TL_OK);
    assert_int_equal(grid.cell_count, 5);
    assert_int_equal(grid.skipped, 3);
    assert_string_equal(grid.cells[0].id, "workload=long_keys,page_bytes=4k/r0");
    assert_string_equal(grid.cells[4].id, "workload=ycsb_b,page_bytes=4k/r0");
    tl_grid_release(&grid);
}

static void all_stands_for_every_row_of_a_registry(void **state)
{
    (void)state;
    tl_grid grid;
    assert_int_equal(read_grid(&grid, "[axes]\nworkload = all\ntree.fill = all\n"), TL_OK);
    assert_true(grid.axes[0].count > 40);
    assert_string_equal(grid.axes[1].values[0], "lmdb25");
    tl_grid_release(&grid);
    assert_int_equal(read_grid(&grid, "[axes]\nseed = all\n"), TL_INVALID);
    assert_non_null(strstr(told, "no list of all values of 'seed'"));
    tl_grid_release(&grid);
}

static void shards_partition_the_grid(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 2, 7, 32};
    tl_grid grid;
    assert_int_equal(read_grid(&grid, "[axes]\nworkload = all\ntree.split = all\n"), TL_OK);
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        size_t of_shard[32] = {0}, sum = 0, fewest = grid.cell_count;
        for (size_t i = 0; i < grid.cell_count; i++)
            of_shard[tl_grid_shard(grid.cells[i].id, counts[c])]++;
        for (size_t s = 0; s < counts[c]; s++) {
            sum += of_shard[s];
            fewest = of_shard[s] < fewest ? of_shard[s] : fewest;
        }
        assert_int_equal(sum, grid.cell_count);
        assert_true(fewest * counts[c] * 3 > grid.cell_count); /* none is starved */
    }
    tl_grid_release(&grid);
}

/* Shards of one sweep run on unlike machines and of unlike builds. */
static void shards_are_the_same_everywhere(void **state)
{
    (void)state;
    assert_int_equal(tl_grid_shard("workload=queue/r0", 7), 3);
    assert_int_equal(tl_grid_shard("workload=ycsb_a,page_bytes=4k/r1", 1000), 384);
}

static void a_cell_keeps_id_and_shard_when_an_axis_grows(void **state)
{
    (void)state;
    tl_grid few, many;
    assert_int_equal(read_grid(&few, "[axes]\nworkload = queue\nseed = 1,2\n"), TL_OK);
    assert_int_equal(read_grid(&many, "[axes]\nworkload = ycsb_a,queue\nseed = 0,1,2\n"), TL_OK);
    assert_string_equal(few.cells[1].id, many.cells[5].id);
    tl_grid_release(&few);
    tl_grid_release(&many);
}

static void json_and_ini_are_one_grid(void **state)
{
    (void)state;
    tl_grid ini, json;
    assert_int_equal(read_grid(&ini, "[global]\nops = 100\n[axes]\nworkload = queue,zipf\n"
                                     "[skip]\nno = workload=zipf\n"),
                     TL_OK);
    assert_int_equal(read_grid(&json, "{\"global\": {\"ops\": 100}, \"phases\": [{\"phase\": "
                                      "\"axes\", \"workload\": \"queue,zipf\"}, {\"phase\": "
                                      "\"skip\", \"no\": \"workload=zipf\"}]}"),
                     TL_OK);
    assert_int_equal(json.cell_count, 1);
    assert_string_equal(ini.cells[0].id, json.cells[0].id);
    assert_string_equal(ini.hash, json.hash);
    tl_grid_release(&ini);
    tl_grid_release(&json);
}

static void what_is_asked_of_all_cells_is_in_the_hash_and_repeats_are_not(void **state)
{
    (void)state;
    tl_grid a, b, c;
    assert_int_equal(read_grid(&a, "[global]\nops = 1\n[axes]\nseed = 1\n"), TL_OK);
    assert_int_equal(read_grid(&b, "[global]\nops = 2\n[axes]\nseed = 1\n"), TL_OK);
    assert_int_equal(read_grid(&c, "[global]\nops = 1\nrepeat=3\n[axes]\nseed = 1,2\n"), TL_OK);
    assert_string_not_equal(a.hash, b.hash);
    assert_string_equal(a.hash, c.hash);
    tl_grid_release(&a);
    tl_grid_release(&b);
    tl_grid_release(&c);
}

static void a_cell_asks_a_driver_for_its_own_settings_only(void **state)
{
    (void)state;
    tl_grid grid;
    assert_int_equal(read_grid(&grid, "[global]\ntree.leaf = dense\n[axes]\n"
                                      "driver = tree,null\ntree.split = adaptive\n"),
                     TL_OK);
    char **of_tree = tl_grid_words(&grid, &grid.cells[0]);
    char **of_null = tl_grid_words(&grid, &grid.cells[1]);
    size_t found = 0;
    for (char **word = of_tree; *word != NULL; word++)
        found += strncmp(*word, "tree.", 5) == 0;
    for (char **word = of_null; *word != NULL; word++)
        assert_true(strncmp(*word, "tree.", 5) != 0);
    assert_int_equal(found, 2);
    free(of_tree);
    free(of_null);
    tl_grid_release(&grid);
}

static void every_trouble_of_a_grid_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *text, *complaint;
    } grids[] = {
        {"[global]\nops = 1\n",                               "no [axes]"                  },
        {"[axes]\nseed = 1,1\n",                              "'1' is there twice"         },
        {"[axes]\nseed = 1,,2\n",                             "an empty value"             },
        {"[axes]\nspec = a/b\n",                              "would end the cell's id"    },
        {"[axes]\nseed = 1\n[skip]\nx = sede=1\n",            "did you mean 'seed'"        },
        {"[axes]\nseed = 1\n[skip]\nx = seed\n",              "is not AXIS=VALUE"          },
        {"[axes]\nseed = 1\n[skip]\nx = seed=1\n",            "no cell is left"            },
        {"[axes]\nseed = 1\n[load]\n",                        "phases belong into a spec"  },
        {"[global]\nseed = 2\n[axes]\nseed = 1\n",            "is an axis as well"         },
        {"[global]\nworkload = a,b\n[axes]\nseed = 1\n",      "a list belongs into [axes]" },
        {"[global]\nrepeat = none\n[axes]\nseed = 1\n",       "not a number from 1 to 1000"},
        {"[global]\nspec = no/such/file\n[axes]\nseed = 1\n", "cannot read 'no/such/file'" },
    };
    for (size_t i = 0; i < sizeof grids / sizeof grids[0]; i++) {
        tl_grid grid;
        assert_int_not_equal(read_grid(&grid, grids[i].text), TL_OK);
        if (strstr(told, grids[i].complaint) == NULL)
            fail_msg("'%s' is not in: %s", grids[i].complaint, told);
        tl_grid_release(&grid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_every_combination_the_last_axis_fastest),
        cmocka_unit_test(a_rule_takes_away_the_cells_for_which_all_its_terms_hold),
        cmocka_unit_test(all_stands_for_every_row_of_a_registry),
        cmocka_unit_test(shards_partition_the_grid),
        cmocka_unit_test(shards_are_the_same_everywhere),
        cmocka_unit_test(a_cell_keeps_id_and_shard_when_an_axis_grows),
        cmocka_unit_test(json_and_ini_are_one_grid),
        cmocka_unit_test(what_is_asked_of_all_cells_is_in_the_hash_and_repeats_are_not),
        cmocka_unit_test(a_cell_asks_a_driver_for_its_own_settings_only),
        cmocka_unit_test(every_trouble_of_a_grid_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
