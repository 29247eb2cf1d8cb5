/* harness/doctor/doctor.c -- the list of symptoms, what it comes to, and its JSON. */
#include "harness/doctor/doctor_body.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

const char *tl_purpose_name(tl_purpose purpose)
{
    static const char *const names[TL_PURPOSE_COUNT] = {"counters", "instructions", "time",
                                                        "latency", "durable"};
    return names[purpose];
}

const char *tl_fitness_name(tl_fitness fitness)
{
    static const char *const names[] = {"fit", "unknown", "care", "unfit"};
    return names[fitness];
}

tl_symptom *tl_symptom_add(tl_examination *found, const char *name, tl_fitness fitness,
                           unsigned purposes, const char *format, ...)
{
    assert(found->count < TL_SYMPTOM_MAX);
    tl_symptom *symptom = &found->symptoms[found->count++];
    *symptom = (tl_symptom){.name = name, .fitness = fitness, .purposes = purposes};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(symptom->value, sizeof symptom->value, format, arguments);
    va_end(arguments);
    return symptom;
}

void tl_symptom_remedy(tl_symptom *symptom, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(symptom->remedy, sizeof symptom->remedy, format, arguments);
    va_end(arguments);
}

void tl_doctor_examine(const tl_doctor_request *request, tl_examination *found)
{
    found->count = 0;
    tl_doctor_look_at_settings(found);
    tl_doctor_look_at_tools(found);
    tl_doctor_look_at_storage(request->dir, found);
    if (request->measure_ns > 0)
        tl_doctor_listen(request->measure_ns, found);
}

tl_fitness tl_doctor_conclude(const tl_examination *found, tl_purpose purpose)
{
    tl_fitness gravest = TL_FIT;
    for (size_t i = 0; i < found->count; i++) {
        const tl_symptom *symptom = &found->symptoms[i];
        if ((symptom->purposes & 1u << purpose) != 0 && symptom->fitness > gravest &&
            symptom->fitness != TL_FIT_UNKNOWN)
            gravest = symptom->fitness;
    }
    return gravest;
}

tl_json *tl_doctor_json(const tl_examination *found)
{
    tl_json *root = tl_json_object_new();
    tl_json_add_text(root, "schema", "treelab.doctor/1");
    tl_json *fit = tl_json_add_object(root, "fit_for");
    for (tl_purpose purpose = 0; purpose < TL_PURPOSE_COUNT; purpose++)
        tl_json_add_text(fit, tl_purpose_name(purpose),
                         tl_fitness_name(tl_doctor_conclude(found, purpose)));
    tl_json *symptoms = tl_json_add_array(root, "symptoms");
    for (size_t i = 0; i < found->count; i++) {
        const tl_symptom *symptom = &found->symptoms[i];
        tl_json *row = tl_json_add_object(symptoms, NULL);
        tl_json_add_text(row, "name", symptom->name);
        tl_json_add_text(row, "value", symptom->value);
        tl_json_add_text(row, "fitness", tl_fitness_name(symptom->fitness));
        tl_json *purposes = tl_json_add_array(row, "purposes");
        for (tl_purpose purpose = 0; purpose < TL_PURPOSE_COUNT; purpose++)
            if ((symptom->purposes & 1u << purpose) != 0)
                tl_json_add_text(purposes, NULL, tl_purpose_name(purpose));
        tl_json_add_text(row, "remedy", symptom->remedy);
    }
    return root;
}
