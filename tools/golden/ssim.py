"""SSIM of probability maps against pytorch-msssim.

pytorch-msssim convolves without padding. The maps are padded with five zeros on every side first, so that its window meets
every pixel with zeros outside: exactly the convention of model-core/src/loss/ssim.rs, all pixels compared.
"""

from generator import sample, uniform, write  # first: it chooses the Python

import pytorch_msssim
import torch
import torch.nn.functional as F

shape = [2, 2, 20, 24]
x = uniform("ssim.x", shape).requires_grad_(True)
# One smooth pair and one hard mask, as training meets them.
y = torch.stack([uniform("ssim.y", shape)[0] * 0.5 + 0.5 * x.detach()[0], (uniform("ssim.y", shape)[1] > 0.5).float()])


def similarity(a, b):
    a, b = F.pad(a, [5] * 4), F.pad(b, [5] * 4)
    return pytorch_msssim.ssim(a, b, data_range=1.0, size_average=False, win_size=11, win_sigma=1.5)


values = torch.stack([similarity(x[:, k : k + 1], y[:, k : k + 1]) for k in range(shape[1])], 1)
loss = (1.0 - values.mean(0)).sum()
loss.backward()
write("ssim", {"shape": shape, "similarity": values.tolist(), "loss": loss.item(), "gradient": sample(x.grad)})
