# SPDX-License-Identifier: BSD-3-Clause
import sys

import mcring

try:
    with mcring.Consumer(run_dir=sys.argv[1] if len(sys.argv) > 1 else None) as consumer:
        for m in consumer:  # waits, and ends with the engine
            if m.kind == mcring.LOST:
                print(f'lost {m.lost} from {m.seq} on')
            elif m.kind == mcring.DATA:
                print(f'{m.seq}: {len(m.payload)} octets')
except mcring.Error as error:
    sys.exit(error.strerror)
