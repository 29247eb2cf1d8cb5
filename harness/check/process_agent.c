/* harness/check/process_agent.c -- a process that does what it is asked: open, commit the n-th of
 * the history, take a snapshot, look at it again.  It answers on its page, and lives until it is
 * killed.
 */
#include "harness/check/process_body.h"

typedef struct agent_state {
    const tl_process_bench *bench;
    tl_process_page *page;
    tl_store *store;
    tl_store_txn *snapshot, *txn;
} agent_state;

static bool sum_record(void *context, tl_slice key, tl_slice value)
{
    tl_truth *sum = context;
    sum->count++;
    sum->hash += tl_record_hash(key, value);
    return true;
}

static tl_status agent_open(agent_state *agent, bool read_only)
{
    tl_driver_options options = agent->bench->inspector.options;
    options.read_only = read_only;
    options.error = agent->page->text;
    options.error_bytes = sizeof agent->page->text;
    return agent->bench->inspector.driver->open(&options, &agent->store);
}

static tl_status agent_commit(agent_state *agent, size_t n)
{
    tl_store_txn *txn = NULL;
    tl_status status = tl_trace_apply(&agent->bench->inspector, agent->store, n, &txn);
    return status == TL_OK ? agent->bench->inspector.driver->commit(txn) : status;
}

static tl_status agent_look(agent_state *agent)
{
    agent->page->truth = (tl_truth){0, 0};
    return agent->bench->inspector.driver->scan(agent->snapshot, (tl_slice){NULL, 0}, sum_record,
                                                &agent->page->truth);
}

static tl_status agent_obey(agent_state *agent)
{
    const tl_driver *driver = agent->bench->inspector.driver;
    tl_status status;
    switch ((tl_agent_command)agent->page->command) {
    case TL_AGENT_OPEN:
    case TL_AGENT_OPEN_READ_ONLY:
        return agent_open(agent, agent->page->command == TL_AGENT_OPEN_READ_ONLY);
    case TL_AGENT_CLOSE:
        return driver->close(agent->store);
    case TL_AGENT_COMMIT:
        return agent_commit(agent, agent->page->number);
    case TL_AGENT_APPLY:
        return tl_trace_apply(&agent->bench->inspector, agent->store, agent->page->number,
                              &agent->txn);
    case TL_AGENT_SNAPSHOT:
        status = driver->begin(agent->store, true, &agent->snapshot);
        return status == TL_OK ? agent_look(agent) : status;
    case TL_AGENT_LOOK:
        return agent_look(agent);
    case TL_AGENT_END_SNAPSHOT:
        driver->abort(agent->snapshot);
        return TL_OK;
    }
    return TL_INVALID;
}

void tl_process_agent(void *context, tl_process_page *page)
{
    agent_state agent = {.bench = context, .page = page};
    for (;;) { /* until it is killed */
        while (atomic_load(&page->asked) == atomic_load(&page->answered))
            tl_process_nap();
        page->text[0] = '\0';
        page->status = agent_obey(&agent);
        atomic_fetch_add(&page->answered, 1);
    }
}
