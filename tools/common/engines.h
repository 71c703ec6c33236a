/* SPDX-License-Identifier: BSD-3-Clause */
/* What to tell somebody who asked for an engine that is not there, or not for him. */
#ifndef MCR_TOOLS_ENGINES_H
#define MCR_TOOLS_ENGINES_H

#include <stddef.h>

#define ENGINES_ROOT "/run/mcring" /* where engines have their run directories */
#define ENGINES_TEXT 448           /* octets of a text of this file */

/* engines_list writes which engines there are in the directories below root: " (running: --name
 * lab)", also which cannot be asked and which have ended and left their sockets. Returns text. */
const char *engines_list(char text[ENGINES_TEXT], const char *root);

/* engines_denied writes who may connect to a socket, and how to become one of them: "; its mode is
 * 0660, its group feeds: usermod -aG feeds USER, and log in again". Returns text. */
const char *engines_denied(char text[ENGINES_TEXT], const char *path);

/* engines_hint writes what belongs behind the error of a consumer that could not attach: one of the
 * above, or nothing if there is an engine, which has said why. run_dir, name: as mcr_consumer_open
 * got them. */
const char *engines_hint(char text[ENGINES_TEXT], const char *run_dir, const char *name);

#endif
