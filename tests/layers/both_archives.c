/* SPDX-License-Identifier: BSD-3-Clause */
/* A program that links both static libraries: what they share does not clash. */
#include <mcring/consumer.h>
#include <mcring/engine.h>

int main(void)
{
	struct mcr_address address;

	mcr_consumer_close(NULL);
	mcr_engine_destroy(NULL);
	return mcr_address_parse(&address, "10.0.0.7", 8);
}
