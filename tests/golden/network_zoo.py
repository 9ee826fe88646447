"""The image classifiers that people explain, narrow: the modules, names and wiring of torchvision 0.20 and timm 1.0 (vit),
with fewer channels and blocks. Every rectifier is a module, so that a hook can find it.
"""
import torch
import torch.nn.functional as F
from torch import nn


def conv_bn(i, o, k, stride=1, groups=1, act=nn.ReLU, eps=1e-5):
    """torchvision's Conv2dNormActivation."""
    layers = [nn.Conv2d(i, o, k, stride, (k - 1) // 2, groups=groups, bias=False), nn.BatchNorm2d(o, eps=eps)]
    return nn.Sequential(*layers, *([act()] if act else []))


# ---- ResNet: He et al. 2016 ----

class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, i, width, stride, downsample):
        super().__init__()
        self.conv1 = nn.Conv2d(i, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = downsample

    def forward(self, x):
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(out + (self.downsample(x) if self.downsample else x))


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, i, width, stride, downsample):
        super().__init__()
        self.conv1 = nn.Conv2d(i, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.relu = nn.ReLU()
        self.downsample = downsample

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn3(self.conv3(self.relu(self.bn2(self.conv2(out)))))
        return self.relu(out + (self.downsample(x) if self.downsample else x))


class ResNet(nn.Module):
    def __init__(self, block, counts, width, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        i = width
        for k, count in enumerate(counts):
            blocks = []
            for b in range(count):
                o, stride = width * 2**k, 2 if k and not b else 1
                shortcut = None
                if stride > 1 or i != o * block.expansion:
                    shortcut = nn.Sequential(nn.Conv2d(i, o * block.expansion, 1, stride, bias=False),
                                             nn.BatchNorm2d(o * block.expansion))
                blocks.append(block(i, o, stride, shortcut))
                i = o * block.expansion
            setattr(self, f"layer{k + 1}", nn.Sequential(*blocks))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(i, classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


# ---- VGG with BatchNormalization: Simonyan & Zisserman 2015 ----

VGG11 = [1, "M", 2, "M", 4, 4, "M", 8, 8, "M", 8, 8, "M"]
VGG16 = [1, 1, "M", 2, 2, "M", 4, 4, 4, "M", 8, 8, 8, "M", 8, 8, 8, "M"]


class VGG(nn.Module):
    def __init__(self, plan, width, side, hidden=32, classes=10):
        super().__init__()
        layers, i = [], 3
        for step in plan:
            if step == "M":
                layers.append(nn.MaxPool2d(2, 2))
                continue
            layers += [nn.Conv2d(i, step * width, 3, padding=1), nn.BatchNorm2d(step * width), nn.ReLU()]
            i = step * width
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((side, side))  # torchvision: 7 x 7, what 224 x 224 comes to
        self.classifier = nn.Sequential(nn.Linear(i * side * side, hidden), nn.ReLU(), nn.Dropout(),
                                        nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(), nn.Linear(hidden, classes))

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


# ---- SqueezeNet 1.1: Iandola et al. 2016 ----

class Fire(nn.Module):
    def __init__(self, i, squeeze, expand):
        super().__init__()
        self.squeeze = nn.Conv2d(i, squeeze, 1)
        self.squeeze_activation = nn.ReLU()
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand1x1_activation = nn.ReLU()
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)
        self.expand3x3_activation = nn.ReLU()

    def forward(self, x):
        x = self.squeeze_activation(self.squeeze(x))
        return torch.cat([self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x))], 1)


class SqueezeNet(nn.Module):
    def __init__(self, width, classes=10):
        super().__init__()
        pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
        w, fires = width, [Fire(width * i, width * s, width * e) for i, s, e in
                           ((4, 1, 4), (8, 1, 4), (8, 2, 8), (16, 2, 8), (16, 3, 12), (24, 3, 12), (24, 4, 16), (32, 4, 16))]
        self.features = nn.Sequential(nn.Conv2d(3, 4 * w, 3, 2), nn.ReLU(), pool(), *fires[:2], pool(), *fires[2:4], pool(),
                                      *fires[4:])
        self.classifier = nn.Sequential(nn.Dropout(), nn.Conv2d(32 * w, classes, 1), nn.ReLU(), nn.AdaptiveAvgPool2d((1, 1)))

    def forward(self, x):
        return torch.flatten(self.classifier(self.features(x)), 1)


# ---- MobileNet V2 and V3: Sandler et al. 2018, Howard et al. 2019 ----

class InvertedResidual(nn.Module):
    def __init__(self, i, o, stride, expand):
        super().__init__()
        wide = i * expand
        layers = [conv_bn(i, wide, 1, act=nn.ReLU6)] if expand > 1 else []
        self.conv = nn.Sequential(*layers, conv_bn(wide, wide, 3, stride, wide, nn.ReLU6),
                                  nn.Conv2d(wide, o, 1, bias=False), nn.BatchNorm2d(o))
        self.skip = stride == 1 and i == o

    def forward(self, x):
        return x + self.conv(x) if self.skip else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self, width, classes=10):
        super().__init__()
        i, layers = 4 * width, [conv_bn(3, 4 * width, 3, 2, act=nn.ReLU6)]
        for expand, o, count, first in ((1, 2, 1, 1), (6, 3, 2, 2), (6, 4, 3, 2), (6, 8, 2, 2), (6, 12, 2, 1), (6, 20, 1, 2)):
            for b in range(count):
                layers.append(InvertedResidual(i, o * width, 1 if b else first, expand))
                i = o * width
        self.features = nn.Sequential(*layers, conv_bn(i, 32 * width, 1, act=nn.ReLU6))
        self.classifier = nn.Sequential(nn.Dropout(.2), nn.Linear(32 * width, classes))

    def forward(self, x):
        x = F.adaptive_avg_pool2d(self.features(x), (1, 1))
        return self.classifier(torch.flatten(x, 1))


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, squeezed):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)
        self.activation = nn.ReLU()
        self.scale_activation = nn.Hardsigmoid()

    def forward(self, x):
        return self.scale_activation(self.fc2(self.activation(self.fc1(self.avgpool(x))))) * x


