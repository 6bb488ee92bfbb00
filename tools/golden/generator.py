"""The counter-based generator that both sides fill tensors from, and how goldens are written.

The same generator stands in model-core/src/draw.rs: word i of the stream with key k is splitmix64's output i from state k,
a stream's name is mixed into its key by FNV-1a, a uniform is the upper 53 bits. Only outputs are committed, never inputs.
"""

import environment

environment.ensure(["numpy", "torch", "torchvision", "pytorch-msssim"])

import json  # noqa: E402
import math  # noqa: E402
import pathlib  # noqa: E402

import numpy as np  # noqa: E402
import torch  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "model-core" / "tests" / "golden"
MASK = (1 << 64) - 1
GOLDEN_RATIO, MIX_1, MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


class Random:
    def __init__(self, key):
        self.key = key & MASK

    @staticmethod
    def named(key, name):
        digest = 0xCBF29CE484222325
        for byte in name.encode():
            digest = ((digest ^ byte) * 0x100000001B3) & MASK
        return Random(key ^ digest)

    def words(self, start, count):
        index = np.arange(start + 1, start + count + 1, dtype=np.uint64)
        with np.errstate(over="ignore"):
            z = np.uint64(self.key) + index * np.uint64(GOLDEN_RATIO)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(MIX_1)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(MIX_2)
        return z ^ (z >> np.uint64(31))

    def child(self, index):
        return Random(int(self.words(index, 1)[0]))

    def uniforms(self, count):
        return torch.from_numpy((self.words(0, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53)

    def normals(self, shape):
        count = math.prod(shape)
        half = (count + 1) // 2
        u = self.uniforms(2 * half)
        radius = torch.sqrt(-2.0 * torch.log(1.0 - u[:half]))
        angle = 2.0 * math.pi * u[half:]
        both = torch.cat([radius * torch.cos(angle), radius * torch.sin(angle)])
        return both[:count].float().reshape(shape)

    def permutation(self, count):
        order = list(range(count))
        for last in range(count - 1, 0, -1):
            chosen = (int(self.words(last, 1)[0]) * (last + 1)) >> 64
            order[last], order[chosen] = order[chosen], order[last]
        return order


def uniform(name, shape):
    """A tensor of uniforms in [0, 1), by name."""
    return Random.named(0, name).uniforms(math.prod(shape)).float().reshape(shape)


def number(name, shape):
    """A parameter's numbers: variances and norms' scales near 1, matrices with unit gain, the rest small."""
    u = Random.named(0, name).uniforms(math.prod(shape))
    if name.endswith("running_var"):
        values = 0.5 + u
    elif len(shape) == 1 and name.endswith("weight"):
        values = 1.0 + 0.1 * (u - 0.5)
    elif len(shape) >= 2:
        values = (2.0 * u - 1.0) * math.sqrt(3.0 / (math.prod(shape) / shape[0]))
    else:
        values = (2.0 * u - 1.0) * 0.05
    return values.float().reshape(shape)


def fill(module, prefix=""):
    """Fills a module's parameters and batch norm's buffers by their names."""
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                tensor.copy_(number(prefix + name, list(tensor.shape)))
    return module


def sample(tensor, count=24):
    """Evenly spaced numbers of a tensor with its L2 norm: enough to tell it from any other."""
    flat = tensor.detach().double().flatten()
    step = max(1, flat.numel() // count)
    values = [rounded(value) for value in flat[::step][:count].tolist()]
    return {"shape": list(tensor.shape), "norm": rounded(flat.norm().item()), "every": step, "values": values}


def rounded(value):
    """Nine significant digits: more than f32 has."""
    return float(f"{value:.9g}")


def write(name, content, lines=False):
    """Writes a golden file; `lines` gives every entry one line."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    text = json.dumps(content, indent=1)
    if lines:
        text = "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(content[key])}" for key in content) + "\n}"
    path.write_text(text + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")
