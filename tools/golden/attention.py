"""The attention block as a PyTorch module of our own: plain softmax, no fused kernel. Same names as model-core's."""

from generator import fill, sample, uniform, write  # first: it chooses the Python

import torch
from torch import nn


class Attention(nn.Module):
    """Post-norm attention block; `cross` has a position table for the query and one for the key."""

    def __init__(self, channels, tokens, heads, cross):
        super().__init__()
        self.heads = heads
        if cross:
            self.query_position = nn.Parameter(torch.zeros(tokens, channels))
            self.key_position = nn.Parameter(torch.zeros(tokens, channels))
        else:
            self.position = nn.Parameter(torch.zeros(tokens, channels))
        self.query, self.key, self.value = (nn.Linear(channels, channels, bias=False) for _ in range(3))
        self.out = nn.Linear(channels, channels)
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.mlp1, self.mlp2 = nn.Linear(channels, channels), nn.Linear(channels, channels)

    def forward(self, query, features, residual):
        asked = self.query_position if hasattr(self, "query_position") else self.position
        answered = self.key_position if hasattr(self, "key_position") else self.position

        def split(x):
            b, n, c = x.shape
            return x.reshape(b, n, self.heads, c // self.heads).permute(0, 2, 1, 3)

        q, k, v = split(self.query(query + asked)), split(self.key(features + answered)), split(self.value(features))
        weights = torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, -1)
        mixed = (weights @ v).permute(0, 2, 1, 3).flatten(2)
        a = self.norm1(residual + self.out(mixed))
        return self.norm2(a + self.mlp2(torch.nn.functional.gelu(self.mlp1(a))))


def case(cross):
    name = "cross" if cross else "self"
    block = fill(Attention(16, 12, 4, cross), prefix=f"{name}.")
    features = uniform(f"{name}.features", [2, 12, 16]).requires_grad_(True)
    query = uniform(f"{name}.query", [2, 12, 16]) if cross else features
    out = block(query, features, query)
    (out * uniform(f"{name}.weights", [2, 12, 16])).sum().backward()
    return {
        "output": sample(out, 64),
        "features_gradient": sample(features.grad),
        "query_gradient": sample(block.query.weight.grad),
        "position_gradient": sample((block.key_position if cross else block.position).grad),
    }


if __name__ == "__main__":
    write("attention", {"cross": case(True), "self": case(False)})
