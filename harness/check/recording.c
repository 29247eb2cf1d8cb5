/* harness/check/recording.c -- see recording.h. */
#include "harness/check/recording.h"

#include "harness/check/trace_threads.h"

#include <assert.h>

tl_status tl_recording_make(const tl_recording_spec *spec, tl_recording *recording, char *error,
                            size_t error_bytes)
{
    assert((spec->driver->capabilities & TL_DRIVER_SIM_IO) != 0);
    *recording = (tl_recording){0};
    tl_oracle_spec history = {spec->seed, spec->page_bytes, spec->commits, spec->history};
    tl_status status = tl_oracle_create(&history, &recording->oracle);
    if (status != TL_OK)
        return status;
    recording->inspector = (tl_inspector){
        .driver = spec->driver,
        .oracle = recording->oracle,
        .options = {.dir = "db",
                    .durability = spec->durability,
                    .page_bytes = spec->page_bytes,
                    .seed = spec->seed,
                    .deterministic = true,
                    .arena = spec->arena,
                    .settings = spec->settings,
                    .setting_count = spec->setting_count},
    };
    if (spec->schedule != 0) {
        assert(spec->history->writers > 0);
        tl_crew crew = {spec->history->writers, spec->history->readers, spec->schedule};
        return tl_trace_record_threads(&recording->inspector, &crew, &recording->trace, error,
                                       error_bytes);
    }
    return tl_trace_record(&recording->inspector, &recording->trace, error, error_bytes);
}

void tl_recording_clear(tl_recording *recording)
{
    tl_trace_clear(&recording->trace);
    tl_oracle_destroy(recording->oracle);
    *recording = (tl_recording){0};
}
