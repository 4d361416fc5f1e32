/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file that says that a process works here. The lock is the system's own (flock), so
 * it ends with the process however that ends, and a file that was left behind counts for
 * nothing. What the file holds, "PID HOST", is for the sentence that others are told.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <stdbool.h>

#include "base/error.h"

struct lock; /* opaque */

/* Makes the file and locks it. False: another process (or another lock of this one) has
 * it, and *err says which process. Where the file cannot be made, or the file system has
 * no locks, *lock is NULL and true is returned: nobody can be told. */
bool lock_take(const char *path, struct lock **lock, struct error *err);
/* Removes the file. NULL is fine. */
void lock_release(struct lock *lock);
/* The file stays, so that whoever comes later knows that the work has no end yet. NULL is
 * fine. */
void lock_leave(struct lock *lock);

/* Whether somebody has it; then *err (may be NULL) says which process. */
bool lock_is_taken(const char *path, struct error *err);

#endif
