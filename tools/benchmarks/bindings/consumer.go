// SPDX-License-Identifier: BSD-3-Clause

// consumer RUN_DIR ROUNDS take: consumer.c in Go, by cgo; tools/benchmarks/bindings.py has the rules.
package main

/*
#cgo pkg-config: libmcring-client
#include <mcring/consumer.h>
#include <stdlib.h>

static struct mcr_consumer_opts defaults(void)
{
	return (struct mcr_consumer_opts)MCR_CONSUMER_OPTS_INIT;
}
*/
import "C"

import (
	"encoding/binary"
	"fmt"
	"os"
	"sort"
	"strconv"
	"time"
	"unsafe"
)

const batch, room = 1000, 4 << 20

func require(holds bool, what string) {
	if !holds {
		fmt.Fprintln(os.Stderr, "consumer:", what)
		os.Exit(1)
	}
}

func main() {
	var consumer *C.struct_mcr_consumer
	var err C.struct_mcr_error
	var messages, sum uint64

	require(len(os.Args) == 4 && os.Args[3] == "take", "usage: consumer RUN_DIR ROUNDS take")
	rounds, _ := strconv.Atoi(os.Args[2])
	require(rounds > 0, "no rounds")
	opts := C.defaults()
	opts.run_dir = C.CString(os.Args[1])
	opts.start = C.MCR_START_OLDEST
	require(C.mcr_consumer_open(&consumer, &opts, &err) == 0, C.GoString(&err.text[0]))

	msgs := (*[batch]C.struct_mcr_msg)(C.calloc(batch, C.sizeof_struct_mcr_msg))
	payloads := C.malloc(room)
	ns := make([]float64, rounds)
	for round := range ns {
		require(C.mcr_consumer_seek(consumer, C.MCR_START_OLDEST) == 0, "seek")
		before := messages
		since := time.Now()
		for {
			n := C.mcr_consumer_take(consumer, &msgs[0], batch, payloads, room)
			require(n >= 0, "the engine has ended")
			if n == 0 {
				break
			}
			for i := range msgs[:n] {
				m := &msgs[i]
				require(m.kind == C.MCR_DATA, "an event came")
				payload := unsafe.Slice((*byte)(m.data), m.len)
				sum += binary.LittleEndian.Uint64(payload) + uint64(len(payload))
			}
			messages += uint64(n)
		}
		ns[round] = float64(time.Since(since).Nanoseconds()) / float64(messages-before)
	}
	sort.Float64s(ns)
	fmt.Printf("messages %d sum %d ns %.2f\n", messages, sum, ns[rounds/2])
	C.mcr_consumer_close(consumer)
}
