/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/datetime.h"

#include <math.h>
#include <string.h>

const char *datetime_form_name(enum datetime_form form)
{
    static const char *const names[DATETIME_FORMS] = {
        "none", "year-month-day", "day.month.year", "month/day/year", "time of day",
    };

    return names[form];
}

struct scanner {
    const char *p, *end;
};

/* From `least` to `most` digits, at most 4; the whole run of digits must fit. */
static bool take_number(struct scanner *s, int least, int most, int *out)
{
    int digits = 0, number = 0;

    while (s->p < s->end && *s->p >= '0' && *s->p <= '9') {
        if (++digits > most)
            return false;
        number = 10 * number + (*s->p++ - '0');
    }
    *out = number;
    return digits >= least;
}

static bool take_byte(struct scanner *s, const char *allowed, char *which)
{
    if (s->p == s->end || *s->p == '\0' || !strchr(allowed, *s->p))
        return false;
    *which = *s->p++;
    return true;
}

/* "Z", "+01:00", "-0530", or nothing. */
static bool take_zone(struct scanner *s)
{
    char byte;
    int hours, minutes;

    if (take_byte(s, "Zz", &byte) || !take_byte(s, "+-", &byte))
        return true;
    if (s->end - s->p == 4)
        return take_number(s, 4, 4, &hours);
    return take_number(s, 2, 2, &hours) &&
           (!take_byte(s, ":", &byte) || take_number(s, 2, 2, &minutes));
}

/* H:MM, H:MM:SS, H:MM:SS.fraction. */
static bool take_time(struct scanner *s, struct datetime *t)
{
    char byte;

    if (!take_number(s, 1, 2, &t->hour) || t->hour > 23 || !take_byte(s, ":", &byte) ||
        !take_number(s, 2, 2, &t->minute) || t->minute > 59)
        return false;
    if (!take_byte(s, ":", &byte))
        return true;
    if (!take_number(s, 2, 2, &t->second) || t->second > 60)
        return false;
    if (take_byte(s, ".,", &byte))
        while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
            s->p++;
    return true;
}

static bool in_calendar(const struct datetime *t)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (t->year % 4 == 0 && t->year % 100 != 0) || t->year % 400 == 0;

    return t->year >= 1 && t->month >= 1 && t->month <= 12 && t->day >= 1 &&
           t->day <= days[t->month - 1] + (t->month == 2 && leap);
}

static bool take_date(struct scanner *s, enum datetime_form form, struct datetime *t)
{
    int *first = form == DATETIME_MDY ? &t->month : &t->day;
    int *second = form == DATETIME_MDY ? &t->day : &t->month;
    const char *marks = form == DATETIME_MDY ? "/-" : form == DATETIME_DMY ? "./-" : "-/";
    char mark, again;
    bool taken;

    if (form == DATETIME_ISO)
        taken = take_number(s, 4, 4, &t->year) && take_byte(s, marks, &mark) &&
                take_number(s, 1, 2, &t->month) && take_byte(s, marks, &again) &&
                take_number(s, 1, 2, &t->day);
    else
        taken = take_number(s, 1, 2, first) && take_byte(s, marks, &mark) &&
                take_number(s, 1, 2, second) && take_byte(s, marks, &again) &&
                take_number(s, 4, 4, &t->year);
    return taken && mark == again && in_calendar(t);
}

bool datetime_parse(struct cell cell, enum datetime_form form, struct datetime *out)
{
    struct scanner s = {cell.text, cell.text + cell.length};
    struct datetime t = {-1, -1, -1, -1, -1, -1};
    char byte;

    if (form == DATETIME_NONE || cell.length > 64)
        return false;
    if (form == DATETIME_TIME) {
        if (!take_time(&s, &t))
            return false;
    } else {
        if (!take_date(&s, form, &t))
            return false;
        if (take_byte(&s, "T ", &byte) && !(take_time(&s, &t) && take_zone(&s)))
            return false;
    }
    *out = t;
    return s.p == s.end;
}

void datetime_vote(struct datetime_votes *v, const struct tally *t, size_t begin,
                   size_t end)
{
    struct datetime fields;

    for (size_t code = begin; code < end; code++) {
        struct cell cell = tally_cell(t, code);

        if (tally_missing(t, code) || cell.length < 4 || cell.length > 64)
            continue;
        if (memchr(cell.text, '/', cell.length))
            v->slashes += t->counts[code];
        for (enum datetime_form f = DATETIME_ISO; f < DATETIME_FORMS; f++)
            if (datetime_parse(cell, f, &fields))
                v->readable[f] += t->counts[code];
    }
}

enum datetime_form datetime_choose(const struct datetime_votes *v, size_t *cells)
{
    enum datetime_form best = DATETIME_NONE;

    for (enum datetime_form f = DATETIME_ISO; f < DATETIME_FORMS; f++)
        if (v->readable[f] > v->readable[best])
            best = f;
    if (best == DATETIME_DMY && v->readable[DATETIME_MDY] == v->readable[best]
        && v->slashes > 0)
        best = DATETIME_MDY;
    *cells = v->readable[best];
    return best;
}

enum datetime_form datetime_guess(const struct tally *t, size_t *cells)
{
    struct datetime_votes votes = {0};

    datetime_vote(&votes, t, 0, t->n);
    return datetime_choose(&votes, cells);
}

/* Sakamoto's method, turned so that Monday is 0. */
int datetime_weekday(const struct datetime *t)
{
    static const int shift[12] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
    int y = t->year - (t->month < 3);

    return (y + y / 4 - y / 100 + y / 400 + shift[t->month - 1] + t->day + 6) % 7;
}

/* Days since 1970 of the proleptic Gregorian calendar; years begin in March, so that the
 * leap day is their last (Hinnant's algorithm). */
static long days_of(long year, int month, int day)
{
    long era, of_era, of_year;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    of_era = year - era * 400;
    of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

double datetime_seconds(const struct datetime *t)
{
    double seconds = t->hour > 0 ? 3600.0 * t->hour : 0;

    seconds += t->minute > 0 ? 60.0 * t->minute : 0;
    seconds += t->second > 0 ? t->second : 0;
    if (t->year >= 0)
        seconds += 86400.0 * (double)days_of(t->year, t->month, t->day);
    return seconds;
}

struct datetime datetime_of_seconds(double seconds)
{
    struct datetime t;
    long days = (long)floor(seconds / 86400), rest = (long)(seconds - 86400.0 * days);
    long era, of_era, year, of_year, month;

    days += 719468;
    era = (days >= 0 ? days : days - 146096) / 146097;
    of_era = days - era * 146097;
    year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year = of_era - (365 * year + year / 4 - year / 100);
    month = (5 * of_year + 2) / 153;
    t.day = (int)(of_year - (153 * month + 2) / 5 + 1);
    t.month = (int)(month < 10 ? month + 3 : month - 9);
    t.year = (int)(year + era * 400 + (t.month <= 2));
    t.hour = (int)(rest / 3600);
    t.minute = (int)(rest / 60 % 60);
    t.second = (int)(rest % 60);
    return t;
}
