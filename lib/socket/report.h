/* SPDX-License-Identifier: BSD-3-Clause */
/* What sockets the program has, told to the engine for mcring-ctl sockets. */
#ifndef MCR_SOCKET_REPORT_H
#define MCR_SOCKET_REPORT_H

/* mcr_report tells it, once a second at most: cheap when it is not due. The caller holds no lock.
 */
void mcr_report(void);

#endif
