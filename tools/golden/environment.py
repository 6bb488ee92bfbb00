"""The Python that golden scripts run in: a virtual environment in .deps/golden, made once.

A golden script begins with

    import environment
    environment.ensure(["numpy"])

and from there on runs in that environment with those packages at the versions pinned here.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".deps" / "golden"

PINS = {
    "crowd-kit": "1.4.2",
    "monai": "1.6.1",
    "nibabel": "5.4.2",
    "numpy": "2.4.6",
    "pillow": "13.0.0",
    "pytorch-msssim": "1.0.0",
    "scikit-image": "0.26.0",
    "scikit-learn": "1.9.1",
    "scikit-posthocs": "0.17.1",
    "scipy": "1.17.1",
    "SimpleITK": "2.5.7",
    "statsmodels": "0.15.0",
    "torch": "2.13.0",
    "torchvision": "0.28.0",
}


def python() -> Path:
    """Path of the environment's interpreter; the environment is made if it is missing."""
    interpreter = FOLDER / "bin" / "python"
    if not interpreter.exists():
        print(f"making {FOLDER}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
    return interpreter


def ensure(packages: list[str]) -> None:
    """Go on in the environment with `packages` installed: starts the calling script again there if need be."""
    interpreter = python()
    if Path(sys.prefix).resolve() != FOLDER.resolve():
        os.execv(interpreter, [str(interpreter), *sys.argv])
    missing = [name for name in packages if _installed(name) != PINS[name]]
    if missing:
        wanted = [f"{name}=={PINS[name]}" for name in missing]
        subprocess.run([str(interpreter), "-m", "pip", "install", "--quiet", *wanted], check=True)


def _installed(name: str) -> str | None:
    """Installed version without its build tag (`2.13.0+cpu` is 2.13.0)."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name).split("+")[0]
    except PackageNotFoundError:
        return None
