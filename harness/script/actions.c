#include "harness/script/actions.h"

tl_status tl_play_answer_with(tl_play *play, tl_status status, const char *note)
{
    play->answers[TL_SIDE_STORE].status = status;
    tl_script_answer_note(&play->answers[TL_SIDE_STORE], "%s", note);
    return TL_OK;
}

tl_status tl_play_unsupported(tl_play *play, const char *note)
{
    return tl_play_answer_with(play, TL_UNSUPPORTED, note);
}

static const struct act_row {
    tl_script_verb verb;
    bool when_closed; /* needs no open store */
    tl_status (*act)(tl_play *play, const tl_script_line *line);
} act_rows[] = {
    {TL_SCRIPT_OPEN,       true,  tl_act_open      },
    {TL_SCRIPT_REOPEN,     true,  tl_act_reopen    },
    {TL_SCRIPT_FAIL,       true,  tl_act_fail      },
    {TL_SCRIPT_CRASH,      true,  tl_act_crash     },
    {TL_SCRIPT_CLOSE,      false, tl_act_close     },
    {TL_SCRIPT_VERIFY,     false, tl_act_verify    },
    {TL_SCRIPT_CHECKPOINT, false, tl_act_checkpoint},
    {TL_SCRIPT_BEGIN,      false, tl_act_begin     },
    {TL_SCRIPT_COMMIT,     false, tl_act_commit    },
    {TL_SCRIPT_ABORT,      false, tl_act_abort     },
    {TL_SCRIPT_COMPACT,    false, tl_act_compact   },
    {TL_SCRIPT_SAVEPOINT,  false, tl_act_savepoint },
    {TL_SCRIPT_ROLLBACK,   false, tl_act_rollback  },
    {TL_SCRIPT_DROP,       false, tl_act_drop      },
    {TL_SCRIPT_CURSOR,     false, tl_act_cursor    },
    {TL_SCRIPT_CURCLOSE,   false, tl_act_curclose  },
    {TL_SCRIPT_EXPECT,     false, tl_act_expect    },
};

static const struct record_row {
    tl_script_verb verb;
    bool writes;
    tl_record_fn side;
} record_rows[] = {
    {TL_SCRIPT_PUT,        true,  tl_side_put     },
    {TL_SCRIPT_INSERT,     true,  tl_side_put     },
    {TL_SCRIPT_APPEND,     true,  tl_side_put     },
    {TL_SCRIPT_DEL,        true,  tl_side_del     },
    {TL_SCRIPT_DELRANGE,   true,  tl_side_delrange},
    {TL_SCRIPT_BATCH,      true,  tl_side_batch   },
    {TL_SCRIPT_BULKINSERT, true,  tl_side_batch   },
    {TL_SCRIPT_BULKLOAD,   true,  tl_side_batch   },
    {TL_SCRIPT_GET,        false, tl_side_get     },
    {TL_SCRIPT_SCAN,       false, tl_side_scan    },
    {TL_SCRIPT_COUNT,      false, tl_side_count   },
};

static const struct step_row {
    tl_script_verb verb;
    bool writes;
    tl_cursor_fn side;
} step_rows[] = {
    {TL_SCRIPT_FIRST,  false, tl_side_step  },
    {TL_SCRIPT_LAST,   false, tl_side_step  },
    {TL_SCRIPT_SEEK,   false, tl_side_step  },
    {TL_SCRIPT_NEXT,   false, tl_side_step  },
    {TL_SCRIPT_PREV,   false, tl_side_step  },
    {TL_SCRIPT_CURDEL, true,  tl_side_curdel},
};

#define ROW_COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

/* A verb that works on the records of an open store. */
static tl_status act_on_records(tl_play *play, const tl_script_line *line)
{
    for (size_t i = 0; i < ROW_COUNT(record_rows); i++)
        if (record_rows[i].verb == line->verb)
            return tl_act_record(play, line, record_rows[i].side, record_rows[i].writes);
    for (size_t i = 0; i < ROW_COUNT(step_rows); i++)
        if (step_rows[i].verb == line->verb)
            return tl_act_step(play, line, step_rows[i].side, step_rows[i].writes);
    return tl_play_unsupported(play, "nothing is known about this verb");
}

tl_status tl_play_act(tl_play *play, const tl_script_line *line)
{
    const struct act_row *row = NULL;
    play->differs = false;
    for (size_t i = 0; i < ROW_COUNT(act_rows); i++)
        if (act_rows[i].verb == line->verb)
            row = &act_rows[i];
    if ((row == NULL || !row->when_closed) && play->session.stores[TL_SIDE_STORE] == NULL)
        return tl_play_answer_with(play, TL_INVALID, "the store is closed; 'open' comes first");
    return row != NULL ? row->act(play, line) : act_on_records(play, line);
}

void tl_play_free(tl_play *play)
{
    tl_script_buffer_free(&play->key);
    tl_script_buffer_free(&play->value);
    tl_script_buffer_free(&play->low);
    tl_script_buffer_free(&play->high);
    for (size_t side = 0; side < TL_SIDE_COUNT; side++)
        tl_script_answer_free(&play->answers[side]);
    tl_script_expectation_free(&play->expectation);
    tl_play_batch_free(play);
}
