"""How long starting takes, printed: `extractor --help`, import and load, and the memory that a loaded extractor holds.

    python -m tests.benchmarks.startup [RUNS]

The figures are of this machine and of the moment; nothing is asserted. The best of several runs is the least disturbed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOAD = """
import json, resource, sys, time
start = time.perf_counter()
import extractor
imported = time.perf_counter()
extractor.load()
loaded = time.perf_counter()
extractor.extract("TECHNIQUE: Under ultrasound guidance a wire was placed at the mass in the left breast.")
first = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
kibibytes = peak / 1024 if sys.platform == "darwin" else peak
print(json.dumps([imported - start, loaded - imported, first - loaded, kibibytes / 1024]))
"""


def run(*command: str) -> tuple[str, float]:
    """What a command prints, and the seconds it takes."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout, time.perf_counter() - start


def main(runs: int = 5) -> None:
    """Measure and print."""
    bare = min(run("-c", "pass")[1] for _ in range(runs))
    helped = min(run("-m", "extractor", "--help")[1] for _ in range(runs))
    loads = [json.loads(run("-c", LOAD)[0]) for _ in range(runs)]
    imported, loaded, first, memory = (min(row[i] for row in loads) for i in range(4))
    print(f"python itself         {bare:6.2f} s")
    print(f"extractor --help      {helped:6.2f} s")
    print(f"import extractor      {imported:6.2f} s")
    print(f"extractor.load()      {loaded:6.2f} s")
    print(f"first note            {first:6.2f} s")
    print(f"peak resident memory  {memory:6.0f} MiB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
