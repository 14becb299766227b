/** Shapes as paths, in image coordinates. */

import { signedArea, corners, flat, points, polygon, type Kind, type Shape } from "./shapes";

/** Add a shape's outline to a path. Outer rings run one way round and holes the other, so a non-zero fill is right. */
export function trace(path: Path2D, kind: Kind, shape: Shape): void {
  switch (kind) {
    case "box": {
      const [x, y, w, h] = flat(shape) as [number, number, number, number];
      path.rect(x, y, w, h);
      break;
    }
    case "rotated_box":
      traceLine(
        path,
        corners(flat(shape)).flatMap((p) => [p.x, p.y]),
      );
      path.closePath();
      break;
    case "ellipse": {
      const [cx, cy, rx, ry, angle] = flat(shape) as [number, number, number, number, number];
      const turn = (angle * Math.PI) / 180;
      path.moveTo(cx + rx * Math.cos(turn), cy + rx * Math.sin(turn));
      path.ellipse(cx, cy, rx, ry, turn, 0, 2 * Math.PI);
      path.closePath();
      break;
    }
    case "polygon":
      for (const part of polygon(shape)) {
        part.forEach((ring, i) => {
          traceLine(path, ring, (i === 0) !== signedArea(ring) >= 0);
          path.closePath();
        });
      }
      break;
    case "polyline":
      traceLine(path, flat(shape));
      break;
    default:
  }
}

function traceLine(path: Path2D, line: readonly number[], backwards = false): void {
  const n = line.length / 2;
  for (let i = 0; i < n; i++) {
    const at = 2 * (backwards ? n - 1 - i : i);
    if (i === 0) path.moveTo(line[at]!, line[at + 1]!);
    else path.lineTo(line[at]!, line[at + 1]!);
  }
}

/** The lines of a skeleton between points that are marked. */
export function traceSkeleton(
  path: Path2D,
  shape: readonly number[],
  edges: readonly (readonly [number, number])[],
): void {
  const all = points(shape, 3);
  for (const [a, b] of edges) {
    const from = all[a];
    const to = all[b];
    if (!from || !to || !shape[a * 3 + 2] || !shape[b * 3 + 2]) continue;
    path.moveTo(from.x, from.y);
    path.lineTo(to.x, to.y);
  }
}
