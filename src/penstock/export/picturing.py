"""Images that are cut, resized and framed for an export, and encoded again: the same bytes for the same steps.

An image is decoded when its pixels are first asked for, upright, and is let go of with its last piece.
"""

import io
from collections.abc import Callable
from functools import cached_property
from typing import Any

from PIL import Image, ImageColor

from penstock.annotations.cutting import Window
from penstock.export.model import MediaDamaged
from penstock.files import probing

_WRITTEN: dict[str, tuple[str, dict[str, Any]]] = {
    "image/jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    "image/png": ("PNG", {}),
    "image/webp": ("WEBP", {"quality": 95, "method": 4}),
    "image/bmp": ("BMP", {}),
}
"""How images are written: in the format that they came in, so that a key's suffix stays right."""


class Picture:
    """Pixels of a known size, made when they are first asked for."""

    def __init__(self, size: tuple[int, int], make: Callable[[], Image.Image]) -> None:
        self.width, self.height = self.size = size
        self._make = make

    @cached_property
    def image(self) -> Image.Image:
        return self._make()


def stored(size: tuple[int, int], key: str, hash: str, load: Callable[[], bytes]) -> Picture:
    """A file's own image, upright, in a mode that can be resized. Asking for its pixels raises MediaDamaged."""

    def make() -> Image.Image:
        try:
            return _plain(probing.upright(load()))
        except (OSError, ValueError, SyntaxError) as error:
            raise MediaDamaged(key=key, hash=hash) from error

    return Picture(size, make)


def _made(of: Picture, size: tuple[int, int], step: Callable[[Image.Image], Image.Image]) -> Picture:
    def make() -> Image.Image:
        made = step(of.image)
        if (profile := of.image.info.get("icc_profile")) is not None:
            made.info["icc_profile"] = profile
        return made

    return Picture(size, make)


def resized(picture: Picture, size: tuple[int, int]) -> Picture:
    """At another size; the very same picture when it has that size."""
    if picture.size == size:
        return picture
    return _made(picture, size, lambda image: image.resize(size, Image.Resampling.BICUBIC))


def framed(picture: Picture, size: tuple[int, int], left: int, top: int, fill: str) -> Picture:
    """On a larger frame of one colour."""
    if picture.size == size:
        return picture

    def step(image: Image.Image) -> Image.Image:
        frame = Image.new(image.mode, size, _ink(image.mode, fill))
        frame.paste(image, (left, top))
        return frame

    return _made(picture, size, step)


def cut(picture: Picture, window: Window) -> Picture:
    """What a window inside it shows."""
    x, y, width, height = map(int, window)
    if (x, y, width, height) == (0, 0, *picture.size):
        return picture
    return _made(picture, (width, height), lambda image: image.crop((x, y, x + width, y + height)))


def encoded(picture: Picture, mime: str) -> bytes:
    """The picture as a file of this kind. Camera data go; a colour profile stays."""
    format, settings = _WRITTEN[mime]
    image = picture.image
    buffer = io.BytesIO()
    image.save(buffer, format, icc_profile=image.info.get("icc_profile"), **settings)
    return buffer.getvalue()


def is_writable(mime: str | None) -> bool:
    """Whether a file of this kind is an image that can be written again."""
    return mime in _WRITTEN


def _plain(image: Image.Image) -> Image.Image:
    """Without a palette or bits, whose neighbours can't be mixed."""
    shows_through = "transparency" in image.info and image.mode in ("P", "L", "RGB")
    if shows_through or image.mode == "PA":
        return _with_profile(image, "RGBA")
    if image.mode == "P":
        return _with_profile(image, "RGB")
    return _with_profile(image, "L") if image.mode == "1" else image


def _with_profile(image: Image.Image, mode: str) -> Image.Image:
    made = image.convert(mode)
    made.info = {key: value for key, value in image.info.items() if key == "icc_profile"}
    return made


def _ink(mode: str, fill: str) -> Any:
    """A colour as an image of this mode has it."""
    if mode.startswith("I"):
        return round(257 * Image.new("RGB", (1, 1), fill).convert("L").tobytes()[0])
    if mode in ("RGB", "L"):
        return ImageColor.getcolor(fill, mode)
    return Image.new("RGB", (1, 1), fill).convert(mode).getpixel((0, 0))
