"""Images that nobody vouches for: refused with a reason, or read upright, flat and in patches."""

from __future__ import annotations

import io
import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mese.images import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    UnreadableImage,
    cut_patches,
    media_type,
    open_image,
    read_size,
    resolve,
    thumbnail,
    to_square,
)


def picture(path: Path, size: tuple[int, int] = (40, 30), seed: int = 0, **save: object) -> Path:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **save)
    return path


def chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def claim_png(path: Path, width: int, height: int) -> Path:
    """A PNG whose header claims a size that its data does not have."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + data + chunk(b"IEND", b""))
    return path


def test_a_path_below_the_root_is_found(tmp_path: Path) -> None:
    assert resolve(tmp_path, "a/b.png") == tmp_path.resolve() / "a" / "b.png"
    assert resolve(tmp_path, "a/../b.png") == tmp_path.resolve() / "b.png"


@pytest.mark.parametrize(
    "outside", ["../b.png", "a/../../b.png", "/etc/passwd", "..", "a\0b.png", "../root2/b.png"]
)
def test_a_path_outside_the_root_is_refused(tmp_path: Path, outside: str) -> None:
    (tmp_path / "root2").mkdir()
    with pytest.raises(UnreadableImage):
        resolve(tmp_path / "root", outside)


def test_an_absolute_path_is_refused_even_below_the_root(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match="leads outside"):
        resolve(tmp_path, str(tmp_path / "b.png"))


def test_a_link_that_leads_outside_is_refused(tmp_path: Path) -> None:
    secret = picture(tmp_path / "secret.png")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link.png").symlink_to(secret)
    (root / "up").symlink_to(tmp_path)
    for name in ("link.png", "up/secret.png"):
        with pytest.raises(UnreadableImage, match="leads outside"):
            resolve(root, name)


def test_a_link_that_stays_inside_is_followed(tmp_path: Path) -> None:
    real = picture(tmp_path / "real.png")
    (tmp_path / "link.png").symlink_to(real)
    assert resolve(tmp_path, "link.png") == real.resolve()


def test_a_link_that_turns_in_a_circle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(UnreadableImage):
        open_image(resolve(tmp_path, "a"))


@pytest.mark.parametrize("read", [open_image, read_size])
def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path, read: object) -> None:
    assert callable(read)
    bomb = claim_png(tmp_path / "bomb.png", 60_000, 60_000)
    with pytest.raises(UnreadableImage, match=r"bomb.png: over the 50,000,000 pixels allowed$"):
        read(bomb)
    with pytest.raises(UnreadableImage, match="40 × 30 pixels, over the 1199 allowed"):
        read(picture(tmp_path / "small.png"), max_pixels=1199)
    read(picture(tmp_path / "small.png"), max_pixels=1200)


@pytest.mark.parametrize(
    ("form", "most"),
    [("GIF", 64), ("WEBP", 64), ("JPEG", 64), ("PNG", 256), ("BMP", 256), ("TIFF", 256)],
)
def test_a_file_of_too_many_bytes_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, most: int
) -> None:
    path = picture(tmp_path / "large", format=form)
    os.truncate(path, most * 2**20)  # sparse: nothing of it lies on the disk
    if form not in ("GIF", "WEBP"):  # which are read whole
        assert read_size(path) == (40, 30)
    os.truncate(path, most * 2**20 + 1)
    monkeypatch.setattr(Image, "open", None)
    for read in (open_image, read_size, media_type):
        with pytest.raises(UnreadableImage, match=f"large: .* over the {most * 2**20:,} allowed"):
            read(path)


@pytest.mark.parametrize("name", ["cut.png", "cut.jpg", "cut.webp", "cut.gif"])
def test_a_truncated_image_is_refused(tmp_path: Path, name: str) -> None:
    whole = picture(tmp_path / name, (400, 300)).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableImage, match=name):
        open_image(tmp_path / name)


@pytest.mark.parametrize(
    "content",
    [b"", b"no image", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%!PS-Adobe-3.0 EPSF-3.0\n"],
)
def test_what_is_no_image_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "page.png"
    path.write_bytes(content)
    for read in (open_image, read_size, media_type):
        with pytest.raises(UnreadableImage, match=r"page\.png: not an image"):
            read(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match="no such file"):
        open_image(tmp_path / "gone.png")
    with pytest.raises(UnreadableImage):
        open_image(tmp_path)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow tells what it skips
@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_damaged_bytes_give_an_image_or_a_reason(tmp_path: Path, form: str) -> None:
    whole = bytearray(picture(tmp_path / "a", (24, 18), format=form).read_bytes())
    rng = np.random.default_rng(1)
    for _ in range(150):
        hurt = whole.copy()
        for place in rng.integers(0, min(len(hurt), 400), 3):
            hurt[place] = int(rng.integers(256))
        (tmp_path / "hurt").write_bytes(hurt)
        with suppress(UnreadableImage):
            assert open_image(tmp_path / "hurt", 10_000).mode == "RGB"


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", [1, 2, 4, 7, 9, 11, 13])
def test_exif_that_cannot_be_written_back_gives_a_reason(tmp_path: Path, kind: int) -> None:
    """Pillow re-encodes EXIF when it turns a picture: a field of a wrong type is a struct.error."""
    exif = Image.Exif()
    exif[0x0112], exif[0x0128] = 6, 2
    whole = picture(tmp_path / "e.jpg", exif=exif).read_bytes()
    wrong = whole.replace(b"\x01\x28\x00\x03", bytes([1, 0x28, 0, kind]))
    (tmp_path / "e.jpg").write_bytes(wrong)
    with pytest.raises(UnreadableImage, match=r"e\.jpg: cannot be decoded"):
        open_image(tmp_path / "e.jpg")


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_laid_on_white(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGBA", (8, 4), (200, 0, 0, 0))
    image.paste((0, 0, 0, 255), (4, 0, 8, 4))
    if mode == "P":
        palette = Image.new("P", (8, 4), 0)
        palette.putpalette([200, 0, 0, 0, 0, 0])
        palette.paste(1, (4, 0, 8, 4))
        palette.save(tmp_path / "t.png", transparency=0)
    else:
        image.convert(mode).save(tmp_path / "t.png")
    pixels = np.asarray(open_image(tmp_path / "t.png"))
    assert (pixels[:, :4] == 255).all()
    assert (pixels[:, 4:] == 0).all()


@pytest.mark.parametrize("mode", ["L", "CMYK", "1", "I;16"])
def test_every_mode_comes_out_as_rgb(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (8, 4)).save(tmp_path / "m.tiff")
    assert open_image(tmp_path / "m.tiff").mode == "RGB"


def ramp(kind: str, most: float) -> np.ndarray[Any, Any]:
    """0, a quarter, a half and all of `most`, from left to right."""
    return np.tile(np.array([0, most / 4, most / 2, most]), (8, 1)).astype(kind)


@pytest.mark.parametrize(
    ("name", "kind", "most"),
    [
        ("x.png", "u2", 65535),
        ("x.tif", "u2", 65535),
        ("x.tif", ">u2", 65535),
        ("x.tif", "i4", 2_000_000_000),
        ("x.tif", "i4", 900),
        ("x.tif", "f4", 1.0),
        ("x.tif", "f4", 3e38),
    ],
)
def test_pictures_of_wide_numbers_are_scaled_not_cut_off(
    tmp_path: Path, name: str, kind: str, most: float
) -> None:
    Image.fromarray(ramp(kind, most)).save(tmp_path / name)
    found = np.asarray(open_image(tmp_path / name))
    assert found.shape == (8, 4, 3)
    np.testing.assert_allclose(found[0, :, 0], [0, 64, 128, 255], atol=1)
    assert (found == found[:1, :, :1]).all()


def test_a_dark_picture_of_16_bits_stays_dark(tmp_path: Path) -> None:
    Image.fromarray(ramp("u2", 65535 / 4)).save(tmp_path / "x.png")
    assert np.asarray(open_image(tmp_path / "x.png")).max() == 64


@pytest.mark.parametrize("value", [0.0, -7.5, 3e38])
def test_a_flat_picture_of_floats_is_read(tmp_path: Path, value: float) -> None:
    Image.fromarray(np.full((3, 3), value, np.float32)).save(tmp_path / "x.tif")
    assert (np.asarray(open_image(tmp_path / "x.tif")) == 0).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_picture_of_what_is_not_finite_is_refused(tmp_path: Path, value: float) -> None:
    pixels = ramp("f4", 1)
    pixels[0, 1] = value
    Image.fromarray(pixels).save(tmp_path / "x.tif")
    with pytest.raises(UnreadableImage, match=r"x\.tif: .*not finite"):
        open_image(tmp_path / "x.tif")


def test_a_wide_picture_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn to the right
    Image.fromarray(ramp("u2", 65535)).save(tmp_path / "x.png", exif=exif)
    assert open_image(tmp_path / "x.png").size == (8, 4)


@pytest.mark.parametrize(
    ("most", "said"),
    [
        (10**9, r"178,956,970 pixels allowed \(MESE_MAX_PIXELS is more"),
        (10**6, "1,000,000 pixels allowed$"),
    ],
)
def test_a_picture_beyond_what_pillow_reads_is_refused_in_our_words(
    tmp_path: Path, most: int, said: str
) -> None:
    vast = claim_png(tmp_path / "x.png", 20_000, 20_000)
    for read in (open_image, read_size):
        with pytest.raises(UnreadableImage, match=rf"x\.png: over the {said}"):
            read(vast, most)


def test_exif_orientation_is_followed(tmp_path: Path) -> None:
    image = Image.new("RGB", (64, 32), "white")
    image.paste((0, 0, 0), (0, 0, 32, 32))  # the left half is black
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter to the right to see it upright: the top is then black
    image.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    upright = open_image(tmp_path / "turned.jpg")
    assert upright.size == (32, 64)
    pixels = np.asarray(upright)
    assert pixels[:28].max() < 30
    assert pixels[36:].min() > 225


def test_the_first_frame_of_a_film_is_read(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:])
    assert np.asarray(open_image(tmp_path / "film.gif"))[0, 0].tolist() == [255, 0, 0]


def test_squares_ignore_the_aspect(tmp_path: Path) -> None:
    square = to_square(open_image(picture(tmp_path / "wide.png", (400, 50))))
    assert square.shape == (192, 192, 3)
    assert square.dtype == np.uint8


@pytest.mark.parametrize("norm", [True, False])
def test_patches_are_cut_row_by_row(norm: bool) -> None:
    squares = np.random.default_rng(0).integers(0, 256, (2, 192, 192, 3), dtype=np.uint8)
    cut = cut_patches(squares, norm)
    assert cut.shape == (2, 36, 3, 32, 32)
    assert cut.dtype == np.float32
    for n in range(2):
        for place in range(36):
            top, left = 32 * (place // 6), 32 * (place % 6)
            for c in range(3):
                wanted = squares[n, top : top + 32, left : left + 32, c] / 255
                if norm:
                    wanted = (wanted - IMAGENET_MEAN[c]) / IMAGENET_STD[c]
                np.testing.assert_allclose(cut[n, place, c], wanted, atol=1e-5)


def test_the_media_type_is_that_of_the_content(tmp_path: Path) -> None:
    path = picture(tmp_path / "lies.png", format="JPEG")
    assert media_type(path) == "image/jpeg"


def test_thumbnails_are_small_webp_made_once_and_never_enlarged(tmp_path: Path) -> None:
    wide = picture(tmp_path / "wide.png", (2000, 600))
    made = thumbnail(wide, tmp_path / "cache", "ab12")
    assert Image.open(made).size == (853, 256)
    assert media_type(made) == "image/webp"
    wide.unlink()
    assert thumbnail(wide, tmp_path / "cache", "ab12") == made
    small = thumbnail(picture(tmp_path / "small.png"), tmp_path / "cache", "cd34")
    assert Image.open(io.BytesIO(small.read_bytes())).size == (40, 30)
    assert not list(tmp_path.rglob("*.part"))


def test_a_named_pipe_is_refused_and_does_not_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(UnreadableImage, match="not a file"):
        open_image(tmp_path / "pipe.png")