class InvertedResidualV3(nn.Module):
    def __init__(self, i, k, wide, o, excite, hard, stride):
        super().__init__()
        act = nn.Hardswish if hard else nn.ReLU
        layers = [conv_bn(i, wide, 1, act=act, eps=.001)] if wide != i else []
        layers.append(conv_bn(wide, wide, k, stride, wide, act, .001))
        if excite:
            layers.append(SqueezeExcitation(wide, max(wide // 4, 2)))
        self.block = nn.Sequential(*layers, conv_bn(wide, o, 1, act=None, eps=.001))
        self.skip = stride == 1 and i == o

    def forward(self, x):
        return x + self.block(x) if self.skip else self.block(x)


class MobileNetV3Small(nn.Module):
    def __init__(self, width, classes=10):
        super().__init__()
        plan = ((2, 3, 2, 2, True, False, 2), (2, 3, 9, 3, False, False, 2), (3, 3, 11, 3, False, False, 1),
                (3, 5, 12, 5, True, True, 2), (5, 5, 30, 5, True, True, 1), (5, 5, 15, 6, True, True, 1),
                (6, 5, 18, 6, True, True, 1), (6, 5, 36, 12, True, True, 2), (12, 5, 72, 12, True, True, 1))
        blocks = [InvertedResidualV3(i * width, k, wide * width, o * width, *rest) for i, k, wide, o, *rest in plan]
        self.features = nn.Sequential(conv_bn(3, 2 * width, 3, 2, act=nn.Hardswish, eps=.001), *blocks,
                                      conv_bn(12 * width, 72 * width, 1, act=nn.Hardswish, eps=.001))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Linear(72 * width, 32), nn.Hardswish(), nn.Dropout(.2), nn.Linear(32, classes))

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


# ---- DenseNet-121: Huang et al. 2017 ----

class DenseLayer(nn.Module):
    def __init__(self, i, growth):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(i)
        self.relu1 = nn.ReLU()
        self.conv1 = nn.Conv2d(i, 4 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth)
        self.relu2 = nn.ReLU()
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, parts):
        x = self.conv1(self.relu1(self.norm1(torch.cat(parts, 1))))
        return self.conv2(self.relu2(self.norm2(x)))


class DenseBlock(nn.ModuleDict):
    def __init__(self, count, i, growth):
        super().__init__({f"denselayer{k + 1}": DenseLayer(i + k * growth, growth) for k in range(count)})

    def forward(self, x):
        parts = [x]
        for layer in self.values():
            parts.append(layer(parts))
        return torch.cat(parts, 1)


class DenseNet(nn.Module):
    def __init__(self, counts, growth, classes=10):
        super().__init__()
        i = 2 * growth
        self.features = nn.Sequential()
        self.features.add_module("conv0", nn.Conv2d(3, i, 7, 2, 3, bias=False))
        self.features.add_module("norm0", nn.BatchNorm2d(i))
        self.features.add_module("relu0", nn.ReLU())
        self.features.add_module("pool0", nn.MaxPool2d(3, 2, 1))
        for k, count in enumerate(counts):
            self.features.add_module(f"denseblock{k + 1}", DenseBlock(count, i, growth))
            i += count * growth
            if k + 1 < len(counts):
                transition = nn.Sequential()
                transition.add_module("norm", nn.BatchNorm2d(i))
                transition.add_module("relu", nn.ReLU())
                transition.add_module("conv", nn.Conv2d(i, i // 2, 1, bias=False))
                transition.add_module("pool", nn.AvgPool2d(2, 2))
                self.features.add_module(f"transition{k + 1}", transition)
                i //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(i))
        self.relu = nn.ReLU()
        self.classifier = nn.Linear(i, classes)

    def forward(self, x):
        x = F.adaptive_avg_pool2d(self.relu(self.features(x)), (1, 1))
        return self.classifier(torch.flatten(x, 1))


# ---- Inception v3: Szegedy et al. 2016, without the auxiliary classifier ----

class BasicConv2d(nn.Module):
    def __init__(self, i, o, kernel, **keys):
        super().__init__()
        self.conv = nn.Conv2d(i, o, kernel, bias=False, **keys)
        self.bn = nn.BatchNorm2d(o, eps=.001)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.bn(self.conv(x)))


def pooled(x):
    return F.avg_pool2d(x, 3, 1, 1)  # count_include_pad


class InceptionA(nn.Module):
    def __init__(self, i, w, pool):
        super().__init__()
        self.branch1x1 = BasicConv2d(i, 8 * w, 1)
        self.branch5x5_1 = BasicConv2d(i, 6 * w, 1)
        self.branch5x5_2 = BasicConv2d(6 * w, 8 * w, 5, padding=2)
        self.branch3x3dbl_1 = BasicConv2d(i, 8 * w, 1)
        self.branch3x3dbl_2 = BasicConv2d(8 * w, 12 * w, 3, padding=1)
        self.branch3x3dbl_3 = BasicConv2d(12 * w, 12 * w, 3, padding=1)
        self.branch_pool = BasicConv2d(i, pool * w, 1)

    def forward(self, x):
        return torch.cat([self.branch1x1(x), self.branch5x5_2(self.branch5x5_1(x)),
                          self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x))), self.branch_pool(pooled(x))], 1)


