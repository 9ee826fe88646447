"""The models of the zoo: what is exported, by which exporter, at which size. Weights are random, nothing is downloaded.

A row is named FAMILY/MODEL@EXPORTER. Exporters: "legacy" and "dynamo" are torch.onnx.export's two; "apart" is the legacy one
as README.md has it, with BatchNormalization left as it is; "keras-torch" and "keras-tf" are Keras's own export under either
backend (the latter through tf2onnx); "skl2onnx" is scikit-learn's.
"""
import collections

Row = collections.namedtuple("Row", "name family model exporter shape options")
CLASSES = 10
LEGACY, DYNAMO = ("legacy",), ("dynamo",)
BOTH = LEGACY + DYNAMO

# model, side or shape of the input, exporters, options of the constructor
TORCHVISION = [
    ("alexnet", 224, LEGACY),
    ("convnext_tiny", 64, DYNAMO),
    ("densenet121", 64, LEGACY),
    ("efficientnet_b0", 64, BOTH),
    ("efficientnet_v2_s", 64, DYNAMO),
    ("googlenet", 64, LEGACY, {"aux_logits": False, "init_weights": False}),
    ("inception_v3", 80, DYNAMO, {"aux_logits": False, "init_weights": False}),
    ("maxvit_t", 224, LEGACY),
    ("mnasnet0_5", 64, LEGACY),
    ("mobilenet_v2", 64, LEGACY),
    ("mobilenet_v3_large", 64, LEGACY),
    ("mobilenet_v3_small", 64, ("apart",)),
    ("regnet_x_400mf", 64, LEGACY),
    ("regnet_y_400mf", 64, LEGACY),
    ("resnet18", 64, ("legacy", "apart", "dynamo")),
    ("resnet34", 64, LEGACY),
    ("resnet50", 64, DYNAMO),
    ("resnext50_32x4d", 64, LEGACY),
    ("shufflenet_v2_x0_5", 64, LEGACY),
    ("shufflenet_v2_x1_0", 64, LEGACY),
    ("squeezenet1_0", 64, LEGACY),
    ("squeezenet1_1", 64, LEGACY),
    ("swin_t", 64, DYNAMO),
    ("swin_v2_t", 64, LEGACY),
    ("vgg11_bn", 224, LEGACY),
    ("vit_b_16", 64, DYNAMO, {"image_size": 64}),
    ("video.r3d_18", (3, 4, 32, 32), LEGACY),
]
TIMM = [
    ("beit_base_patch16_224", 64, LEGACY, {"img_size": 64, "embed_dim": 96, "depth": 3, "num_heads": 3}),
    ("cait_xxs24_224", 64, DYNAMO, {"img_size": 64, "depth": 4}),
    ("convnextv2_atto", 64, LEGACY),
    ("crossvit_tiny_240", 240, LEGACY),
    ("deit_tiny_patch16_224", 64, DYNAMO, {"img_size": 64}),
    ("eca_nfnet_l0", 64, LEGACY),
    ("edgenext_xx_small", 64, DYNAMO),
    ("efficientformer_l1", 224, LEGACY),
    ("efficientvit_b0", 64, DYNAMO),
    ("efficientvit_m0", 224, LEGACY),
    ("eva02_tiny_patch14_224", 56, DYNAMO, {"img_size": 56, "depth": 3}),
    ("fastvit_t8", 64, LEGACY),
    ("focalnet_tiny_srf", 64, DYNAMO),
    ("gcvit_xxtiny", 224, LEGACY),
    ("ghostnet_050", 64, BOTH),
    ("hgnetv2_b0", 64, LEGACY),
    ("levit_128s", 224, LEGACY),
    ("mambaout_femto", 64, DYNAMO),
    ("mixer_s32_224", 224, LEGACY),
    ("mobilenetv4_conv_small_050", 64, BOTH),
    ("mobilevit_xxs", 64, LEGACY),
    ("mobilevitv2_050", 64, DYNAMO),
    ("mvitv2_tiny", 224, LEGACY),
    ("pvt_v2_b0", 64, DYNAMO),
    ("repvit_m0_9", 64, LEGACY),
    ("resnest14d", 64, DYNAMO),
    ("resnetv2_50x1_bit", 64, LEGACY),
    ("sequencer2d_s", 224, LEGACY),
    ("skresnet18", 64, LEGACY),
    ("swin_tiny_patch4_window7_224", 224, DYNAMO, {"embed_dim": 24, "depths": (1, 1, 2, 1)}),
    ("tiny_vit_5m_224", 224, LEGACY),
    ("vit_tiny_patch16_224", 64, BOTH, {"img_size": 64}),
    ("volo_d1_224", 224, DYNAMO),
    ("xcit_nano_12_p16_224", 224, LEGACY),
]
# The configuration's class, the model's class, sizes that make it small.
SMALL = {"hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 3, "intermediate_size": 96}
TRANSFORMERS = [
    ("ViT", 64, BOTH, {"image_size": 64, **SMALL}),
    ("DeiT", 64, LEGACY, {"image_size": 64, **SMALL}),
    ("Beit", 64, LEGACY, {"image_size": 64, "use_relative_position_bias": True, **SMALL}),
    ("Swin", 64, LEGACY, {"image_size": 64, "embed_dim": 24, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4}),
    ("Swinv2", 64, LEGACY, {"image_size": 64, "embed_dim": 24, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4}),
    ("ConvNext", 64, DYNAMO, {"hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 2, 1]}),
    ("ConvNextV2", 64, LEGACY, {"hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 2, 1]}),
    ("ResNet", 64, BOTH, {"embedding_size": 16, "hidden_sizes": [32, 48, 64, 96], "depths": [1, 1, 2, 1]}),
    ("RegNet", 64, LEGACY, {"embedding_size": 16, "hidden_sizes": [32, 48, 64, 96], "depths": [1, 1, 2, 1], "groups_width": 16}),
    ("MobileNetV1", 64, LEGACY, {"depth_multiplier": .5}),
    ("MobileNetV2", 64, DYNAMO, {"depth_multiplier": .5}),
    ("MobileViT", 64, LEGACY, {"image_size": 64}),
    ("PoolFormer", 64, LEGACY, {"depths": [1, 1, 2, 1], "hidden_sizes": [16, 32, 48, 64]}),
    ("Dinov2", 56, DYNAMO, {"image_size": 56, "hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 3}),
    ("Segformer", 64, LEGACY, {"hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1]}),
    ("Pvt", 64, LEGACY, {"image_size": 64, "hidden_sizes": [16, 32, 80, 64], "depths": [1, 1, 1, 1]}),
    ("Levit", 224, LEGACY, {}),
    ("EfficientNet", 64, LEGACY, {"image_size": 64, "width_coefficient": .5, "depth_coefficient": .5, "hidden_dim": 640}),
    ("FocalNet", 64, LEGACY, {"image_size": 64, "embed_dim": 24, "depths": [1, 1, 2, 1]}),
    ("SwiftFormer", 64, LEGACY, {}),
    ("Bert", (16,), BOTH, {"vocab_size": 200, **SMALL}),
    ("DistilBert", (16,), LEGACY, {"vocab_size": 200, "dim": 48, "n_layers": 3, "n_heads": 3, "hidden_dim": 96}),
]
TF_AND_TORCH = ("keras-torch", "keras-tf")
KERAS = [
    ("mlp", (20,), TF_AND_TORCH),
    ("cnn", (28, 28, 1), TF_AND_TORCH),
    ("conv1d", (64, 4), TF_AND_TORCH),
    ("lstm", (16, 8), ("keras-tf",)),
    ("EfficientNetB0", (64, 64, 3), TF_AND_TORCH),
    ("MobileNet", (64, 64, 3), ("keras-torch",)),
    ("MobileNetV2", (64, 64, 3), TF_AND_TORCH),
    ("MobileNetV3Small", (64, 64, 3), ("keras-tf",)),
]
SKLEARN = [(name, (12,), ("skl2onnx",)) for name in (
    "logistic", "logistic-binary", "scaled-logistic", "ridge-classifier", "linear-svc", "linear-regression", "mlp-classifier",
    "mlp-binary", "scaled-mlp", "pca-mlp", "mlp-regressor", "normalised-logistic", "forest")]

FAMILIES = {"torchvision": TORCHVISION, "timm": TIMM, "transformers": TRANSFORMERS, "keras": KERAS, "sklearn": SKLEARN}


def rows():
    for family, table in FAMILIES.items():
        for model, shape, exporters, *options in table:
            shape = (3, shape, shape) if isinstance(shape, int) else shape
            for exporter in exporters:
                yield Row(f"{family}/{model}@{exporter}", family, model, exporter, shape, options[0] if options else {})


def find(name):
    return next(row for row in rows() if row.name == name)
