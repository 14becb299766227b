"""Training data as a pipeline.

    import penstock

    p = penstock.connect()
    p.apply("pipeline.yaml")
    p.datasets["first pass"].import_("images/*.jpg")

The names below come from `penstock.sdk`, which is imported when one of them is first used.
"""

from typing import TYPE_CHECKING

from penstock.lazy import lazily

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

__getattr__ = lazily(__name__)
