/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether one model is better than another: values of a table of Student's t, and a case
 * that was worked by hand. */
#include "num/paired.h"
#include "test.h"

static void student_is_as_in_tables(void)
{
    /* two-sided critical values: t of 0.975 and 0.995 */
    check_near(student_p(12.7062047364, 1), 0.05, 1e-9);
    check_near(student_p(2.77644510520, 4), 0.05, 1e-9);
    check_near(student_p(4.60409487140, 4), 0.01, 1e-9);
    check_near(student_p(1.98397151853, 100), 0.05, 1e-9);
    check_near(student_p(-2.0, 4), 0.1161165235168155, 1e-12);
    check_near(student_p(0.5, 9), 0.6290712998260264, 1e-12);
    check_near(student_p(0, 3), 1, 1e-15);
    check_near(student_p(10, 3), 0.0021283990584141494, 1e-14);
}

static void pairs_are_told_apart(void)
{
    static const double a[] = {0.90, 0.92, 0.91, 0.93, 0.94};
    static const double b[] = {0.89, 0.90, 0.90, 0.91, 0.91};
    /* differences .01 .02 .01 .02 .03: mean .018, variance .00007 */

    check_near(paired_p(a, b, 5, 0), student_p(0.018 / sqrt(0.2 * 0.00007), 4), 1e-12);
    /* the test part has 20/65 of the training rows */
    check_near(paired_p(a, b, 5, 20 / 65.0),
               student_p(0.018 / sqrt((0.2 + 20 / 65.0) * 0.00007), 4), 1e-12);
    check_near(paired_p(b, a, 5, 0), paired_p(a, b, 5, 0), 1e-15);
    check(paired_p(a, b, 5, 20 / 65.0) > 2 * paired_p(a, b, 5, 0));
}

static void what_cannot_be_told_is_said(void)
{
    static const double a[] = {0.5, 0.75}, b[] = {0.25, 0.5};

    check(isnan(paired_p(a, b, 1, 0)));
    check(isnan(paired_p(a, b, 0, 0)));
    check_near(paired_p(a, a, 2, 0), 1, 0);
    check_near(paired_p(a, b, 2, 0), 0, 0); /* always as much better */
}

int main(void)
{
    test_run(student_is_as_in_tables);
    test_run(pairs_are_told_apart);
    test_run(what_cannot_be_told_is_said);
    return test_done();
}