class InceptionB(nn.Module):
    def __init__(self, i, w):
        super().__init__()
        self.branch3x3 = BasicConv2d(i, 48 * w, 3, stride=2)
        self.branch3x3dbl_1 = BasicConv2d(i, 8 * w, 1)
        self.branch3x3dbl_2 = BasicConv2d(8 * w, 12 * w, 3, padding=1)
        self.branch3x3dbl_3 = BasicConv2d(12 * w, 12 * w, 3, stride=2)

    def forward(self, x):
        return torch.cat([self.branch3x3(x), self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x))),
                          F.max_pool2d(x, 3, 2)], 1)


class InceptionC(nn.Module):
    def __init__(self, i, w, c7):
        super().__init__()
        o, c = 24 * w, c7 * w
        self.branch1x1 = BasicConv2d(i, o, 1)
        self.branch7x7_1 = BasicConv2d(i, c, 1)
        self.branch7x7_2 = BasicConv2d(c, c, (1, 7), padding=(0, 3))
        self.branch7x7_3 = BasicConv2d(c, o, (7, 1), padding=(3, 0))
        self.branch7x7dbl_1 = BasicConv2d(i, c, 1)
        self.branch7x7dbl_2 = BasicConv2d(c, c, (7, 1), padding=(3, 0))
        self.branch7x7dbl_3 = BasicConv2d(c, o, (1, 7), padding=(0, 3))
        self.branch_pool = BasicConv2d(i, o, 1)

    def forward(self, x):
        return torch.cat([self.branch1x1(x), self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x))),
                          self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x))), self.branch_pool(pooled(x))], 1)


