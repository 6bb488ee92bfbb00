"""libtorch from PyPI's wheel: a slim CPU set, or the whole CUDA set."""

import os
import subprocess
from pathlib import Path

from wheels import Refused, install, unpack

# What libtorch_cpu.so of the CUDA wheel needs on a machine without a GPU.
CPU_LIBRARIES = {"libtorch_cpu.so", "libc10.so", "libgomp.so.1", "libcudart.so.13", "libcupti.so.13"}


def guess_flavour():
    """`cuda` where the NVIDIA kernel driver is loaded."""
    return "cuda" if Path("/proc/driver/nvidia/version").exists() else "cpu"


def folder_name(pins, flavour):
    return f"libtorch-{flavour}-{pins['libtorch']['version']}"


def missing(deps, pins, flavour):
    """What to fetch and how, or None."""
    name = folder_name(pins, flavour)
    if (deps / name).is_dir():
        return None
    size = {"cpu": "530 MB", "cuda": "3 GB"}[flavour]
    build = {"cpu": build_cpu, "cuda": build_cuda}[flavour]
    return f"libtorch {pins['libtorch']['version']} {flavour} ({size} to download)", lambda: install(
        deps, name, lambda folder: build(deps, pins["libtorch"], folder))


def build_cpu(deps, pins, folder):
    """Headers and five libraries in place of 4.7 GB, and a libtorch.so that names only the CPU library."""

    def keep(name):
        if name.startswith("torch/include/"):
            return name[len("torch/"):]
        base = name.rsplit("/", 1)[-1]
        return f"lib/{base}" if base in CPU_LIBRARIES and "/lib/" in name else None

    unpack(deps, pins["wheel"], folder, keep)
    for pin in pins["cpu"]:
        unpack(deps, pin, folder, keep)
    lacking = CPU_LIBRARIES - {path.name for path in (folder / "lib").iterdir()}
    if lacking:
        raise Refused(f"the wheels hold no {', '.join(sorted(lacking))}: pins.json and libtorch.py disagree.")
    link_stub(folder / "lib")


def link_stub(lib):
    """The wheel's libtorch.so also names the CUDA library, so make one that does not."""
    compiler = os.environ.get("CXX", "c++")
    command = [compiler, "-shared", "-o", str(lib / "libtorch.so"), "-Wl,-soname,libtorch.so", "-Wl,--no-as-needed",
               "-Wl,-rpath,$ORIGIN", f"-L{lib}", "-l:libtorch_cpu.so", "-Wl,--allow-shlib-undefined"]
    try:
        result = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        raise Refused(f"no C++ compiler '{compiler}' found: install g++ or set CXX.") from None
    if result.returncode != 0:
        raise Refused(f"linking libtorch.so failed: {result.stderr.strip()[-600:]}")


def build_cuda(deps, pins, folder):
    """The whole set, laid out as pip would, because the libraries find each other by relative paths."""
    for pin in [pins["wheel"], *pins["cuda"]]:
        print(f"setup:   {pin['name']} {pin['version']}", flush=True)
        unpack(deps, pin, folder, lambda name: name if name.startswith(("torch/lib/", "torch/include/", "nvidia/")) else None)


def select(deps, flavour):
    """Point .deps/libtorch, which cargo and the binaries use, at the chosen flavour."""
    from wheels import load_pins

    name = folder_name(load_pins(), flavour)
    target = name if flavour == "cpu" else f"{name}/torch"
    link = deps / "libtorch"
    if link.is_symlink() and os.readlink(link) == target:
        return
    changed = link.is_symlink()
    if changed:
        link.unlink()
    link.symlink_to(target)
    if changed:
        # Cargo sees the same path as before: what was linked against the other flavour must go.
        subprocess.run(["cargo", "clean", "--quiet", "-p", "torch-sys"], cwd=Path(__file__).parents[2], check=False)
