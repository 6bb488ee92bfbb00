"""One whole MrPrism step (docs/model.md, training step), Adam, and the recurrences of prediction, in plain PyTorch.

All recurrences' losses are summed and sent backward at once through one graph, cut by hand between recurrences: model-core's
backward a recurrence on leaf copies of the encoder's taps must give the same gradients.
"""

from generator import Random, fill, sample, uniform, write  # first: it chooses the Python

import torch
import torch.nn.functional as F

from mrprism_network import MrPrism

RATERS, STRUCTURES, CHANNELS, SIDE, WIDTH, BATCH, TAU = 3, 2, 3, 64, 8, 4, 3
ALPHA, PERMUTATIONS, EPSILON = 0.3, 3, 1e-6
GRADIENTS = [
    "encoder.conv1.weight",
    "encoder.layer4.2.conv2.weight",
    "conp.stage1.attention.value.weight",
    "conp.stage2.join.conv.weight",
    "conp.stage3.embedding.depthwise.weight",
    "conp.stage4.attention.query_position",
    "conp.stage4.up.bias",
    "divp.stem1.conv.weight",
    "divp.block2.key.weight",
    "divp.heads.residual",
    "divp.heads.out",
]


def window():
    offsets = torch.arange(11, dtype=torch.float64) - 5
    weights = torch.exp(-(offsets**2) / (2 * 1.5**2))
    weights = weights / weights.sum()
    return torch.outer(weights, weights).float()[None, None]


def dissimilarity(x, y):
    total = 0.0
    for k in range(STRUCTURES):
        a, b = x[:, k : k + 1], y[:, k : k + 1]
        blur = lambda t: F.conv2d(t, window(), padding=5)
        ma, mb = blur(a), blur(b)
        va, vb, cov = blur(a * a) - ma * ma, blur(b * b) - mb * mb, blur(a * b) - ma * mb
        c1, c2 = 0.01**2, 0.03**2
        total = total + 1 - (((2 * ma * mb + c1) * (2 * cov + c2)) / ((ma**2 + mb**2 + c1) * (va + vb + c2))).mean()
    return total


def initial(random, z, v):
    mean = 0.1 + 0.8 * random.uniforms(1)[0].item()
    noise = random.child(0).normals([RATERS, STRUCTURES, SIDE, SIDE]) * 0.2
    w = (noise + mean).clamp(0, 1)[None] * v
    total = w.sum(1, keepdim=True)
    c = torch.where(total >= 1e-3, w / (total + EPSILON), v / v.sum(1, keepdim=True))
    return w, (c * z).sum(1)


def permute(random, present):
    places = [m for m in range(RATERS) if present[m]]
    order = list(range(RATERS))
    for place, dealt in zip(places, random.permutation(len(places))):
        order[place] = places[dealt]
    return order


def shuffle_loss(random, c, heads, z, present):
    total = 0.0
    same = all(row == present[0] for row in present)
    for p in range(PERMUTATIONS):
        stream = random.child(p)
        orders = [permute(stream if same else stream.child(b), row) for b, row in enumerate(present)]
        dealt = torch.stack([c[b][order] for b, order in enumerate(orders)]).detach()
        predicted = (dealt * heads).sum(1).clamp(1e-6, 1 - 1e-6)
        total = total + F.binary_cross_entropy(predicted, (dealt * z).sum(1))
    return total / PERMUTATIONS


def run(name, residual, present):
    network = fill(MrPrism(RATERS, STRUCTURES, CHANNELS, SIDE, WIDTH, residual))
    x = uniform(f"{name}.x", [BATCH, CHANNELS, SIDE, SIDE])
    z = (uniform(f"{name}.z", [BATCH, RATERS, STRUCTURES, SIDE, SIDE]) > 0.5).float()
    v = torch.tensor(present, dtype=torch.float32)[:, :, None, None, None]
    w, t = initial(Random.named(1, f"{name}.initial"), z, v)
    shuffles = Random.named(1, f"{name}.shuffle")

    network.train()
    taps = network.encoder(x)
    parts = []
    for i in range(TAU):
        y = torch.sigmoid(network.conp(taps, w.detach()))
        heads = torch.sigmoid(network.divp(y.detach()))
        c = heads * v / ((heads * v).sum(1, keepdim=True) + EPSILON)
        s = (c * z).sum(1)
        con, div = dissimilarity(y, t.detach()), dissimilarity(s, y.detach())
        parts.append((con, div, shuffle_loss(shuffles.child(i), c, heads, z, present)))
        t, w = s.detach(), (c * heads).detach()
    losses = [sum(part[i] for part in parts) for i in range(3)]
    loss = losses[0] + losses[1] + ALPHA * losses[2]
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    loss.backward()
    named = dict(network.named_parameters())
    gradients = {key: sample(named[key].grad, 8) for key in GRADIENTS}
    norm = torch.sqrt(sum(p.grad.double().square().sum() for p in network.parameters())).item()
    optimizer.step()
    stepped = {key: sample(named[key], 8) for key in GRADIENTS}
    state = network.state_dict()
    running = {key: sample(state[key], 8) for key in ["conp.stage1.join.norm.running_var", "divp.stem2.norm.running_mean"]}

    network.eval()
    predictions = []
    with torch.no_grad():
        taps = network.encoder(x)
        w = torch.full_like(z, 1.0 / RATERS)
        for _ in range(4):
            y = torch.sigmoid(network.conp(taps, w))
            heads = torch.sigmoid(network.divp(y))
            c = heads / (heads.sum(1, keepdim=True) + EPSILON)
            w = c * heads
            predictions.append({"prediction": sample(y, 8), "heads": sample(heads, 8), "confidences": sample(c, 8)})
    return {
        "residual": residual,
        "present": present,
        "losses": {"loss": loss.item(), "l_con": losses[0].item(), "l_div": losses[1].item(), "l_shf": losses[2].item()},
        "gradient_norm": norm,
        "gradients": gradients,
        "stepped": stepped,
        "running": running,
        "predictions": predictions,
    }


if __name__ == "__main__":
    everyone = [[True] * RATERS] * BATCH
    absent = [[True, True, True], [True, False, True], [True, True, True], [True, True, False]]
    write(
        "mrprism_step",
        {
            "query": run("query", "query", everyone),
            "value": run("value", "value", everyone),
            "absent": run("absent", "query", absent),
        },
    )
