"""One whole MrPrism step (docs/model.md, training step), Adam, and the recurrences of prediction, in plain PyTorch.

`mrprism_switches.py` runs the same step with every option. All recurrences' losses are summed and sent backward at once through one graph, cut by hand between recurrences: model-core's
backward a recurrence on leaf copies of the encoder's taps must give the same gradients.
"""

from generator import Random, fill, sample, uniform, write  # first: it chooses the Python

import math

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


# What docs/model.md calls the paper's; a switch changes one.
PAPER = {
    "residual": "query",
    "integration": "attentive",
    "target": "rater",
    "shuffle_form": "fused",
    "shuffle_threshold": "soft",
    "shuffle_gradient": "heads",
    "multi_head": 0.0,
    "confidence": "share_times_head",
    "confidence_scale": "share",
    "initial_draw": "shared",
    "initial_noise_cell": 1,
    "initial_scale": "raw",
    "divp_input": "mask",
    "divp_signal": "probability",
    "divp_stride": 8,
    "update": "step",
    "eps": 1e-8,
}


class Cut(torch.autograd.Function):
    """1 above 0.5, with the gradient of the identity."""

    @staticmethod
    def forward(ctx, x):
        return (x > 0.5).float()

    @staticmethod
    def backward(ctx, gradient):
        return gradient


