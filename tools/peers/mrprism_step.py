"""MrPrism's training step in PyTorch eager, timed: what `mrprism bench step` is measured against.

The network is the golden scripts' own, with PyTorch's fused attention in place of the written-out softmax and all raters'
heads at once; the step is docs/model.md's: encoder once, a backward a recurrence, fused Adam; SSIM's window runs as two grouped
convolutions, as pytorch-msssim does it. `--tuned` gives it what ours has and eager code can be given from outside: channels-last,
SSIM by banded products, MKL's choice of vectors (model-core/src/device/vectors.rs, by LD_PRELOAD) and the C library's
thresholds. Prints the JSON of `mrprism bench step`.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "golden"))
import generator  # noqa: E402, F401  first: it chooses the Python

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

import attention  # noqa: E402
import mrprism_network  # noqa: E402

PARTS = ["data", "encoder_forward", "encoder_backward", "conp", "divp", "losses", "optimizer", "other"]
ALPHA, PERMUTATIONS, EPSILON, C1, C2 = 0.3, 3, 1e-6, 0.01**2, 0.03**2


class FusedAttention(attention.Attention):
    """The golden block through `scaled_dot_product_attention`."""

    def forward(self, query, features, residual):
        asked = self.query_position if hasattr(self, "query_position") else self.position
        answered = self.key_position if hasattr(self, "key_position") else self.position
        split = lambda x: x.unflatten(2, (self.heads, -1)).transpose(1, 2)
        q, k, v = split(self.query(query + asked)), split(self.key(features + answered)), split(self.value(features))
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        a = self.norm1(residual + self.out(mixed))
        return self.norm2(a + self.mlp2(F.gelu(self.mlp1(a))))


class FusedRaterHeads(mrprism_network.RaterHeads):
    """The golden rater heads, all raters in one product."""

    def forward(self, t):
        split = lambda x: x.unflatten(2, (self.raters, self.d)).transpose(1, 2)
        q, k, v = split(self.query(t + self.position)), split(self.key(t + self.position)), split(self.value(t))
        o = F.scaled_dot_product_attention(q, k, v)
        u = self.norm1(t.unsqueeze(1) @ self.residual + self.residual_bias + o)
        u = self.norm2(u + F.gelu(u @ self.mlp1) @ self.mlp2)
        return u @ self.out + self.out_bias


mrprism_network.Attention = FusedAttention
mrprism_network.RaterHeads = FusedRaterHeads


class Clock:
    """Seconds a part; whatever lies between two marks belongs to the part that the second one names."""

    def __init__(self):
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self.last = time.perf_counter()

    def mark(self, part):
        now = time.perf_counter()
        self.seconds[part] += now - self.last
        self.last = now


class Ssim:
    """1 − SSIM summed over structures; the window is separable and runs as two grouped convolutions."""

    def __init__(self, structures):
        offsets = torch.arange(11) - 5.0
        weights = torch.exp(-(offsets**2) / (2 * 1.5**2))
        weights = (weights / weights.sum()).expand(structures, 1, 1, 11)
        self.rows, self.columns = weights.contiguous(), weights.transpose(2, 3).contiguous()

    def blur(self, x):
        groups = x.shape[1]
        return F.conv2d(F.conv2d(x, self.rows, padding=(0, 5), groups=groups), self.columns, padding=(5, 0), groups=groups)

    def __call__(self, x, y):
        mx, my, xx, yy, xy = self.blur(torch.cat([x, y, x * x, y * y, x * y])).chunk(5)
        vx, vy, cov = xx - mx * mx, yy - my * my, xy - mx * my
        ssim = (2 * mx * my + C1) * (2 * cov + C2) / ((mx * mx + my * my + C1) * (vx + vy + C2))
        return (1 - ssim.mean((0, 2, 3))).sum()


class BandedSsim(Ssim):
    """The same blur as two products with banded matrices."""

    def __init__(self, structures, side):
        super().__init__(structures)
        self.band = F.conv2d(torch.eye(side)[None, None], self.rows[:1], padding=(0, 5))[0, 0]

    def blur(self, x):
        return self.band @ x @ self.band.T


def initial(z):
    mean = 0.1 + 0.8 * torch.rand(())
    w = (mean + 0.2 * torch.randn(z.shape[1:])).clamp(0, 1)[None]
    total = w.sum(1, keepdim=True)
    c = torch.where(total >= 1e-3, w / (total + EPSILON), 1 / z.shape[1])
    return w.expand_as(z), (c * z).sum(1)


def shuffle_loss(c, heads, z):
    total = 0.0
    for _ in range(PERMUTATIONS):
        dealt = c.detach()[:, torch.randperm(z.shape[1])]
        predicted = (dealt * heads).sum(1).clamp(1e-6, 1 - 1e-6)
        total = total + F.binary_cross_entropy(predicted, (dealt * z).sum(1))
    return total / PERMUTATIONS


def step(network, optimizer, ssim, images, masks, tau, tuned, clock):
    index = torch.randperm(len(images))
    x, z = images[index], masks[index].float()
    if tuned:
        x = x.contiguous(memory_format=torch.channels_last)
    optimizer.zero_grad()
    clock.mark("data")
    w, t = initial(z)
    clock.mark("losses")
    taps = network.encoder(x)
    clock.mark("encoder_forward")
    leaves = [tap.detach().requires_grad_() for tap in taps]
    losses = []
    for _ in range(tau):
        y = torch.sigmoid(network.conp(leaves, w))
        clock.mark("conp")
        heads = torch.sigmoid(network.divp(y.detach()))
        clock.mark("divp")
        c = heads / (heads.sum(1, keepdim=True) + EPSILON)
        s = (c * z).sum(1)
        loss = ssim(y, t) + ssim(s, y.detach()) + ALPHA * shuffle_loss(c, heads, z)
        t, w = s.detach(), (c * heads).detach()
        # Autograd goes back in the order of making: losses, then DivP, then ConP. Hooks fire where one ends.
        heads.register_hook(lambda _: clock.mark("losses"))
        y.register_hook(lambda _: clock.mark("divp"))
        loss.backward()
        clock.mark("conp")
        losses.append(loss.detach())
    torch.autograd.backward(taps, [leaf.grad for leaf in leaves])
    clock.mark("encoder_backward")
    gradients = [p.grad for p in network.parameters()]
    norm = torch.nn.utils.get_total_norm(gradients)
    if not torch.isfinite(torch.stack([sum(losses), norm])).all():
        sys.exit("diverged")
    optimizer.step()
    clock.mark("optimizer")


def sgemm_rate(side=2048, seconds=1.0):
    """Multiply-adds a second of a square f32 product, the best of those that fit into the time."""
    a, b = torch.rand(side, side), torch.rand(side, side)
    best, until = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < until:
        begun = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - begun)
    return side**3 / best


def restart_tuned():
    """Starts this script again with what is read before the first line of Python runs."""
    library = Path(tempfile.mkdtemp()) / "vectors.so"
    source = "int mkl_serv_intel_cpu_true(void) { return 1; }\nint mkl_serv_intel_cpu(void) { return 1; }\n"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=source, text=True, check=True)
    os.environ |= {
        "LD_PRELOAD": str(library),
        "MALLOC_MMAP_THRESHOLD_": "33554432",
        "MALLOC_TRIM_THRESHOLD_": "68719476736",
    }
    os.execv(sys.executable, [sys.executable, *sys.argv])


def count_multiply_adds(run):
    """Of the network alone: losses are left out, and attention, which the counter does not know on the processor, is added."""

    def forward(q, k, *_, **__):
        return 4 * q[0] * q[1] * q[2] * k[2] * q[3]

    def backward(_, q, k, *__, **___):
        return 2 * forward(q, k)

    ops = torch.ops.aten
    known = {
        ops._scaled_dot_product_flash_attention_for_cpu: forward,
        ops._scaled_dot_product_flash_attention_for_cpu_backward: backward,
    }
    with FlopCounterMode(display=False, custom_mapping=known) as counter:
        run(lambda x, y: (x - y).square().sum())
    return counter.get_total_flops() // 2


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in [("size", 256), ("batch", 4), ("threads", 0), ("raters", 7), ("structures", 2), ("recurrences", 3)]:
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--tuned", action="store_true")
    args = parser.parse_args()
    if args.tuned and "LD_PRELOAD" not in os.environ:
        restart_tuned()
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    network = mrprism_network.MrPrism(args.raters, args.structures, 3, args.size, 64, "query").train()
    if args.tuned:
        network.encoder.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4, fused=True)
    ssim = BandedSsim(args.structures, args.size) if args.tuned else Ssim(args.structures)
    images = torch.rand(args.batch, 3, args.size, args.size)
    masks = (torch.rand(args.batch, args.raters, args.structures, args.size, args.size) > 0.5).byte()
    run = lambda ssim, clock: step(network, optimizer, ssim, images, masks, args.recurrences, args.tuned, clock)
    taken, worked, parts = [], [], []
    for number in range(args.warmup + args.steps):
        clock, begun, before = Clock(), time.perf_counter(), time.process_time()
        run(ssim, clock)
        seconds = time.perf_counter() - begun
        clock.seconds["other"] = seconds - sum(clock.seconds.values())
        if number >= args.warmup:
            taken.append(seconds)
            worked.append(time.process_time() - before)
            parts.append(clock.seconds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    median, rate = statistics.median(taken), sgemm_rate()
    multiply_adds = count_multiply_adds(lambda loss: run(loss, Clock()))
    report = {
        "program": f"PyTorch {torch.__version__} eager",
        "method": "mrprism",
        **{name: getattr(args, name) for name in ["size", "batch", "raters", "structures", "recurrences", "steps", "warmup"]},
        "threads": torch.get_num_threads(),
        "seconds_per_step": median,
        "cpu_seconds_per_step": statistics.median(worked),
        "seconds_per_image_recurrence": median / args.batch / args.recurrences,
        "peak_rss_mib": peak,
        "multiply_adds": multiply_adds,
        "gemm_share": multiply_adds / rate / median,
        "breakdown": {part: statistics.median(each[part] for each in parts) for part in PARTS},
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
