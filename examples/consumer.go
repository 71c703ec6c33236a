// SPDX-License-Identifier: BSD-3-Clause
package main

/*
#cgo pkg-config: libmcring-client
#include <mcring/consumer.h>
#include <stdlib.h>

// What cgo cannot say: a macro that is no expression, and a member of a union.
static struct mcr_consumer_opts defaults(void)
{
	return (struct mcr_consumer_opts)MCR_CONSUMER_OPTS_INIT;
}
static uint64_t lost(const struct mcr_msg *m)
{
	return m->lost;
}
*/
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

const batch, room = 1000, 4 << 20

func main() {
	var consumer *C.struct_mcr_consumer
	var err C.struct_mcr_error
	// C memory: what points into the payloads may not stand in Go's.
	msgs := (*[batch]C.struct_mcr_msg)(C.calloc(batch, C.sizeof_struct_mcr_msg))
	payloads := C.malloc(room)

	opts := C.defaults()
	if len(os.Args) > 1 {
		opts.run_dir = C.CString(os.Args[1])
	}
	if C.mcr_consumer_open(&consumer, &opts, &err) < 0 {
		fmt.Fprintln(os.Stderr, C.GoString(&err.text[0]))
		os.Exit(1)
	}
	for {
		n := C.mcr_consumer_take(consumer, &msgs[0], batch, payloads, room)
		if n < 0 {
			break // the engine has ended
		}
		for i := range msgs[:n] {
			m := &msgs[i]
			switch m.kind {
			case C.MCR_LOST:
				fmt.Printf("lost %d from %d on\n", C.lost(m), m.pos.seq)
			case C.MCR_DATA:
				payload := unsafe.Slice((*byte)(m.data), m.len)
				fmt.Printf("%d: %d octets\n", m.pos.seq, len(payload))
			}
		}
		if n == 0 {
			C.mcr_consumer_wait(consumer, C.UINT64_MAX)
		}
	}
	C.mcr_consumer_close(consumer)
}
