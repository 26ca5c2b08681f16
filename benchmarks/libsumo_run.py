"""SUMO alone in a process: `python -m benchmarks.libsumo_run UNTIL_S WORD…` runs `sumo WORD…`, prints its cost as JSON.

It imports nothing large, so that the memory is SUMO's own. All routes are loaded before the clock starts
(`--route-steps 0` and a first step outside it).
"""

import json
import sys
import time

from benchmarks.measured import peak_gb

STEP_S = 900.0


def main() -> None:
    """Run to the end of the vehicles or of the horizon."""
    try:
        import libsumo
    except ImportError:
        print(json.dumps({"missing": "libsumo is not installed"}))
        return
    until_s = float(sys.argv[1])
    began = time.process_time()
    libsumo.start(["sumo", *sys.argv[2:]])
    libsumo.simulationStep()
    loaded = time.process_time()
    while libsumo.simulation.getMinExpectedNumber() and libsumo.simulation.getTime() < until_s:
        libsumo.simulationStep(libsumo.simulation.getTime() + STEP_S)
    ended = time.process_time()
    libsumo.close()
    print(json.dumps({"load_cpu_s": loaded - began, "run_cpu_s": ended - loaded, "peak_gb": peak_gb()}))


if __name__ == "__main__":
    main()
