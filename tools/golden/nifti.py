"""NIfTI files and what nibabel reads in them: raters/tests/golden/nifti/*.nii[.gz] and nifti.json.

Run: python3 tools/golden/nifti.py      (makes .deps/golden and installs numpy and nibabel if missing)

nibabel writes each file and reads it back; the numbers it reads, turned to channels, rows (the later axis) and columns (the
earlier one), are stored beside it. Masks saved in another orientation than their image come with what nibabel's own
reorientation makes of them.
"""

import gzip
import json

import environment

environment.ensure(["numpy", "nibabel"])

import nibabel as nib  # noqa: E402
import numpy as np  # noqa: E402
from nibabel.orientations import apply_orientation, io_orientation, ornt_transform  # noqa: E402

from counter import words  # noqa: E402

FOLDER = environment.ROOT / "raters" / "tests" / "golden" / "nifti"
AFFINE = np.array([[-0.75, 0, 0, 30], [0, 0.5, 0, -12], [0, 0, 3, 5], [0, 0, 0, 1.0]])


def numbers(seed: int, shape: tuple[int, ...], low: int, high: int) -> np.ndarray:
    """Whole numbers from `low` to `high`, in C order of `shape`."""
    drawn = words(seed, int(np.prod(shape))) % np.uint64(high - low + 1)
    return (drawn.astype(np.int64) + low).reshape(shape)


def save(name: str, data: np.ndarray, affine=AFFINE, slope=None, intercept=None, order="<", qform=False):
    header = nib.Nifti1Header(endianness=order)
    header.set_data_dtype(data.dtype.newbyteorder(order))
    image = nib.Nifti1Image(data, affine, header)
    if qform:
        image.set_qform(affine, code=1)
        image.set_sform(None, code=0)
    if slope is not None:
        image.header.set_slope_inter(slope, intercept)
    raw = bytearray(image.to_bytes())
    if slope is not None:
        # nibabel divides on writing; the stored numbers are to be the drawn ones.
        raw[352:] = data.astype(data.dtype.newbyteorder(order)).tobytes(order="F")
    path = FOLDER / name
    path.write_bytes(gzip.compress(bytes(raw), mtime=0) if name.endswith(".gz") else bytes(raw))
    return nib.load(path)


def slices(array: np.ndarray) -> np.ndarray:
    """Channels, rows, columns of a file's axes: x, y[, 1[, c]], or a singleton in front of or between them, or x, y, c."""
    array = np.asarray(array, dtype=np.float64)
    if array.ndim == 4:
        array = np.moveaxis(array, 3, 0)
        return np.stack([slices(channel)[0] for channel in array])
    if array.ndim == 3 and 1 not in array.shape:
        return np.stack([channel.T for channel in np.moveaxis(array, 2, 0)])
    return np.squeeze(array).T[None]


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    read = {}

    def keep(name: str, *arguments, **named) -> None:
        image = save(name, *arguments, **named)
        values = slices(image.get_fdata()).astype(np.float32)
        read[name] = {"shape": values.shape, "values": [float(v) for v in values.ravel()]}

    ranges = {
        "u1": (0, 255), "i1": (-128, 127), "u2": (0, 65535), "i2": (-32768, 32767), "u4": (0, 2**32 - 1),
        "i4": (-(2**31), 2**31 - 1), "u8": (0, 2**40), "i8": (-(2**40), 2**40),
    }
    for seed, (kind, (low, high)) in enumerate(ranges.items()):
        keep(f"{kind}.nii", numbers(seed, (5, 4), low, high).astype(kind))
        keep(f"{kind}_big.nii", numbers(seed, (5, 4), low, high).astype(kind), order=">")
    for kind in ("f4", "f8"):
        values = (numbers(9, (5, 4), -(10**6), 10**6) / 1024.0).astype(kind)
        keep(f"{kind}.nii.gz", values)
        keep(f"{kind}_big.nii.gz", values, order=">")
    ct = numbers(20, (5, 4), 0, 4095).astype("i2")
    keep("scaled.nii.gz", ct, slope=0.75, intercept=-1024.0)
    keep("scaled_big.nii", ct, slope=-2.0, intercept=100.0, order=">")
    keep("one_slice.nii.gz", numbers(21, (5, 4, 1), 0, 99).astype("u1"))
    keep("trailing.nii.gz", numbers(22, (5, 4, 1, 1), 0, 99).astype("u1"))
    keep("coronal.nii.gz", numbers(23, (5, 1, 4), 0, 99).astype("u1"))
    keep("sagittal.nii.gz", numbers(24, (1, 5, 4), 0, 99).astype("u1"))
    keep("channels_third.nii.gz", numbers(25, (5, 4, 4), 0, 99).astype("u1"))
    keep("channels_fourth.nii.gz", numbers(26, (5, 4, 1, 4), 0, 99).astype("f4"))

    # A mask of the image's grid, saved in each of the eight orientations that a slice can have.
    image = save("laid_image.nii", numbers(30, (5, 4, 1), 0, 255).astype("u1"))
    mask = nib.Nifti1Image(numbers(31, (5, 4, 1), 0, 1).astype("u1"), AFFINE)
    laid = {}
    for axes in ((0, 1, 2), (1, 0, 2)):
        for flips in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
            ornt = np.array([[axes[0], flips[0]], [axes[1], flips[1]], [2, 1]])
            turned = mask.as_reoriented(ornt)
            for qform in (False, True):
                name = f"laid_{axes[0]}{axes[1]}_{flips[0] + 1}{flips[1] + 1}{'_q' if qform else ''}.nii.gz"
                stored = save(name, np.asarray(turned.dataobj), affine=turned.affine, qform=qform)
                back = ornt_transform(io_orientation(stored.affine), io_orientation(image.affine))
                values = slices(apply_orientation(np.asarray(stored.dataobj), back))
                laid[name] = {"shape": values.shape, "values": [float(v) for v in values.ravel()]}
    assert all(entry == laid["laid_01_22.nii.gz"] for entry in laid.values())

    # Refused: another format, another place.
    nib.save(nib.Nifti2Image(numbers(32, (5, 4), 0, 9).astype("u1"), AFFINE), FOLDER / "refused_nifti2.nii")
    elsewhere = AFFINE.copy()
    elsewhere[0, 3] += 2
    save("refused_place.nii", np.asarray(mask.dataobj), affine=elsewhere)
    save("refused_spacing.nii", np.asarray(mask.dataobj), affine=AFFINE @ np.diag([2, 1, 1, 1.0]))

    path = FOLDER / "nifti.json"
    path.write_text(json.dumps({"read": read, "laid": laid}) + "\n")
    size = sum(file.stat().st_size for file in FOLDER.iterdir())
    print(f"{FOLDER.relative_to(environment.ROOT)}: {len(read)} read, {len(laid)} laid, {size} bytes in all")


if __name__ == "__main__":
    main()
