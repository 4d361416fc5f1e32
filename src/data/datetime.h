/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Dates and times in cells. A column has one form or none: which of day and month comes
 * first is never decided cell by cell.
 */
#ifndef DATA_DATETIME_H
#define DATA_DATETIME_H

#include "data/tally.h"

enum datetime_form {
    DATETIME_NONE,
    DATETIME_ISO,  /* 2018-01-28, 2018-01-28 14:05, 2018-01-28T14:05:00.5Z */
    DATETIME_DMY,  /* 28.01.2018, 28/01/2018, 28-01-2018, with or without a time */
    DATETIME_MDY,  /* 01/28/2018 */
    DATETIME_TIME, /* 14:05, 14:05:00 */
    DATETIME_FORMS
};

struct datetime {
    int year, month, day, hour, minute, second; /* -1: not given */
};

const char *datetime_form_name(enum datetime_form form); /* "day.month.year", ... */

/* False for what is not in that form or not in the calendar (29 Feb 2023; but second 60
 * is a leap second). A time zone is allowed and left aside. */
bool datetime_parse(struct cell cell, enum datetime_form form, struct datetime *out);

/* The form in which most of the column's non-missing cells can be read, and how many
 * those are; NONE without any. Where day and month could be swapped in every cell,
 * dots and hyphens mean that the day is first, slashes that the month is. */
enum datetime_form datetime_guess(const struct tally *t, size_t *cells);

/* The same in slices: {0}, the texts [begin, end) of the tally, the choice. */
struct datetime_votes {
    size_t readable[DATETIME_FORMS], slashes; /* cells */
};
void datetime_vote(struct datetime_votes *v, const struct tally *t, size_t begin,
                   size_t end);
enum datetime_form datetime_choose(const struct datetime_votes *v, size_t *cells);

/* Seconds since the beginning of 1970, or since midnight without a date; and back, all
 * fields given, for seconds within some thousand years of it. */
double datetime_seconds(const struct datetime *t);
struct datetime datetime_of_seconds(double seconds);

/* 0 Monday .. 6 Sunday. */
int datetime_weekday(const struct datetime *t);

#endif
