"""Turned boxes and ellipses: two axes about a centre, at an angle. Reach, outline, and fitting into an image. Pure.

Angles are degrees, clockwise as one sees the image, since y points down. A box is given as it was before it turned
about its centre; an ellipse by its centre and its radii.
"""

from math import cos, hypot, pi, radians, sin
from typing import NamedTuple

from penstock.schema.model import Kind

STEPS = 64
"""Corners of the polygon that stands for an ellipse: of a radius of 1000 pixels it misses 1.2."""

_EXACT = {0.0: (1.0, 0.0), 90.0: (0.0, 1.0), 180.0: (-1.0, 0.0), 270.0: (0.0, -1.0)}


class Turned(NamedTuple):
    """Half-axes `a` and `b` about a centre; `a` points along the angle."""

    cx: float
    cy: float
    a: float
    b: float
    angle: float
    is_round: bool

    @property
    def axis(self) -> tuple[float, float]:
        """Cosine and sine of the angle; exact at quarter turns."""
        whole = self.angle % 360
        return _EXACT.get(whole) or (cos(radians(whole)), sin(radians(whole)))

    def reach(self, nx: float, ny: float) -> float:
        """How far it goes from its centre along a direction."""
        c, s = self.axis
        along, across = self.a * (nx * c + ny * s), self.b * (ny * c - nx * s)
        return hypot(along, across) if self.is_round else abs(along) + abs(across)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """The upright box around it."""
        dx, dy = self.reach(1, 0), self.reach(0, 1)
        return (self.cx - dx, self.cy - dy, 2 * dx, 2 * dy)

    @property
    def area(self) -> float:
        return self.a * self.b * (pi if self.is_round else 4)

    def outline(self) -> list[float]:
        """Its ring, clockwise as one sees it: the four corners of a box, STEPS points of an ellipse."""
        c, s = self.axis
        if self.is_round:
            turns = [2 * pi * i / STEPS for i in range(STEPS)]
            points = [(self.a * cos(t), self.b * sin(t)) for t in turns]
        else:
            points = [(-self.a, -self.b), (self.a, -self.b), (self.a, self.b), (-self.a, self.b)]
        return [n for u, v in points for n in (self.cx + u * c - v * s, self.cy + u * s + v * c)]

    def geometry(self) -> list[float]:
        """What an annotation's geometry says of it."""
        if self.is_round:
            return [self.cx, self.cy, self.a, self.b, self.angle]
        return [self.cx - self.a, self.cy - self.b, 2 * self.a, 2 * self.b, self.angle]


def of(kind: Kind, shape: list[float]) -> Turned:
    """The geometry of a `rotated_box` or an `ellipse`."""
    x, y, w, h, angle = shape
    return (
        Turned(x, y, w, h, angle, True)
        if kind == "ellipse"
        else Turned(x + w / 2, y + h / 2, w / 2, h / 2, angle, False)
    )


def fit(thing: Turned, width: float, height: float) -> Turned | None:
    """Cut to an image along its own axes, so that it keeps its angle; None when nothing would be left.

    At each edge that it crosses, the end of one axis is drawn in: of the axis that loses the smaller share.
    """
    fitted: Turned | None = thing
    for nx, ny, limit in ((-1, 0, 0.0), (1, 0, width), (0, -1, 0.0), (0, 1, height)):
        fitted = fitted and _within(fitted, nx, ny, limit)
    return _shrunk(fitted, width, height) if fitted and fitted.is_round else fitted


def _within(thing: Turned, nx: int, ny: int, limit: float) -> Turned | None:
    room = limit - (thing.cx * nx + thing.cy * ny)
    if thing.reach(nx, ny) <= room:
        return thing
    c, s = thing.axis
    u, v = nx * c + ny * s, ny * c - nx * s
    a = _cut(thing.a, abs(u), room, thing.b * abs(v), thing.is_round)
    b = _cut(thing.b, abs(v), room, thing.a * abs(u), thing.is_round)
    if max(a, b) <= 0:
        return None
    if a / thing.a >= b / thing.b:
        back = (thing.a - a) * (1 if u > 0 else -1)
        return thing._replace(cx=thing.cx - back * c, cy=thing.cy - back * s, a=a)
    back = (thing.b - b) * (1 if v > 0 else -1)
    return thing._replace(cx=thing.cx + back * s, cy=thing.cy - back * c, b=b)


def _cut(half: float, slope: float, room: float, other: float, is_round: bool) -> float:
    """A half-axis so short that its far end stays and its near one just touches the edge; 0 when that can't be."""
    whole = room + half * slope
    if slope < 1e-9 or whole <= other:
        return 0.0
    return (whole - other * other / whole if is_round else whole - other) / (2 * slope)


def _shrunk(ellipse: Turned, width: float, height: float) -> Turned | None:
    """An ellipse that was cut at one edge bulges a little at the others: take that back."""
    dx, dy = ellipse.reach(1, 0), ellipse.reach(0, 1)
    share = min(1.0, ellipse.cx / dx, (width - ellipse.cx) / dx, ellipse.cy / dy, (height - ellipse.cy) / dy)
    return ellipse._replace(a=ellipse.a * share, b=ellipse.b * share) if share > 0 else None
