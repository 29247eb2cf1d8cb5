/* harness/report/tsv_tables.h -- private to tsv*.c: the tables while they are being filled. */
#ifndef TL_HARNESS_TSV_TABLES_H
#define TL_HARNESS_TSV_TABLES_H

#include "harness/report/tsv.h"

#define TSV_TABLE_MAP(X)                                                                           \
    X(panels, "picture\tpanel\ttitle\n")                                                           \
    X(bars, "picture\tbar\tname\tdriver_no\n")                                                     \
    X(throughput, "picture\tpanel\tbar\tpart\tworkload\tphase\tdriver\tdriver_no\trepetition\tops" \
                  "\twall_ns\tcpu_ns\tops_ns\tops_per_s\n")                                        \
    X(throughput_summary,                                                                          \
      "picture\tpanel\tbar\tpart\tworkload\tphase\tdriver\tdriver_no\trepetitions"                 \
      "\tops_per_s_median\tops_per_s_min\tops_per_s_max\tratio_count\tratio_median\tratio_min"     \
      "\tratio_max\tgap\n")                                                                        \
    X(latency, "picture\tpanel\tpart\tworkload\tphase\toperation\tdriver\tdriver_no\trepetition"   \
               "\ttypical\tpercentile\tnines\tlatency_ns\n")                                       \
    X(counters, "part\tworkload\tphase\tdriver\tcounter\tunit\trepetitions\tops\ttotal\ttotal_min" \
                "\ttotal_max\tper_op\n")                                                           \
    X(allocator, "picture\tpanel\tbar\tpart\tworkload\tphase\tcounter\tunit\tmode\tper_op\n")      \
    X(measures, "part\tworkload\tdurability\tdriver\trepetition\tstatus\tpage_bytes\tphase"        \
                "\tthreads\tops\ttransactions\twall_ns\tops_per_s\tof_one\tp50_ns\tp99_ns"         \
                "\tp99_9_ns\tcommit_p50_ns\tcommit_p99_ns\tcommit_p99_9_ns\tlogical_bytes"         \
                "\tfile_bytes\tfree_bytes\topen_ns\tcompact_ns\tclose_ns\tdata_bytes\tlog_bytes"   \
                "\tretries\tremark\n")                                                             \
    X(effects, "picture\trow\tpart\tlabel\tarm_a\tarm_b\tverdict\tdecided_by\tlaunches"            \
               "\testimate_percent\tlower_percent\tupper_percent\tpass_upper_percent\tlevel"       \
               "\tdelta_percent\tmde_percent\ttext\tnote\n")                                       \
    X(effects_launches, "picture\trow\tpart\tlabel\tlaunch\tpercent\n")                            \
    X(series,                                                                                      \
      "picture\tpanel\tpart\tworkload\tphase\tdriver\tdriver_no\trepetition\tbegin_s\tlength_s"    \
      "\tops_per_s\tp50_ns\tp99_ns\tp99_9_ns\tresponse_p50_ns\tresponse_p99_ns\tresponse_p99_9_ns" \
      "\tsplits\tmerges\talloc_compactions\tcheckpoints\tsteady_s\n")                              \
    X(heat, "picture\tpanel\tcolumn\tbin\tbegin_s\tlength_s\tlow_ns\thigh_ns\tcount\n")            \
    X(heat_bins, "picture\tpanel\tpart\tworkload\tphase\tdriver\tdriver_no\trepetition"            \
                 "\toperation\tlow_ns\thigh_ns\tcount\tcount_max\n")                               \
    X(heat_panels, "picture\tpanel\tpart\tworkload\tphase\tdriver\tdriver_no\trepetition"          \
                   "\toperation\tcolumns\tcolumn_s\tlength_s\n")                                   \
    X(fill, "picture\tpanel\tpart\tworkload\tphase\tdriver\tdriver_no\tfrom_ops\tops\tlow_percent" \
            "\thigh_percent\tshare\tlast\n")                                                       \
    X(fill_course, "picture\tpanel\tpart\tworkload\tphase\tdriver\tdriver_no\tops\tmean_percent"   \
                   "\tleaf_pages\ttree_pages\tdepth\n")                                            \
    X(space,                                                                                       \
      "picture\tstep\tpart\tworkload\tphase\tdriver\tdriver_no\tops\tlogical_bytes\tfile_bytes"    \
      "\tfree_bytes\tamplification\tdepth\n")                                                      \
    X(tradeoff, "picture\tpanel\tpart\tworkload\tdriver\tdriver_no\tnumber\tspace_amplification"   \
                "\twrite_amplification\tread_p50_ns\tfront\n")                                     \
    X(pages,                                                                                       \
      "picture\tpanel\tmap\tkind\tpages\tshare_percent\tfill_percent\tfree_runs\tlongest_run\n")   \
    X(pages_squares, "picture\tpanel\tsquare\tfirst_page\tkind\tfill_percent\tpaint\n")            \
    X(pages_runs, "picture\tpanel\tlength\truns\tshare\n")                                         \
    X(strategies,                                                                                  \
      "picture\tpanel\tbar\tpart\tworkload\tstrategy\tmeasure\tcount\tvalue\tlower\tupper\n")      \
    X(strategies_dots, "picture\tpanel\tbar\tnumber\tvalue\n")                                     \
    X(calibration_power, "picture\tpanel\trow\teffect\tpercent\tgates\tcaught\tpower\tpower_lower" \
                         "\tpower_upper\tgate_s\n")                                                \
    X(calibration_qq,                                                                              \
      "picture\tpanel\trow\tstatistic\trank\tp_expected\tp\testimate_percent\tcount"               \
      "\tband_lower\tband_upper\n")                                                                \
    X(crash, "picture\trow\tcolumn\tpart\tname\tdurability\tvariant\tstates\tfindings\toutcome\n")

#define TSV_TABLE_AS_FIELD(name, header) tl_text name;
typedef struct tsv_tables {
    TSV_TABLE_MAP(TSV_TABLE_AS_FIELD)
    const tl_suite *suite;
    const tl_groups *groups;
    tl_pictures *pictures;
} tsv_tables;

void tsv_fill_throughput(tsv_tables *tables);
void tsv_fill_latency(tsv_tables *tables);
void tsv_fill_counters(tsv_tables *tables);
void tsv_fill_allocator(tsv_tables *tables);
void tsv_fill_measures(tsv_tables *tables);
void tsv_fill_crash(tsv_tables *tables);
void tsv_fill_space(tsv_tables *tables);
void tsv_fill_tradeoff(tsv_tables *tables);
void tsv_fill_fill(tsv_tables *tables);
void tsv_fill_series(tsv_tables *tables);
void tsv_fill_calibration(tsv_tables *tables);
void tsv_fill_strategies(tsv_tables *tables);
void tsv_fill_pages(tsv_tables *tables);
void tsv_fill_heat(tsv_tables *tables);
void tsv_fill_effects(tsv_tables *tables);

/* One field and the tab after it. */
void tsv_field(tl_text *table, const char *text);
/* "PART" for a title when there are several parts: " (PART)"; else "". */
void tsv_title_part(const tsv_tables *tables, size_t part_no, char *text, size_t text_bytes);
/* A row of panels.tsv; `panel` counts from 1. */
void tsv_panel(tsv_tables *tables, const char *picture, size_t panel, const char *title);

#endif
