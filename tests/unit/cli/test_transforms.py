"""Transforms as one writes them on a command line."""

import pytest

from penstock.cli.transforms import read
from penstock.export.transforms import Boxes, Crop, Labels, Resize, Split, Tile, Transform


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("resize side=640", Resize(do="resize", side=640)),
        (
            "resize width=32 height=20 fit=letterbox fill=#000000",
            Resize(do="resize", width=32, height=20, fit="letterbox", fill="#000000"),
        ),
        ("tile size=[640,480] overlap=64 empty=false", Tile(do="tile", size=(640, 480), overlap=64, empty=False)),
        ("crop each tag labels=car,bus", Crop(do="crop", each=True, tag=True, labels=("car", "bus"))),
        ("crop 'labels=[\"red car\"]'", Crop(do="crop", labels=("red car",))),
        (
            "labels 'traffic light=light' 1=2 shadow= only",
            Labels(do="labels", map={"traffic light": "light", "1": "2", "shadow": None}, only=True),
        ),
        ("boxes of=polygon,mask", Boxes(do="boxes")),
        ("split train=0.5 val=0.5 together=meta.site", Split(do="split", train=0.5, val=0.5, together="meta.site")),
    ],
)
def test_what_is_written_is_meant(text: str, meant: Transform) -> None:
    assert read(text) == meant
