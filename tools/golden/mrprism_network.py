"""MrPrism's network, variant `paper`, in PyTorch, written from docs/model.md. Same names as model-core's."""

from attention import Attention  # first: it chooses the Python

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models.resnet import BasicBlock


def conv_norm(inputs, outputs, stride):
    part = nn.Module()
    part.conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    part.norm = nn.BatchNorm2d(outputs)
    part.forward = lambda x: torch.relu(part.norm(part.conv(x)))
    return part


class Encoder(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
        inputs = width
        for layer, blocks in enumerate([3, 4, 6, 3]):
            outputs, made = width << layer, []
            for block in range(blocks):
                stride = 2 if layer and not block else 1
                down = None
                if stride != 1 or inputs != outputs:
                    down = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
                made.append(BasicBlock(inputs, outputs, stride, down))
                inputs = outputs
            setattr(self, f"layer{layer + 1}", nn.Sequential(*made))

    def forward(self, x):
        x = F.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        taps = []
        for layer in [self.layer1, self.layer2, self.layer3, self.layer4]:
            x = layer(x)
            taps.append(x)
        return taps


class ConvLstm(nn.Module):
    """One step: gates in the order i, f, o, g; the state before it is the embedding."""

    def __init__(self, channels):
        super().__init__()
        self.gates = nn.Conv2d(2 * channels, 4 * channels, 3, padding=1)

    def forward(self, x, state):
        i, f, o, g = self.gates(torch.cat([x, state], 1)).split(x.shape[1], 1)
        cell = torch.sigmoid(f) * state + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(cell)


class Stage(nn.Module):
    def __init__(self, maps, channels, grid, heads, skip, side, outputs, last, integration):
        super().__init__()
        stride = side // 4 // grid
        self.embedding = nn.Module()
        self.embedding.pointwise = nn.Conv2d(maps, channels, 1)
        self.embedding.depthwise = nn.Conv2d(channels, channels, stride, stride, groups=channels)
        if integration == "attentive":
            self.attention = Attention(channels, grid * grid, heads, True)
        elif integration == "concat":
            self.concat = conv_norm(2 * channels, channels, 1)
        else:
            self.convlstm = ConvLstm(channels)
        self.join = conv_norm(channels + skip, channels, 1)
        self.up = nn.ConvTranspose2d(channels, outputs, 2, 2)
        self.up_norm = None if last else nn.BatchNorm2d(outputs)

    def integrate(self, s, embedding, residual):
        if hasattr(self, "concat"):
            return self.concat.forward(torch.cat([s, embedding], 1))
        if hasattr(self, "convlstm"):
            return self.convlstm(s, embedding)
        b, c, r, _ = s.shape
        asking, features = embedding.flatten(2).transpose(1, 2), s.flatten(2).transpose(1, 2)
        a = self.attention(asking, features, asking if residual == "query" else features)
        return a.transpose(1, 2).reshape(b, c, r, r)

    def forward(self, s, skip, averaged, residual):
        a = self.integrate(s, self.embedding.depthwise(self.embedding.pointwise(averaged)), residual)
        up = self.up(self.join.forward(a if skip is None else torch.cat([a, skip], 1)) + a)
        return up if self.up_norm is None else torch.relu(self.up_norm(up))


class ConP(nn.Module):
    def __init__(self, raters, structures, side, width, residual, integration):
        super().__init__()
        self.side, self.residual = side, residual
        for index in range(4):
            channels = width * (8 >> index)
            last = index == 3
            outputs = structures if last else channels // 2
            grid = (side // 32) << index
            skip = 0 if index == 0 else channels
            stage = Stage(raters * structures, channels, grid, 8 >> index, skip, side, outputs, last, integration)
            setattr(self, f"stage{index + 1}", stage)

    def forward(self, taps, w):
        f2, f3, f4, s = taps
        averaged = F.avg_pool2d(w.flatten(1, 2), 4)
        for stage, skip in [(self.stage1, None), (self.stage2, f4), (self.stage3, f3), (self.stage4, f2)]:
            s = stage(s, skip, averaged, self.residual)
        return F.interpolate(s, size=(self.side, self.side), mode="bilinear", align_corners=False)


class RaterHeads(nn.Module):
    def __init__(self, raters, structures, tokens, d=32):
        super().__init__()
        self.raters, self.d = raters, d
        self.position = nn.Parameter(torch.zeros(tokens, d))
        self.query, self.key, self.value = (nn.Linear(d, raters * d, bias=False) for _ in range(3))
        self.residual = nn.Parameter(torch.zeros(raters, d, d))
        self.residual_bias = nn.Parameter(torch.zeros(raters, 1, d))
        self.mlp1, self.mlp2 = (nn.Parameter(torch.zeros(raters, d, d)) for _ in range(2))
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.out = nn.Parameter(torch.zeros(raters, d, structures))
        self.out_bias = nn.Parameter(torch.zeros(raters, 1, structures))

    def forward(self, t):
        logits = []
        q, k, v = self.query(t + self.position), self.key(t + self.position), self.value(t)
        for m in range(self.raters):
            own = slice(m * self.d, (m + 1) * self.d)
            weights = torch.softmax(q[..., own] @ k[..., own].transpose(1, 2) / self.d**0.5, -1)
            u = self.norm1(t @ self.residual[m] + self.residual_bias[m] + weights @ v[..., own])
            u = self.norm2(u + F.gelu(u @ self.mlp1[m]) @ self.mlp2[m])
            logits.append(u @ self.out[m] + self.out_bias[m])
        return torch.stack(logits, 1)  # [b, m, n, k]


class DivP(nn.Module):
    def __init__(self, raters, structures, side, inputs, stride):
        super().__init__()
        self.side, self.grid = side, side // stride
        n = self.grid**2
        self.stem1, self.stem2 = conv_norm(inputs, 16, 2), conv_norm(16, 32, 2)
        self.stem3 = conv_norm(32, 32, 2 if stride == 8 else 1)
        self.block1, self.block2, self.block3 = (Attention(c, n, 4, False) for c in [32, 64, 64])
        self.widen, self.narrow = nn.Linear(32, 64), nn.Linear(64, 32)
        self.heads = RaterHeads(raters, structures, n)

    def forward(self, mask):
        x = self.stem3.forward(self.stem2.forward(self.stem1.forward(mask)))
        t = x.flatten(2).transpose(1, 2)
        t = self.block1(t, t, t)
        t = self.widen(t)
        t = self.block2(t, t, t)
        t = self.block3(t, t, t)
        logits = self.heads(self.narrow(t))
        b, m, _, k = logits.shape
        maps = logits.transpose(2, 3).reshape(b, m * k, self.grid, self.grid)
        maps = F.interpolate(maps, size=(self.side, self.side), mode="bilinear", align_corners=False)
        return maps.reshape(b, m, k, self.side, self.side)


class MrPrism(nn.Module):
    """`seen` is what DivP sees beside the segmentation: channels of the image, or 0."""

    def __init__(self, raters, structures, channels, side, width, residual, integration="attentive", seen=0, stride=8):
        super().__init__()
        self.encoder = Encoder(channels, width)
        self.conp = ConP(raters, structures, side, width, residual, integration)
        self.divp = DivP(raters, structures, side, structures + seen, stride)
