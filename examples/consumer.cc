/* SPDX-License-Identifier: BSD-3-Clause */
#include <iostream>
#include <mcring/consumer.hpp>

int main(int argc, char **argv)
try {
	mcring::options opts;
	char payload[9000];

	if (argc > 1)
		opts.run_dir = argv[1];
	mcring::consumer consumer(opts);
	for (const mcring::message &m : consumer) { /* waits, and ends with the engine */
		if (m.kind() == mcring::kind::lost)
			std::cout << "lost " << m.lost() << " from " << m.seq() << " on\n";
		else if (m.kind() != mcring::kind::data)
			continue;
		else if (auto octets = m.read(payload))
			std::cout << m.seq() << ": " << octets->size() << " octets\n";
		else /* overtaken after the poll */
			std::cout << "lost 1 from " << m.seq() << " on\n";
	}
	return 0;
} catch (const mcring::error &e) {
	std::cerr << e.text() << '\n';
	return 1;
}
