"""Looking into content: what it is, whether it is whole, how large it is upright. The content decides, never the name.

Pure functions over bytes and paths. What can't be used raises ContentRefused with a reason that a person can act on.
"""

import io
import mmap
import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from math import ceil
from pathlib import Path

from PIL import Image

from penstock.core import Refusal
from penstock.files.model import Probe

THUMBNAIL_SIZE = 320
"""The longer side of a thumbnail, in pixels."""

SMALL_BYTES = 48_000
"""An upright image that fits a thumbnail's box in so few bytes is its own thumbnail."""

_BIG_PIXELS = 40_000_000
_big = threading.Lock()
"""Images above that size are decoded one at a time: each may take a gigabyte."""

_MIME = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "BMP": "image/bmp"}
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
_ORIENTATION = 0x0112
_TURNED = (5, 6, 7, 8)
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes an image upright, by its EXIF orientation."""

HEAD_BYTES = 512
"""What `kind_of` wants to see of a content's beginning."""

_TAKEN = "Penstock takes JPEG, PNG, WebP and BMP images"
_REFUSED = (
    (b"GIF8", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\0\0\x01\0", "an icon"),
    (b"8BPS", "a Photoshop document"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (b"OggS", "an Ogg stream"),
    (b"ID3", "an MP3 sound"),
)
_BRANDS = {b"heic": "a HEIC image", b"heix": "a HEIC image", b"mif1": "a HEIF image", b"avif": "an AVIF image"}

# Our own limit on pixels comes from the settings and is checked before any pixel is decoded.
Image.MAX_IMAGE_PIXELS = None
# Odd camera data and palettes are common and none of the reader's business.
warnings.filterwarnings("ignore", module=r"PIL\.")


class ContentRefused(Refusal):
    """This content can't be used: {why}."""

    status = 422


def kind_of(head: bytes) -> str | None:
    """JPEG, PNG, WEBP or BMP by the first bytes; None for anything else."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "BMP"
    return None


def check_whole(path: Path) -> None:
    """Refuse at a glance what can't be an image or was cut off. Costs no decoding, so an upload can wait for it."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        kind = kind_of(head)
        if kind is None:
            raise ContentRefused(why=_why_not(head))
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if (missing := _cut_off(kind, content)) is not None:
                raise ContentRefused(why=_truncated(kind, len(content), missing))


def look(content: bytes | Path, pixel_limit: int) -> tuple[Probe, bytes | None]:
    """Decode an image: what it is, and its thumbnail (None when it is small enough to be its own).

    Every pixel is read, so a broken image is found here and not on an annotator's screen. A thumbnail is JPEG, or
    WebP where something shows through. Raises ContentRefused.
    """
    head = content[:HEAD_BYTES] if isinstance(content, bytes) else _head(content)
    kind = kind_of(head)
    if kind is None:
        raise ContentRefused(why=_why_not(head))
    length = len(content) if isinstance(content, bytes) else content.stat().st_size
    try:
        with Image.open(_opened(content), formats=_FORMATS) as image:
            probe, orientation = _measure(image, pixel_limit)
            with _turn(image.width * image.height):
                thumbnail = _thumbnail(image, orientation, length)
                small = image if thumbnail is None else Image.open(io.BytesIO(thumbnail), formats=("JPEG", "WEBP"))
                return probe.model_copy(update={"look": difference_hash(small)}), thumbnail
    except ContentRefused:
        raise
    except Exception as error:  # decoders raise anything on hostile bytes; each means that the content is broken
        raise ContentRefused(why=_broken(kind, length, error)) from error


def render(path: Path, side: int) -> bytes:
    """An upright picture of at most `side` pixels, for a screen: JPEG, or WebP where something shows through."""
    with Image.open(path, formats=_FORMATS) as image, _turn(image.width * image.height):
        orientation = _orientation(image)
        return _encoded(_small(image, side, orientation), quality=90)


def cut(path: Path, side: int) -> Generator[tuple[int, int, bytes]]:
    """An upright picture in its own pixels, in pieces of at most `side` x `side`, each with its column and its row."""
    with Image.open(path, formats=_FORMATS) as image, _turn(image.width * image.height):
        orientation = _orientation(image)
        image.load()
        whole = image if image.mode in ("L", "RGB", "RGBA") else _viewable(image)
        turn = _UPRIGHT.get(orientation)
        if turn is not None:
            whole = whole.transpose(turn)
        for column, left in enumerate(range(0, whole.width, side)):
            for row, top in enumerate(range(0, whole.height, side)):
                box = (left, top, min(left + side, whole.width), min(top + side, whole.height))
                yield column, row, _encoded(whole.crop(box), quality=92)


def upright(content: bytes) -> Image.Image:
    """All pixels of an image that was looked at before, as one sees it. Raises what Pillow does."""
    with Image.open(io.BytesIO(content), formats=_FORMATS) as image, _turn(image.width * image.height):
        orientation = _orientation(image)
        image.load()
        turn = _UPRIGHT.get(orientation)
        if turn is None:
            return image.copy()
        turned = image.transpose(turn)
        turned.info = dict(image.info)
        return turned


def _measure(image: Image.Image, pixel_limit: int) -> tuple[Probe, int]:
    width, height = image.size
    if width * height > pixel_limit:
        raise ContentRefused(
            why=f"it has {width:,} x {height:,} pixels, and the limit is {pixel_limit:,} in all (`pixel_limit`)"
        )
    orientation = _orientation(image)
    if orientation in _TURNED:
        width, height = height, width
    return Probe(media="image", mime=_MIME[str(image.format)], width=width, height=height), orientation


def difference_hash(image: Image.Image) -> int:
    """Whether each of 8 x 8 cells is darker than the one to its right, as a signed number of 64 bits."""
    gray = list(image.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes())
    bits = 0
    for row in range(8):
        for column in range(8):
            bits = bits << 1 | (gray[row * 9 + column] < gray[row * 9 + column + 1])
    return bits - (1 << 64) if bits >> 63 else bits


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 # broken camera data don't make the picture unusable
        return 1
    return found if found in range(1, 9) else 1


def _thumbnail(image: Image.Image, orientation: int, length: int) -> bytes | None:
    fits = max(image.size) <= THUMBNAIL_SIZE
    if fits and orientation == 1 and length <= SMALL_BYTES and image.format != "BMP":
        image.load()
        return None
    return _encoded(_small(image, THUMBNAIL_SIZE, orientation))


def _small(image: Image.Image, side: int, orientation: int) -> Image.Image:
    """The image upright and at most so large. It is spoilt for anything else."""
    shrink = min(1.0, side / max(image.size))
    # A JPEG is decoded at the nearest eighth: 66 ms in place of 119 for 12 megapixels, 2 in place of 9 for 0.3.
    image.draft("RGB", (ceil(image.width * shrink), ceil(image.height * shrink)))
    image.load()
    small = image if image.mode in ("L", "RGB", "RGBA") else _viewable(image)
    # Whole pixels are averaged first, and nothing is copied, so that decoding is what takes the time.
    small.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=1.0)
    turn = _UPRIGHT.get(orientation)
    return small if turn is None else small.transpose(turn)


def _viewable(image: Image.Image) -> Image.Image:
    """The image in 8 bits: gray, colour, or colour with transparency."""
    if image.mode.startswith(("I", "F")):
        low, high = image.convert("F").getextrema()
        assert isinstance(low, float)
        assert isinstance(high, float)
        scale = 255 / (high - low) if high > low else 1.0
        return image.convert("F").point(lambda v: v * scale - low * scale).convert("L")
    if "transparency" in image.info or image.mode in ("LA", "PA", "La", "RGBa"):
        return image.convert("RGBA")
    return image.convert("RGB")


def _encoded(small: Image.Image, quality: int = 78) -> bytes:
    buffer = io.BytesIO()
    if small.mode == "RGBA":
        small.save(buffer, "WEBP", quality=quality - 3, method=2)
    else:
        # JPEG takes 0.4 ms where WebP takes 11.
        small.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@contextmanager
def _turn(pixels: int) -> Generator[None]:
    if pixels <= _BIG_PIXELS:
        yield
        return
    with _big:
        yield


def _opened(content: bytes | Path) -> io.BytesIO | Path:
    return io.BytesIO(content) if isinstance(content, bytes) else content


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _why_not(head: bytes) -> str:
    if not head:
        return "it is empty"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:400].lower()
    if start.startswith((b"<svg", b"<?xml", b"<!doctype svg")) and (b"<svg" in start or b"doctype svg" in start):
        return f"it is an SVG drawing, which can carry scripts; {_TAKEN}"
    if start.startswith((b"<!doctype html", b"<html")):
        return f"it is a web page, perhaps an error page of where it was downloaded from; {_TAKEN}"
    if head[4:8] == b"ftyp":
        return f"it is {_BRANDS.get(head[8:12], 'an MP4 or QuickTime video')}; {_TAKEN}"
    name = next((name for magic, name in _REFUSED if head.startswith(magic)), "not an image that we know")
    return f"it is {name}; {_TAKEN}"