def initial(random, z, v, options):
    means = 0.1 + 0.8 * random.uniforms(RATERS)
    mean = means.float()[:, None, None, None] if options["initial_draw"] == "per_rater" else means[0].item()
    cell = options["initial_noise_cell"]
    noise = random.child(0).normals([RATERS, STRUCTURES, SIDE // cell, SIDE // cell]) * 0.2
    noise = noise.repeat_interleave(cell, 2).repeat_interleave(cell, 3)
    w = (noise + mean).clamp(0, 1)[None] * v
    total = w.sum(1, keepdim=True)
    c = torch.where(total >= 1e-3, w / (total + EPSILON), v / v.sum(1, keepdim=True))
    asking = c if options["initial_scale"] == "normalised" else w
    if options["confidence_scale"] == "raters" and options["initial_scale"] == "normalised":
        asking = asking * v.sum(1, keepdim=True)
    if options["confidence"] == "log_head":
        asking = asking.clamp(min=1e-3).log()
    return asking, (c * z).sum(1)


def asked(c, heads, v, options):
    """What ConP receives next."""
    scale = v.sum(1, keepdim=True) if options["confidence_scale"] == "raters" else 1
    return {
        "share_times_head": c * heads * scale,
        "share": c * scale,
        "head": heads * v,
        "log_head": (heads * v).clamp(min=1e-3).log(),
    }[options["confidence"]]


def asked_first(options):
    """What inference begins with."""
    equal = 1.0 if options["confidence_scale"] == "raters" else 1.0 / RATERS
    middle = 0.5 if options["initial_scale"] == "raw" else 1.0 / RATERS
    return {"share_times_head": equal, "share": equal, "head": middle, "log_head": math.log(middle)}[options["confidence"]]


def bce(predicted, wanted):
    return -(wanted * predicted.log() + (1 - wanted) * (1 - predicted).log())


def per_case(values, v):
    """Mean over the raters of a case who are there, then over everything else."""
    return ((values * v).sum(1) / v.sum(1)).mean()


def permute(random, present):
    places = [m for m in range(RATERS) if present[m]]
    order = list(range(RATERS))
    for place, dealt in zip(places, random.permutation(len(places))):
        order[place] = places[dealt]
    return order


def shuffle_loss(random, c, heads, z, present, options):
    total = 0.0
    same = all(row == present[0] for row in present)
    v = torch.tensor(present, dtype=torch.float32)[:, :, None, None, None]
    soft = options["shuffle_threshold"] == "soft"
    heads, low = (heads, 1e-6) if soft else (Cut.apply(heads), 1e-3)
    for p in range(PERMUTATIONS):
        stream = random.child(p)
        orders = [permute(stream if same else stream.child(b), row) for b, row in enumerate(present)]
        dealt = torch.stack([c[b][order] for b, order in enumerate(orders)])
        wanting, predicting = dealt.detach(), dealt if options["shuffle_gradient"] == "both" else dealt.detach()
        if options["shuffle_form"] == "fused":
            total = total + bce((predicting * heads).sum(1).clamp(low, 1 - low), (wanting * z).sum(1)).mean()
        else:
            total = total + per_case(bce((predicting * heads).clamp(low, 1 - low), wanting * z), v)
    return total / PERMUTATIONS


RUNNING = ["conp.stage1.join.norm.running_var", "divp.stem2.norm.running_mean"]


def run(name, present, samples=8, keys=GRADIENTS, passes=4, nudge=0.0, build=None, running=RUNNING, **changed):
    """`build` makes another network than variant `paper`; its `drops` are set to the stream of what is left out."""
    options = {**PAPER, **changed}
    seen = CHANNELS if options["divp_input"] == "mask_image" else 0
    shape = (RATERS, STRUCTURES, CHANNELS, SIDE, WIDTH)
    if build is None:
        network = MrPrism(*shape, options["residual"], options["integration"], seen, options["divp_stride"])
    else:
        network = build(*shape, options["residual"], seen)
    network = fill(network)
    x = uniform(f"{name}.x", [BATCH, CHANNELS, SIDE, SIDE]) * (1.0 + nudge)
    z = (uniform(f"{name}.z", [BATCH, RATERS, STRUCTURES, SIDE, SIDE]) > 0.5).float()
    v = torch.tensor(present, dtype=torch.float32)[:, :, None, None, None]
    w, t = initial(Random.named(1, f"{name}.initial"), z, v, options)
    shuffles = Random.named(1, f"{name}.shuffle")

    def pass_(taps, w):
        logits = network.conp(taps, w)
        y = torch.sigmoid(logits)
        signal = (logits if options["divp_signal"] == "logit" else y).detach()
        return y, torch.sigmoid(network.divp(torch.cat([x, signal], 1) if seen else signal))

    def one(i, taps, w, t):
        network.drops = Random(0).child(i)
        y, heads = pass_(taps, w.detach())
        c = heads * v / ((heads * v).sum(1, keepdim=True) + EPSILON)
        s = (c * (z if options["target"] == "rater" else Cut.apply(heads))).sum(1)
        con, div = dissimilarity(y, t.detach()), dissimilarity(s, y.detach())
        shuffled = shuffle_loss(shuffles.child(i), c, heads, z, present, options)
        own = per_case(bce(heads.clamp(1e-6, 1 - 1e-6), z), v)
        return (con, div, shuffled, own), asked(c, heads, v, options).detach(), s.detach()

    def whole(parts):
        return parts[0] + parts[1] + ALPHA * parts[2] + options["multi_head"] * parts[3]

    network.train()
    named = dict(network.named_parameters())
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, eps=options["eps"])
    parts = []

    def norm():
        return torch.sqrt(sum(p.grad.double().square().sum() for p in network.parameters())).item()

    if options["update"] == "step":
        taps = network.encoder(x)
        for i in range(TAU):
            found, w, t = one(i, taps, w, t)
            parts.append(found)
        losses = [sum(part[i] for part in parts) for i in range(4)]
        whole(losses).backward()
        largest = norm()
        optimizer.step()
    else:
        largest = 0.0
        for i in range(TAU):
            optimizer.zero_grad()
            found, w, t = one(i, network.encoder(x), w, t)
            whole(found).backward()
            largest = max(largest, norm())
            optimizer.step()
            parts.append(found)
        losses = [sum(part[i] for part in parts) for i in range(4)]
    gradients = {key: sample(named[key].grad, samples) for key in keys}
    stepped = {key: sample(named[key], samples) for key in keys}
    state = network.state_dict()
    running = {key: sample(state[key], samples) for key in running}

    network.eval()
    network.drops = None
    predictions = []
    with torch.no_grad():
        taps = network.encoder(x)
        w = torch.full_like(z, asked_first(options))
        for _ in range(passes):
            y, heads = pass_(taps, w)
            c = heads / (heads.sum(1, keepdim=True) + EPSILON)
            w = asked(c, heads, torch.ones_like(v), options)
            found = {"prediction": y, "heads": heads, "confidences": c}
            predictions.append({what: sample(found[what], samples) for what in found})
    return {
        "options": changed,
        "present": present,
        "losses": dict(zip(["loss", "l_con", "l_div", "l_shf", "l_mh"], [whole(losses).item(), *(l.item() for l in losses)])),
        "gradient_norm": largest,
        "gradients": gradients,
        "stepped": stepped,
        "running": running,
        "predictions": predictions,
    }


EVERYONE = [[True] * RATERS] * BATCH
ABSENT = [[True, True, True], [True, False, True], [True, True, True], [True, True, False]]

if __name__ == "__main__":
    write(
        "mrprism_step",
        {
            "query": run("query", EVERYONE),
            "value": run("value", EVERYONE, residual="value"),
            "absent": run("absent", ABSENT),
        },
    )
