"""Features of torchvision's ResNet-34 at its four stages, in evaluation and in training mode."""

from generator import fill, sample, uniform, write  # first: it chooses the Python

import torch
import torchvision

network = torchvision.models.resnet34(weights=None)
network.fc = torch.nn.Identity()
fill(network)
x = uniform("resnet34.x", [2, 3, 64, 64])


def taps(x):
    x = network.maxpool(network.relu(network.bn1(network.conv1(x))))
    found = []
    for layer in [network.layer1, network.layer2, network.layer3, network.layer4]:
        x = layer(x)
        found.append(x)
    return found


with torch.no_grad():
    network.eval()
    evaluated = [sample(tap) for tap in taps(x)]
    network.train()
    trained = [sample(tap) for tap in taps(x)]
running = {name: sample(network.state_dict()[name]) for name in ["bn1.running_mean", "layer4.2.bn2.running_var"]}
count = sum(p.numel() for p in network.parameters())
write("resnet34", {"parameters": count, "evaluation": evaluated, "training": trained, "running": running})
