"""MrPrism's step with variant `code`, in plain PyTorch, written from docs/model.md. Same names as model-core's."""

from generator import write  # first: it chooses the Python

import torch
import torch.nn.functional as F
from torch import nn

from mrprism_network import Encoder
from mrprism_step import ABSENT, EVERYONE, run

DROP = 0.05


class CodeEncoder(Encoder):
    """With f1 before the other taps."""

    def forward(self, x):
        stem = torch.relu(self.bn1(self.conv1(x)))
        taps, x = [stem], F.max_pool2d(stem, 3, 2, 1)
        for layer in [self.layer1, self.layer2, self.layer3, self.layer4]:
            x = layer(x)
            taps.append(x)
        return taps


class Embed(nn.Module):
    def __init__(self, inputs, channels):
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs)
        self.linear = nn.Linear(inputs, channels, bias=False)

    def forward(self, x):
        return self.linear(self.depthwise(x).flatten(2).transpose(1, 2))


class Stage(nn.Module):
    def __init__(self, inputs, channels, heads, grid):
        super().__init__()
        self.heads, self.grid = heads, grid
        self.asking, self.asked = Embed(inputs, channels), Embed(inputs, channels)
        self.norm = nn.LayerNorm(channels)
        self.query_position = nn.Parameter(torch.zeros(grid * grid, channels // heads))
        self.key_position = nn.Parameter(torch.zeros(grid * grid, channels // heads))
        self.norm_query, self.norm_key, self.norm_value, self.mlp_norm = (nn.LayerNorm(channels) for _ in range(4))
        self.query, self.key, self.value = (nn.Linear(channels, channels, bias=False) for _ in range(3))
        self.out = nn.Linear(channels, channels)
        inner = max(channels // 2, 1)
        self.mlp1, self.mlp2 = nn.Linear(channels, inner), nn.Linear(inner, channels)

    def forward(self, asking, asked, onto, drops):
        g, r = self.norm(self.asking(asking)), self.norm(self.asked(asked))
        b, n, c = g.shape
        positions = [torch.cat([table] * self.heads, 1) for table in (self.query_position, self.key_position)]
        q = self.query(self.norm_query(g + positions[0]))
        k = self.key(self.norm_key(r + positions[1]))
        v = self.value(self.norm_value(r))
        attended = []
        for head in range(self.heads):
            own = slice(head * c // self.heads, (head + 1) * c // self.heads)
            weights = torch.softmax(q[..., own] @ k[..., own].transpose(1, 2) / (c // self.heads) ** 0.5, -1)
            attended.append(weights @ v[..., own])
        x = (g if onto == "query" else r) + dropped(self.out(torch.cat(attended, 2)), drops, 0)
        x = x + dropped(self.mlp2(F.gelu(self.mlp1(self.mlp_norm(x)))), drops, 1)
        return x.transpose(1, 2).reshape(b, c, self.grid, self.grid)


def dropped(branch, drops, number):
    if drops is None:
        return branch
    stays = drops.child(number).uniforms(branch.shape[0]) >= DROP
    return branch * (stays.float() / (1 - DROP))[:, None, None]


def child(drops, number):
    return None if drops is None else drops.child(number)


class Up(nn.Module):
    def __init__(self, inputs, skip, half):
        super().__init__()
        self.up, self.skip = nn.ConvTranspose2d(inputs, half, 2, 2), nn.Conv2d(skip, half, 1)
        self.norm = nn.BatchNorm2d(2 * half)

    def forward(self, x, skip):
        return self.norm(torch.relu(torch.cat([self.up(x), self.skip(skip)], 1)))


class Asking(nn.Module):
    def __init__(self, maps, width, stride):
        super().__init__()
        self.pointwise = nn.Conv2d(maps, 4 * width, 1)
        self.depthwise = nn.Conv2d(4 * width, 4 * width, 3, stride, 1, groups=2 * width)

    def forward(self, w):
        return self.depthwise(self.pointwise(w))


class ConP(nn.Module):
    def __init__(self, owner, raters, structures, side, width, residual):
        super().__init__()
        self.owner, self.residual = [owner], residual
        for at, skip in enumerate([4 * width, 2 * width, width, width]):
            inputs, stride = 8 * width if at == 0 else 4 * width, 16 >> at
            setattr(self, f"up{at + 1}", Up(inputs, skip, 2 * width))
            setattr(self, f"asking{at + 1}", Asking(raters * structures, width, stride))
            setattr(self, f"stage{at + 1}", Stage(4 * width, 4 * width, 8 >> at, side // stride))
        self.head = nn.ConvTranspose2d(4 * width, structures, 2, 2)

    def forward(self, taps, w):
        f1, f2, f3, f4, x = taps
        drops = child(self.owner[0].drops, 0)
        for at, skip in enumerate([f4, f3, f2, f1]):
            part = lambda name: getattr(self, f"{name}{at + 1}")
            r = part("up")(x, skip)
            x = part("stage")(part("asking")(w.flatten(1, 2)), r, self.residual, child(drops, at))
        return self.head(x)


class DivP(nn.Module):
    def __init__(self, owner, raters, structures, side, seen):
        super().__init__()
        self.owner, self.shape, self.side = [owner], (raters, structures), side
        sizes = [(seen, 16, 4), (16, 16, 4), (16, 16, 4), (16, raters * structures, raters)]
        for at, (inputs, channels, heads) in enumerate(sizes):
            setattr(self, f"stage{at + 1}", Stage(inputs, channels, heads, side // 4))

    def forward(self, seen):
        x = F.avg_pool2d(seen, 3, 4)
        drops = child(self.owner[0].drops, 1)
        for at in range(4):
            x = getattr(self, f"stage{at + 1}")(x, x, "query", child(drops, at))
        x = F.interpolate(x, size=(self.side, self.side), mode="bilinear", align_corners=False)
        return x.reshape(x.shape[0], *self.shape, self.side, self.side)


class MrPrismCode(nn.Module):
    def __init__(self, raters, structures, channels, side, width, residual, seen):
        super().__init__()
        self.drops = None
        self.encoder = CodeEncoder(channels, width)
        self.conp = ConP(self, raters, structures, side, width, residual)
        self.divp = DivP(self, raters, structures, side, structures + seen)


KEYS = [
    "encoder.conv1.weight",
    "conp.up1.up.weight",
    "conp.asking2.depthwise.weight",
    "conp.stage1.query_position",
    "conp.stage3.value.weight",
    "conp.stage4.mlp2.bias",
    "conp.head.weight",
    "divp.stage1.asking.linear.weight",
    "divp.stage3.key.weight",
    "divp.stage4.out.bias",
]
CODE = {
    "keys": KEYS,
    "build": MrPrismCode,
    "running": ["conp.up2.norm.running_var", "encoder.bn1.running_mean"],
    "variant": "code",
    "divp_input": "mask_image",
    "divp_stride": 4,
}

if __name__ == "__main__":
    published = {"shuffle_form": "per_head", "shuffle_gradient": "both", "divp_signal": "logit", "initial_scale": "normalised"}
    # What these options change is told by the last layers' gradients. Those below pass kinks of ReLU and max pool that a
    # nudge of 1e-7 to the images crosses, as another processor's rounding does.
    last = {**CODE, "keys": [key for key in KEYS if key.startswith(("conp.stage4", "conp.head", "divp"))]}
    write(
        "mrprism_code",
        {
            "code": run("code", EVERYONE, **CODE),
            "code-value": run("code-value", ABSENT, residual="value", **CODE),
            "published.2": run("published.2", EVERYONE, **published, **last),
        },
    )
