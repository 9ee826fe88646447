"""Exports a model of torchvision, timm or Hugging Face's transformers by one of PyTorch's two exporters.

    python3 tests/zoo/export_torch.py NAME FOLDER, or --serve
"""
import warnings

import models
import numpy as np
import reference
import serve
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
torch.manual_seed(1)
warnings.filterwarnings("ignore")


class Logits(torch.nn.Module):
    """A network of transformers gives a tuple, whose first element are the logits."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x, return_dict=False)[0]


def build(row):
    if row.family == "torchvision":
        import torchvision
        return torchvision.models.get_model(row.model.rpartition(".")[2], weights=None, num_classes=models.CLASSES, **row.options)
    if row.family == "timm":
        import timm
        return timm.create_model(row.model, pretrained=False, num_classes=models.CLASSES, **row.options)
    import transformers
    task = "SequenceClassification" if len(row.shape) == 1 else "ImageClassification"
    config = getattr(transformers, row.model + "Config")(num_labels=models.CLASSES, **row.options)
    return Logits(getattr(transformers, row.model + "For" + task)(config))


@torch.no_grad()
def randomise(net, x):
    """Parameters that training starts from a constant (scales of 1e-6, biases of 0) become what a trained network may have,
    and running statistics become those of random inputs: a fresh network's logits hardly depend on the input."""
    for p in net.parameters():
        if p.numel() < 2 or bool((p == p.flatten()[0]).all()):
            scale = p.shape[1:].numel()**-.5 if p.dim() > 1 else .1
            p.copy_(torch.randn_like(p) * scale if p.flatten()[0] == 0 else torch.rand_like(p) * .6 + .7)
    norms = [m for m in net.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    for m in norms:
        m.train()
        m.momentum = None
    if norms:
        net(torch.randn(8, *x.shape[1:]))
    net.eval()


kernel = F.batch_norm


def batch_norm(x, mean, var, weight=None, bias=None, training=False, momentum=.1, eps=1e-5):
    """By its formula: the backward pass of PyTorch 2.14's kernel is wrong where a transposition follows."""
    if training or mean is None:  # weight standardisation
        return kernel(x, mean, var, weight, bias, training, momentum, eps)
    shape = (1, -1, *[1] * (x.dim() - 2))
    y = (x - mean.view(shape)) / (var.view(shape) + eps).sqrt()
    return y if weight is None else y * weight.view(shape) + bias.view(shape)


def write_onnx(net, x, row, path):
    names = dict(input_names=["input"], output_names=["logits"])
    if row.exporter == "dynamo":
        torch.onnx.export(net, (x,), path, dynamo=True, external_data=False, verbose=False, **names)
        return
    keys = names
    if row.exporter == "apart":
        keys = dict(names, training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    torch.onnx.export(net, (x,), path, dynamo=False, dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}}, opset_version=17, **keys)


def token_functions(net):
    """Logits and gradient of tokens: the latter at their embedding, dimensions x length. (Its sum over the dimensions is 0
    where a LayerNorm follows.)"""
    table = net.net.get_input_embeddings()

    def forward(tokens):
        kept = []
        handle = table.register_forward_hook(lambda m, i, o: kept.append(o.detach().requires_grad_()) or kept[-1])
        y = net(torch.from_numpy(np.rint(tokens)).long()[None])[0]
        handle.remove()
        return y, kept[0]

    def gradient(tokens, target):
        y, embedding = forward(tokens)
        return torch.autograd.grad(y[target], embedding)[0][0].T.numpy()

    return lambda tokens: forward(tokens)[0].detach().numpy(), gradient


def export_model(name, folder):
    row = models.find(name)
    net, tokens = build(row).eval(), len(row.shape) == 1
    x = torch.randint(5, 150, (1, *row.shape)) if tokens else torch.randn(1, *row.shape)
    if not tokens:
        randomise(net, x)
    write_onnx(net, x, row, f"{folder}/model.onnx")
    names = [n.removeprefix("net.") for n, m in net.named_modules() if n]
    F.batch_norm = batch_norm
    net.double()
    logits, gradient = token_functions(net) if tokens else reference.torch_functions(net)
    info = {"parameters": sum(p.numel() for p in net.parameters()), "modules": names, "version": torch.__version__}
    reference.write(folder, x[0].numpy(), logits, gradient, info)


def preload(*_):
    import timm, torchvision, transformers  # noqa: E401, F401
    import onnxscript  # noqa: F401


if __name__ == "__main__":
    serve.main(export_model, preload)
