"""A ResNet-18 one channel wide as torch.save writes it, in today's archive and in the plain file of before 2020.

Its numbers come from the generator by name, so that the reader on the other side knows every one of them.
"""

from generator import FOLDER, fill  # first: it chooses the Python

import torch
import torchvision


def narrow(width):
    """torchvision's ResNet-18 with other widths: its constructor fixes 64."""
    parts = torchvision.models.resnet
    made = parts.ResNet.__new__(parts.ResNet)
    torch.nn.Module.__init__(made)
    made._norm_layer, made.inplanes, made.dilation, made.groups, made.base_width = torch.nn.BatchNorm2d, width, 1, 1, 64
    made.conv1, made.bn1 = torch.nn.Conv2d(3, width, 7, 2, 3, bias=False), torch.nn.BatchNorm2d(width)
    for layer in range(4):
        setattr(made, f"layer{layer + 1}", made._make_layer(parts.BasicBlock, width << layer, 2, stride=1 if layer == 0 else 2))
    made.fc = torch.nn.Linear(8 * width, 2)
    return made


if __name__ == "__main__":
    state = fill(narrow(8)).state_dict()
    # The repository holds a few numbers, not a network: the first layers, one of them in half precision and one laid out
    # in another order, and what a reader must leave aside.
    names = ["conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var", "bn1.num_batches_tracked"]
    names += ["layer1.0.conv1.weight", "layer1.0.bn1.weight", "fc.weight", "fc.bias"]
    for name in list(state):
        if name not in names:
            del state[name]
    state["bn1.weight"] = state["bn1.weight"].half()
    state["layer1.0.conv1.weight"] = state["layer1.0.conv1.weight"].to(memory_format=torch.channels_last)
    torch.save(state, FOLDER / "resnet18-archive.pth")
    torch.save({"epoch": 3, "state_dict": state}, FOLDER / "resnet18-plain.pth", _use_new_zipfile_serialization=False)
    for name in ["archive", "plain"]:
        path = FOLDER / f"resnet18-{name}.pth"
        print(f"{path.name}: {path.stat().st_size} bytes")
