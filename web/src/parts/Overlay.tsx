import { useMemo } from "react";
import { pixels } from "../canvas/rle";
import { corners, flat, type Kind, mask, marked, polygon, points, type Shape } from "../canvas/shapes";
import classes from "./Overlay.module.css";

/** What of an annotation is drawn. */
export interface Drawn {
  id: string;
  kind: Kind;
  geometry: Shape;
  color: string;
  /** Dashed: a suggestion. */
  suggested?: boolean;
  title?: string;
}

interface OverlayProps {
  width: number;
  height: number;
  shapes: readonly Drawn[];
  /** The one that is looked at. */
  lit?: string | undefined;
}

/** Annotations over a picture that fills the same box with `object-fit: contain`. */
export function Overlay({ width, height, shapes, lit }: OverlayProps) {
  return (
    <svg className={classes["overlay"]} viewBox={`0 0 ${width} ${height}`} aria-hidden>
      {shapes.map((shape) => (
        <g
          key={shape.id}
          data-lit={shape.id === lit || undefined}
          data-dim={(lit !== undefined && shape.id !== lit) || undefined}
        >
          <Form shape={shape} />
        </g>
      ))}
    </svg>
  );
}

function Form({ shape }: { shape: Drawn }) {
  const { kind, geometry, color } = shape;
  if (kind === "tag" || geometry === null) return null;
  if (kind === "mask") return <Stain shape={shape} />;
  const d = outline(kind, geometry);
  const dash = shape.suggested === true ? "6 4" : undefined;
  return (
    <>
      <path d={d} className={classes["halo"]} />
      <path
        d={d}
        className={classes["line"]}
        stroke={color}
        fill={kind === "polyline" ? "none" : color}
        strokeDasharray={dash}
      />
    </>
  );
}

function outline(kind: Kind, geometry: Shape): string {
  const line = (of: readonly { x: number; y: number }[], close: boolean) =>
    `M${of.map(({ x, y }) => `${x} ${y}`).join("L")}${close ? "Z" : ""}`;
  const numbers = flat(geometry);
  switch (kind) {
    case "box": {
      const [x = 0, y = 0, w = 0, h = 0] = numbers;
      return `M${x} ${y}h${w}v${h}h${-w}Z`;
    }
    case "rotated_box":
      return line(corners(numbers), true);
    case "ellipse": {
      const [cx = 0, cy = 0, rx = 0, ry = 0, angle = 0] = numbers;
      const [dx, dy] = [rx * Math.cos((angle * Math.PI) / 180), rx * Math.sin((angle * Math.PI) / 180)];
      const arc = `A${rx} ${ry} ${angle} 1 0`;
      return `M${cx - dx} ${cy - dy}${arc} ${cx + dx} ${cy + dy}${arc} ${cx - dx} ${cy - dy}Z`;
    }
    case "polygon":
      return polygon(geometry)
        .flat()
        .map((ring) => line(points(ring), true))
        .join("");
    case "polyline":
      return line(points(numbers), false);
    case "point":
      return dots(points(numbers));
    case "keypoints":
      return dots(marked(numbers));
    default:
      return "";
  }
}

const dots = (of: readonly { x: number; y: number }[]): string =>
  of.map(({ x, y }) => `M${x - 2} ${y}a2 2 0 1 0 4 0a2 2 0 1 0 -4 0Z`).join("");

function Stain({ shape }: { shape: Drawn }) {
  const { size } = mask(shape.geometry);
  const url = useMemo(() => stained(shape), [shape]);
  return <image href={url} width={size[1]} height={size[0]} opacity={0.55} />;
}

/** The mask as a picture of one colour. */
function stained({ geometry, color }: Drawn): string {
  const [height, width] = mask(geometry).size;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d");
  if (pen === null) return "";
  const filled = pixels(mask(geometry));
  const image = pen.createImageData(width, height);
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  for (let at = 0; at < filled.length; at++) {
    if (filled[at] !== 1) continue;
    const pixel = (at % height) * width + Math.floor(at / height); // a mask lies column by column
    image.data.set([r ?? 0, g ?? 0, b ?? 0, 255], pixel * 4);
  }
  pen.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
