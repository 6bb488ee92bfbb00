"""npy files as NumPy writes them: raters/tests/golden/npy/*.npy and npy.json.

Run: python3 tools/golden/npy.py      (makes .deps/golden and installs numpy if missing)

Stored beside the files: what each holds as channels, rows and columns.
"""

import json

import environment

environment.ensure(["numpy"])

import numpy as np  # noqa: E402
from numpy.lib import format as npy  # noqa: E402

from counter import words  # noqa: E402

FOLDER = environment.ROOT / "raters" / "tests" / "golden" / "npy"


def numbers(seed: int, shape: tuple[int, ...], span: int) -> np.ndarray:
    drawn = words(seed, int(np.prod(shape))) % np.uint64(span)
    return drawn.astype(np.int64).reshape(shape)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    read = {}

    def keep(name: str, array: np.ndarray, channels: str = "", version=None) -> None:
        with (FOLDER / name).open("wb") as file:
            npy.write_array(file, array, version=version)
        back = np.load(FOLDER / name)
        assert back.dtype == array.dtype and np.array_equal(back, array)
        back = back.squeeze() if back.ndim > 2 else back
        back = {"": back[None] if back.ndim == 2 else back, "last": np.moveaxis(back, -1, 0)}[channels]
        values = back.astype(np.float64).astype(np.float32)
        read[name] = {"shape": values.shape, "values": [float(v) for v in values.ravel()]}

    for seed, kind in enumerate(["u1", "i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">u4", "<i4", ">i4", "<u8", ">i8"]):
        base = numbers(seed, (10, 9), 2**7 if kind.endswith("1") else 2**15)
        array = (-base if "i" in kind else base).astype(kind)
        keep(f"{kind.replace('<', 'little_').replace('>', 'big_')}.npy", array)
    for kind in ("<f4", ">f4", "<f8", ">f8"):
        array = (numbers(20, (10, 9), 2**40) / 3.0).astype(kind)
        keep(f"{kind.replace('<', 'little_').replace('>', 'big_')}.npy", array)
    keep("bool.npy", numbers(21, (10, 9), 2).astype(bool))
    keep("fortran.npy", np.asfortranarray(numbers(22, (10, 9), 256).astype("u1")))
    keep("channels_first.npy", numbers(23, (3, 10, 9), 256).astype("u1"))
    keep("channels_first_fortran.npy", np.asfortranarray(numbers(23, (3, 10, 9), 256).astype("u1")))
    keep("channels_last.npy", numbers(24, (10, 9, 4), 256).astype("u1"), "last")
    keep("channels_last_fortran.npy", np.asfortranarray(numbers(24, (10, 9, 4), 256).astype("u1")), "last")
    keep("single_first.npy", numbers(25, (1, 10, 9), 256).astype("u1"))
    keep("single_last.npy", numbers(26, (10, 9, 1), 256).astype("u1"))
    keep("version2.npy", numbers(27, (10, 9), 256).astype("u1"), version=(2, 0))
    keep("version3.npy", numbers(28, (10, 9), 256).astype("u1"), version=(3, 0))

    path = FOLDER / "npy.json"
    path.write_text(json.dumps({"read": read}) + "\n")
    size = sum(file.stat().st_size for file in FOLDER.iterdir())
    print(f"{FOLDER.relative_to(environment.ROOT)}: {len(read)} files, {size} bytes in all")


if __name__ == "__main__":
    main()
