/** Which shape a point touches. Pure. */

import { inPolygon, inRing, nearestEdge } from "./rings";
import { maskHolds } from "./rle";
import {
  area,
  bounds,
  corners,
  distance,
  flat,
  flatten,
  marked,
  mask,
  polygon,
  turned,
  type Kind,
  type Point,
  type Shape,
} from "./shapes";

/** Whether a point touches a shape: within it, or no further than `reach` image pixels from its line or point. */
export function touches(kind: Kind, shape: Shape, p: Point, reach: number): boolean {
  switch (kind) {
    case "tag":
      return false;
    case "box": {
      const [x, y, w, h] = flat(shape) as [number, number, number, number];
      return p.x >= x - reach && p.y >= y - reach && p.x <= x + w + reach && p.y <= y + h + reach;
    }
    case "rotated_box": {
      const ring = flatten(corners(flat(shape)));
      return inRing(ring, p) || nearestEdge(ring, p, true).distance <= reach;
    }
    case "ellipse":
      return inEllipse(flat(shape), p, reach);
    case "polygon":
      return (
        inPolygon(polygon(shape), p) ||
        polygon(shape).some((part) => part.some((ring) => nearestEdge(ring, p, true).distance <= reach))
      );
    case "polyline":
      return nearestEdge(flat(shape), p, false).distance <= reach;
    case "point":
      return distance({ x: flat(shape)[0]!, y: flat(shape)[1]! }, p) <= reach * 1.5;
    case "keypoints": {
      if (marked(flat(shape)).some((one) => distance(one, p) <= reach * 1.5)) return true;
      const b = bounds(kind, shape);
      return p.x >= b.x && p.y >= b.y && p.x <= b.x + b.width && p.y <= b.y + b.height;
    }
    case "mask":
      return maskHolds(mask(shape), p.x, p.y);
  }
}

function inEllipse(shape: readonly number[], p: Point, reach: number): boolean {
  const [x, y, rx, ry, angle] = shape as [number, number, number, number, number];
  const q = turned(p, { x, y }, -angle);
  const dx = (q.x - x) / (rx + reach);
  const dy = (q.y - y) / (ry + reach);
  return dx * dx + dy * dy <= 1;
}

/** How much a shape covers, so that the smallest of several at one point is taken. Lines and points come first. */
export function cover(kind: Kind, shape: Shape): number {
  if (kind === "keypoints") {
    const b = bounds(kind, shape);
    return b.width * b.height;
  }
  return area(kind, shape);
}