class InceptionD(nn.Module):
    def __init__(self, i, w):
        super().__init__()
        o = 24 * w
        self.branch3x3_1 = BasicConv2d(i, o, 1)
        self.branch3x3_2 = BasicConv2d(o, 40 * w, 3, stride=2)
        self.branch7x7x3_1 = BasicConv2d(i, o, 1)
        self.branch7x7x3_2 = BasicConv2d(o, o, (1, 7), padding=(0, 3))
        self.branch7x7x3_3 = BasicConv2d(o, o, (7, 1), padding=(3, 0))
        self.branch7x7x3_4 = BasicConv2d(o, o, 3, stride=2)

    def forward(self, x):
        deep = self.branch7x7x3_4(self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x))))
        return torch.cat([self.branch3x3_2(self.branch3x3_1(x)), deep, F.max_pool2d(x, 3, 2)], 1)


class InceptionE(nn.Module):
    def __init__(self, i, w):
        super().__init__()
        self.branch1x1 = BasicConv2d(i, 40 * w, 1)
        self.branch3x3_1 = BasicConv2d(i, 48 * w, 1)
        self.branch3x3_2a = BasicConv2d(48 * w, 48 * w, (1, 3), padding=(0, 1))
        self.branch3x3_2b = BasicConv2d(48 * w, 48 * w, (3, 1), padding=(1, 0))
        self.branch3x3dbl_1 = BasicConv2d(i, 56 * w, 1)
        self.branch3x3dbl_2 = BasicConv2d(56 * w, 48 * w, 3, padding=1)
        self.branch3x3dbl_3a = BasicConv2d(48 * w, 48 * w, (1, 3), padding=(0, 1))
        self.branch3x3dbl_3b = BasicConv2d(48 * w, 48 * w, (3, 1), padding=(1, 0))
        self.branch_pool = BasicConv2d(i, 24 * w, 1)

    def forward(self, x):
        near, far = self.branch3x3_1(x), self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        near = torch.cat([self.branch3x3_2a(near), self.branch3x3_2b(near)], 1)
        far = torch.cat([self.branch3x3dbl_3a(far), self.branch3x3dbl_3b(far)], 1)
        return torch.cat([self.branch1x1(x), near, far, self.branch_pool(pooled(x))], 1)


class Inception3(nn.Module):
    """One block of each kind; torchvision has 3, 1, 4, 1 and 2."""

    def __init__(self, w, classes=10):
        super().__init__()
        self.Conv2d_1a_3x3 = BasicConv2d(3, 4 * w, 3, stride=2)
        self.Conv2d_2a_3x3 = BasicConv2d(4 * w, 4 * w, 3)
        self.Conv2d_2b_3x3 = BasicConv2d(4 * w, 8 * w, 3, padding=1)
        self.maxpool1 = nn.MaxPool2d(3, 2)
        self.Conv2d_3b_1x1 = BasicConv2d(8 * w, 10 * w, 1)
        self.Conv2d_4a_3x3 = BasicConv2d(10 * w, 24 * w, 3)
        self.maxpool2 = nn.MaxPool2d(3, 2)
        self.Mixed_5b = InceptionA(24 * w, w, 4)
        self.Mixed_6a = InceptionB(32 * w, w)
        self.Mixed_6b = InceptionC(92 * w, w, 16)
        self.Mixed_7a = InceptionD(96 * w, w)
        self.Mixed_7b = InceptionE(160 * w, w)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout()
        self.fc = nn.Linear(256 * w, classes)

    def forward(self, x):
        # transform_input, which torchvision's pretrained weights ask for
        x = torch.cat([torch.unsqueeze(x[:, c], 1) * (s / .5) + (m - .5) / .5 for c, (s, m) in
                       enumerate(((.229, .485), (.224, .456), (.225, .406)))], 1)
        x = self.maxpool1(self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x))))
        x = self.maxpool2(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x)))
        x = self.Mixed_7b(self.Mixed_7a(self.Mixed_6b(self.Mixed_6a(self.Mixed_5b(x)))))
        return self.fc(torch.flatten(self.dropout(self.avgpool(x)), 1))


