import { describe, expect, test } from "vitest";
import { bounds, type Shape } from "../shapes";
import {
  BoxTool,
  EllipseTool,
  KeypointsTool,
  PointTool,
  PolygonTool,
  PolylineTool,
  RotatedBoxTool,
  type Pointer,
} from "./drawing";

const image = { width: 100, height: 80 };
const at = (x: number, y: number, more: Partial<Pointer> = {}): Pointer => ({
  image: { x, y },
  screen: { x, y },
  shift: false,
  ...more,
});

describe("a box", () => {
  test("by dragging", () => {
    const tool = new BoxTool(image);
    tool.down(at(10, 10));
    tool.move(at(30, 25));
    expect(tool.sketch()?.shape).toEqual([10, 10, 20, 15]);
    expect(tool.up(at(30, 25))).toEqual({ kind: "box", geometry: [10, 10, 20, 15] });
    expect(tool.isBusy).toBe(false);
  });

  test("by two clicks, cut at the image's edge", () => {
    const tool = new BoxTool(image);
    tool.down(at(10, 10));
    expect(tool.up(at(11, 10))).toBeNull();
    tool.move(at(120, 90));
    expect(tool.down(at(120, 90))).toEqual({ kind: "box", geometry: [10, 10, 90, 70] });
    expect(tool.up(at(120, 90))).toBeNull();
  });

  test("is nothing without an area, and can be cancelled", () => {
    const tool = new BoxTool(image);
    tool.down(at(10, 10));
    expect(tool.up(at(10, 40))).toBeNull();
    tool.cancel();
    expect(tool.isBusy).toBe(false);
  });
});

test("an ellipse fills the box between two corners", () => {
  const tool = new EllipseTool(image);
  tool.down(at(10, 10));
  expect(tool.up(at(30, 20))?.geometry).toEqual([20, 15, 10, 5, 0]);
});

test("a rotated box has its first side where it was clicked, whichever side the third click is on", () => {
  for (const third of [at(40, 40), at(40, 0)]) {
    const tool = new RotatedBoxTool(image);
    tool.down(at(20, 20));
    tool.up(at(20, 20));
    tool.down(at(60, 20));
    tool.up(at(60, 20));
    const made = tool.down(third)!;
    const around = bounds("rotated_box", made.geometry);
    expect(around).toEqual({ x: 20, y: Math.min(20, third.image.y), width: 40, height: 20 });
  }
});

describe("a polygon", () => {
  const click = (tool: PolygonTool | PolylineTool, x: number, y: number, more: Partial<Pointer> = {}) => {
    const made = tool.down(at(x, y, more));
    tool.up();
    return made;
  };

  test("closes at its first point", () => {
    const tool = new PolygonTool(image);
    for (const [x, y] of [[10, 10], [40, 10], [40, 40]] as const) expect(click(tool, x, y)).toBeNull();
    expect(click(tool, 12, 11)).toEqual({ kind: "polygon", geometry: [[[10, 10, 40, 10, 40, 40]]] });
  });

  test("closes by Enter, and not with two points", () => {
    const tool = new PolygonTool(image);
    click(tool, 10, 10);
    click(tool, 40, 10);
    expect(tool.finish()).toBeNull();
    click(tool, 40, 40);
    click(tool, 70, 70);
    expect(tool.back()).toBe(true);
    expect(tool.finish()?.geometry).toEqual([[[10, 10, 40, 10, 40, 40]]]);
  });

  test("begun with Shift joins the selected one", () => {
    const tool = new PolygonTool(image);
    click(tool, 10, 10, { shift: true });
    click(tool, 40, 10);
    click(tool, 40, 40);
    expect(tool.finish()?.joins).toBe(true);
  });

  test("a line ends by a double click, without its last point twice", () => {
    const tool = new PolylineTool(image);
    click(tool, 10, 10);
    click(tool, 40, 10);
    click(tool, 40, 11);
    expect(tool.double(at(40, 11))?.geometry).toEqual([10, 10, 40, 10]);
  });

  test("dragging draws freely", () => {
    const tool = new PolylineTool(image);
    tool.down(at(0, 0));
    for (let x = 1; x <= 40; x++) tool.move(at(x, 0));
    tool.up();
    expect((tool.finish()?.geometry as number[]).length).toBe(12);
  });
});

test("a point is one click", () => {
  expect(new PointTool(image).down(at(3, 4))).toEqual({ kind: "point", geometry: [3, 4] });
});

describe("keypoints", () => {
  const names = ["nose", "left eye", "right eye"];

  test("are clicked in order: hidden with Shift, absent by the other button", () => {
    const tool = new KeypointsTool(image, names);
    expect(tool.hint).toContain("nose");
    tool.down(at(1, 2));
    tool.down(at(3, 4, { shift: true }));
    expect(tool.hint).toContain("right eye");
    expect(tool.down(at(9, 9, { secondary: true }))?.geometry).toEqual([1, 2, 2, 3, 4, 1, 0, 0, 0]);
  });

  test("Enter leaves the rest out; none at all is nothing", () => {
    const tool = new KeypointsTool(image, names);
    expect(tool.finish()).toBeNull();
    tool.down(at(1, 2));
    const made: Shape | undefined = tool.finish()?.geometry;
    expect(made).toEqual([1, 2, 2, 0, 0, 0, 0, 0, 0]);
  });
});
