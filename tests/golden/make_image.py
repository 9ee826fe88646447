"""Writes tests/golden/image: tiny pictures of our own making, and what Pillow makes of them.

Needs Pillow (values were made with 13.0.0) and numpy. A reference is a .npy file of bytes, channels x height x width.

  orientation-N.jpg          one picture, stored in each of the eight EXIF orientations (both byte orders occur)
  grey.jpg, cmyk.jpg, progressive.jpg, subsampled.jpg
  *.png                      grey of 1, 2, 8 and 16 bits, palette with transparency, RGBA, grey with alpha, RGB of 16
                             bits, interlaced, EXIF
  folder/                    a folder: source of three plain colours
  resize.csv                 one resize per row: picture, operation, size, filter, reference
"""

import csv
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

OUT = pathlib.Path(__file__).parent / "image"


def scene(width, height, seed):
    """Smooth colours, a hard edge and some noise: what resizing and JPEG treat differently."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    a = np.stack([255 * x / width, 255 * y / height, 128 + 127 * np.sin(x / 3) * np.cos(y / 5)], -1)
    a[height // 3 : height // 2, width // 4 : width // 2] = (250, 20, 30)
    return np.clip(a + rng.normal(0, 12, a.shape), 0, 255).astype(np.uint8)


def save_reference(name, image):
    array = np.asarray(image)
    np.save(OUT / name, np.ascontiguousarray(array.transpose(2, 0, 1)))


def reference(name):
    """Upright, RGB: what image_load promises."""
    with Image.open(OUT / name) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def exif_block(orientation, order):
    e = {"II": "<", "MM": ">"}[order]
    entry = struct.pack(e + "HHIHH", 0x0112, 3, 1, orientation, 0)
    other = struct.pack(e + "HHII", 0x0131, 2, 4, 0)  # a tag before it that means nothing here
    return order.encode() + struct.pack(e + "HIH", 42, 8, 2) + other + entry + struct.pack(e + "I", 0)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_png(name, width, height, depth, colour, rows, between=b"", interlace=0):
    """PNG by hand, for kinds that Pillow does not write. `rows` are packed bytes."""
    raw = b"".join(b"\0" + bytes(row) for row in rows)
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + between
    (OUT / name).write_bytes(data + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def adam7(pixels):
    """The rows of the seven passes."""
    for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
        part = pixels[y0::dy, x0::dx]
        if part.shape[0] and part.shape[1]:
            yield from (row.tobytes() for row in part)


def pictures():
    picture = Image.fromarray(scene(13, 9, 1))
    for orientation in range(1, 9):
        # Stored so that it is upright again when the orientation is obeyed.
        inverse = {1: None, 2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM, 5: Image.TRANSPOSE,
                   6: Image.ROTATE_90, 7: Image.TRANSVERSE, 8: Image.ROTATE_270}[orientation]
        stored = picture if inverse is None else picture.transpose(inverse)
        exif = b"Exif\0\0" + exif_block(orientation, "MM" if orientation % 2 else "II")
        stored.save(OUT / f"orientation-{orientation}.jpg", quality=90, subsampling=0, exif=exif)
    Image.fromarray(scene(21, 17, 2)).convert("L").save(OUT / "grey.jpg", quality=85)
    Image.fromarray(scene(21, 17, 2)).save(OUT / "subsampled.jpg", quality=75, subsampling=2)
    Image.fromarray(scene(21, 17, 3)).save(OUT / "progressive.jpg", quality=80, progressive=True)
    Image.fromarray(scene(8, 8, 4)).convert("CMYK").save(OUT / "cmyk.jpg")

    rgb = scene(7, 6, 5)
    alpha = np.arange(42, dtype=np.uint8).reshape(6, 7) * 6
    Image.fromarray(np.dstack([rgb, alpha])).save(OUT / "rgba.png")
    Image.fromarray(rgb[..., 0]).save(OUT / "grey-8.png")
    Image.fromarray(np.dstack([rgb[..., 1], alpha]), "LA").save(OUT / "grey-alpha.png")
    Image.fromarray(rgb).quantize(5).save(OUT / "palette.png", transparency=0)
    write_png("grey-1.png", 7, 2, 1, 0, [[0b10110010], [0b01001100]])
    write_png("grey-2.png", 7, 2, 2, 0, [[0b00011011, 0b11100100], [0b01010101, 0b10101000]])
    deep = np.random.default_rng(6).integers(0, 65536, (5, 4, 3)).astype(">u2")
    write_png("rgb-16.png", 4, 5, 16, 2, [row.tobytes() for row in deep])
    write_png("grey-16.png", 4, 5, 16, 0, [row[:, 0].tobytes() for row in deep])
    write_png("interlaced.png", 7, 6, 8, 2, adam7(rgb), interlace=1)
    turned = np.ascontiguousarray(np.rot90(rgb))  # a quarter to the left; orientation 6 turns it back
    write_png("exif.png", 6, 7, 8, 2, [row.tobytes() for row in turned], chunk(b"eXIf", exif_block(6, "MM")))


def folder():
    """A data source: three colours, red as JPEG, for the tests of folder: and the transcripts."""
    (OUT / "folder").mkdir(exist_ok=True)
    for name, colour in [("red.jpg", (255, 0, 0)), ("green.png", (0, 255, 0)), ("blue.png", (0, 0, 255))]:
        Image.new("RGB", (32, 32), colour).save(OUT / "folder" / name)
    (OUT / "folder" / "labels.csv").write_text("file,label\nred.jpg,0\ngreen.png,1\nblue.png,2\n")


def references():
    for path in sorted([*OUT.glob("*.jpg"), *OUT.glob("*.png")]):
        if path.name not in ("cmyk.jpg", "source.png", "grey-16.png", "rgb-16.png"):
            save_reference(path.stem + ".npy", reference(path.name))


def shorter(image, side, how):
    """torchvision.transforms.functional.resize of a PIL image with one number."""
    w, h = image.size
    short, long = (w, h) if w <= h else (h, w)
    other = int(side * long / short)
    return image.resize((side, other) if w <= h else (other, side), how)


def centre(image, side):
    """torchvision.transforms.functional.center_crop."""
    w, h = image.size
    top, left = int(round((h - side) / 2.0)), int(round((w - side) / 2.0))
    return image.crop((left, top, left + side, top + side))


def resizes():
    Image.fromarray(scene(97, 61, 7)).save(OUT / "source.png", optimize=True)
    source = Image.open(OUT / "source.png").convert("RGB")
    filters = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
    rows = []
    for how, filter_ in filters.items():
        for i, (w, h) in enumerate([(40, 23), (97, 20), (13, 61), (1, 1), (97, 61), (110, 70), (30, 80)]):
            name = f"{how}-{w}x{h}.npy"
            save_reference(name, source.resize((w, h), filter_))
            rows.append(["resize", w, h, how, name])
        for side, crop in [(32, 27), (32, 28), (29, 0), (64, 57)]:
            image = shorter(source, side, filter_)
            name = f"{how}-{side}-{crop}.npy"
            save_reference(name, centre(image, crop) if crop else image)
            rows.append(["fit", side, crop, how, name])
    with open(OUT / "resize.csv", "w", newline="") as out:
        out.write("# by tests/golden/make_image.py: operation, width or side, height or crop, filter, reference\n")
        csv.writer(out, lineterminator="\n").writerows(rows)


OUT.mkdir(exist_ok=True)
pictures()
folder()
references()
resizes()