def _cut_off(kind: str, content: mmap.mmap) -> str | None:
    """What is missing at the end, or None."""
    match kind:
        case "JPEG":
            return None if content.find(b"\xff\xd9", _jpeg_scan(content)) >= 0 else "its end marker"
        case "PNG":
            return None if content.rfind(b"IEND") >= 0 else "its closing IEND chunk"
        case "WEBP":
            return _shorter(content, int.from_bytes(content[4:8], "little") + 8)
        case _:
            return _shorter(content, int.from_bytes(content[2:6], "little"))


def _shorter(content: mmap.mmap, told: int) -> str | None:
    return f"{told - len(content):,} of {told:,} bytes" if told > len(content) else None


def _jpeg_scan(content: mmap.mmap) -> int:
    """Where the first scan begins: past the segments, one of which may hold a thumbnail with an end of its own."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] != 0xDA:
        if content[at + 1] == 0xFF or 0xD0 <= content[at + 1] <= 0xD8:
            at += 1 if content[at + 1] == 0xFF else 2
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return min(at, len(content))


def _truncated(kind: str, length: int, missing: str) -> str:
    return f"the {kind} is truncated: after {length:,} bytes it lacks {missing}. Send it again, whole"


def _broken(kind: str, length: int, error: Exception) -> str:
    text = str(error)
    if "truncated" in text.lower() or isinstance(error, EOFError):
        return _truncated(kind, length, "the rest of its pixels")
    return f"the {kind} is broken ({text[:200] or type(error).__name__}). Open it elsewhere to see, and send it again"
