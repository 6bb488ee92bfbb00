"""Features of torchvision's ResNet-18, -34 and -50 at their four stages, in evaluation and in training mode."""

from generator import fill, sample, uniform, write  # first: it chooses the Python

import torch
import torchvision


def taps(network, x):
    x = network.maxpool(network.relu(network.bn1(network.conv1(x))))
    found = []
    for layer in [network.layer1, network.layer2, network.layer3, network.layer4]:
        x = layer(x)
        found.append(x)
    return found


def case(layers, last):
    network = getattr(torchvision.models, f"resnet{layers}")(weights=None)
    network.fc = torch.nn.Identity()
    fill(network)
    x = uniform(f"resnet{layers}.x", [2, 3, 64, 64])
    with torch.no_grad():
        network.eval()
        evaluated = [sample(tap, 12) for tap in taps(network, x)]
        network.train()
        trained = [sample(tap, 12) for tap in taps(network, x)]
    running = {name: sample(network.state_dict()[name], 12) for name in ["bn1.running_mean", last]}
    count = sum(p.numel() for p in network.parameters())
    return {"parameters": count, "evaluation": evaluated, "training": trained, "running": running}


if __name__ == "__main__":
    write(
        "resnet",
        {
            "18": case(18, "layer4.1.bn2.running_var"),
            "34": case(34, "layer4.2.bn2.running_var"),
            "50": case(50, "layer4.2.bn3.running_var"),
        },
    )
