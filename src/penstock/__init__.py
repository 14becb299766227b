"""Training data as a pipeline.

    import penstock

    p = penstock.connect()
    p.apply("pipeline.yaml")
    p.datasets["first pass"].import_("images/*.jpg")

The names below come from `penstock.sdk`, which is imported when one of them is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from penstock.sdk.connect import connect, join
    from penstock.sdk.errors import Failed, NotConnected, PenstockError, Refused, UnknownName, Unreachable
    from penstock.sdk.events import Event
    from penstock.sdk.project import Project
    from penstock.sdk.shapes import (
        Shape,
        accept,
        box,
        ellipse,
        keypoints,
        mask,
        point,
        polygon,
        polyline,
        remove,
        rotated_box,
        tag,
    )
    from penstock.sdk.work import Work

__all__ = [
    "Event",
    "Failed",
    "NotConnected",
    "PenstockError",
    "Project",
    "Refused",
    "Shape",
    "UnknownName",
    "Unreachable",
    "Work",
    "accept",
    "box",
    "connect",
    "ellipse",
    "join",
    "keypoints",
    "mask",
    "point",
    "polygon",
    "polyline",
    "remove",
    "rotated_box",
    "tag",
]

_HOMES = {
    "connect": ("connect", "join"),
    "errors": ("Failed", "NotConnected", "PenstockError", "Refused", "UnknownName", "Unreachable"),
    "events": ("Event",),
    "project": ("Project",),
    "shapes": (
        "Shape",
        "accept",
        "box",
        "ellipse",
        "keypoints",
        "mask",
        "point",
        "polygon",
        "polyline",
        "remove",
        "rotated_box",
        "tag",
    ),
    "work": ("Work",),
}
_HOME_OF = {name: f"penstock.sdk.{home}" for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'penstock' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value
