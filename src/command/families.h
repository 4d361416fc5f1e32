/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands, one file a family; command.c puts them in order. */
#ifndef COMMAND_FAMILIES_H
#define COMMAND_FAMILIES_H

#include "command/command.h"

extern const struct command /* cmd_table.c: look at tables */
    command_load, command_tables, command_use, command_head, command_describe,
        command_export;
extern const struct command /* cmd_schema.c: what columns mean */
    command_mark, command_target, command_split, command_schema, command_undo,
        command_redo;
extern const struct command /* cmd_option.c */
    command_set, command_show;
extern const struct command /* cmd_keep.c */
    command_keep;
extern const struct command /* cmd_layers.c */
    command_model;
extern const struct command /* cmd_train.c */
    command_train, command_pretrain;
extern const struct command /* cmd_search.c */
    command_search;
extern const struct command /* cmd_benchmark.c */
    command_benchmark;
extern const struct command /* cmd_job.c */
    command_jobs, command_pause, command_stop, command_wait;
extern const struct command /* cmd_resume.c */
    command_resume;
extern const struct command /* cmd_run.c */
    command_runs, command_run_verb, command_compare;
extern const struct command /* cmd_plot.c */
    command_plot;
extern const struct command /* cmd_report.c */
    command_report;
extern const struct command /* cmd_model.c: use the model of a run */
    command_evaluate, command_predict, command_save, command_open;
extern const struct command /* cmd_attention.c */
    command_attention;
extern const struct command /* cmd_probe.c */
    command_probe;
extern const struct command /* cmd_robustness.c */
    command_robustness;
extern const struct command /* cmd_importance.c */
    command_importance;
extern const struct command /* cmd_dependence.c */
    command_dependence;
extern const struct command /* cmd_whatif.c */
    command_whatif;
extern const struct command /* cmd_embeddings.c */
    command_embeddings, command_neighbours;
extern const struct command /* cmd_tsne.c */
    command_tsne;
extern const struct command /* cmd_screen.c: what is looked at */
    command_view, command_focus, command_move, command_enter, command_back,
    command_find_verb, command_zoom, command_layout, command_select, command_arrange,
    command_rows, command_values, command_chart, command_overlay, command_fold,
    command_map, command_points, command_brush, command_range, command_copy, command_menu,
    command_keys, command_freeze, command_repaint, command_suspend, command_edit,
    command_screen_dump, command_say, command_linger, command_bind, command_unbind,
    command_theme;
extern const struct command /* cmd_session.c */
    command_session, command_doctor;
extern const struct command /* cmd_help.c */
    command_help, command_source, command_quit;

#endif