# ---- Vision transformer: Dosovitskiy et al. 2021, as timm has it (DeiT) and as torchvision has it (vit_b_16) ----

class TimmAttention(nn.Module):
    def __init__(self, width, heads, fused):
        super().__init__()
        self.heads, self.fused, self.scale = heads, fused, (width // heads)**-.5
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        n, tokens, width = x.shape
        qkv = self.qkv(x).reshape(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        if self.fused:
            x = F.scaled_dot_product_attention(q, k, v)
        else:
            x = (q * self.scale @ k.transpose(-2, -1)).softmax(dim=-1) @ v
        return self.proj(x.transpose(1, 2).reshape(n, tokens, width))


class TimmMlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class TimmBlock(nn.Module):
    def __init__(self, width, heads, fused):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = TimmAttention(width, heads, fused)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = TimmMlp(width)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class TimmPatches(nn.Module):
    def __init__(self, width, patch):
        super().__init__()
        self.proj = nn.Conv2d(3, width, patch, patch)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class TimmViT(nn.Module):
    """vit_tiny_patch16_224 and deit_tiny_patch16_224: width 192, 12 blocks of 3 heads."""

    def __init__(self, side, patch, width, depth, heads, fused, classes=10):
        super().__init__()
        self.cls_token = nn.Parameter(torch.randn(1, 1, width))
        self.pos_embed = nn.Parameter(torch.randn(1, (side // patch)**2 + 1, width))
        self.patch_embed = TimmPatches(width, patch)
        self.blocks = nn.Sequential(*(TimmBlock(width, heads, fused) for _ in range(depth)))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        x = self.patch_embed(x)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], 1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])


class EncoderBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1 = nn.LayerNorm(width, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.dropout = nn.Dropout()
        self.ln_2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(), nn.Linear(4 * width, width),
                                 nn.Dropout())

    def forward(self, x):
        y = self.ln_1(x)
        y, _ = self.self_attention(y, y, y, need_weights=False)
        x = x + self.dropout(y)
        return x + self.mlp(self.ln_2(x))


class Encoder(nn.Module):
    def __init__(self, tokens, width, depth, heads):
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.randn(1, tokens, width))
        self.dropout = nn.Dropout()
        self.layers = nn.Sequential()
        for k in range(depth):
            self.layers.add_module(f"encoder_layer_{k}", EncoderBlock(width, heads))
        self.ln = nn.LayerNorm(width, eps=1e-6)

    def forward(self, x):
        return self.ln(self.layers(self.dropout(x + self.pos_embedding)))


class VisionTransformer(nn.Module):
    """vit_b_16: width 768, 12 blocks of 12 heads."""

    def __init__(self, side, patch, width, depth, heads, classes=10):
        super().__init__()
        self.side, self.patch, self.width = side // patch, patch, width
        self.conv_proj = nn.Conv2d(3, width, patch, patch)
        self.class_token = nn.Parameter(torch.randn(1, 1, width))
        self.encoder = Encoder(self.side**2 + 1, width, depth, heads)
        self.heads = nn.Sequential()
        self.heads.add_module("head", nn.Linear(width, classes))

    def forward(self, x):
        n = x.shape[0]
        x = self.conv_proj(x).reshape(n, self.width, self.side * self.side).permute(0, 2, 1)
        x = torch.cat([self.class_token.expand(n, -1, -1), x], 1)
        return self.heads(self.encoder(x)[:, 0])
