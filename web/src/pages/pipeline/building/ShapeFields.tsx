import { Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { NamesInput } from "../../../parts/NamesInput";
import { words } from "../../../words";
import { schema } from "../../../words/schema";
import { edgesAsText, edgesIn } from "../../schema/draft";
import type { Kind, Shape } from "./steps";

const KINDS = Object.entries(schema.kindNames).map(([value, label]) => ({ value, label }));

/** How new labels are drawn. */
export function ShapeFields({ shape, set }: { shape: Shape; set: (shape: Shape) => void }) {
  const [edges, setEdges] = useState(edgesAsText(shape.edges));
  const wrong = edgesIn(edges)?.every((pair) => pair.every((at) => at >= 0 && at < shape.points.length)) !== true;
  return (
    <>
      <Select
        label={words.building.kind}
        description={words.building.kindWhy}
        allowDeselect={false}
        value={shape.kind}
        onChange={(kind) => set({ ...shape, kind: (kind ?? "box") as Kind })}
        data={KINDS}
      />
      {shape.kind === "keypoints" && (
        <>
          <NamesInput
            label={schema.points}
            description={schema.skeletonWhy}
            placeholder={shape.points.length === 0 ? schema.pointsHint : ""}
            required={shape.points.length === 0}
            value={shape.points}
            onChange={(points) => set({ ...shape, points })}
          />
          <TextInput
            label={schema.edges}
            description={schema.edgesWhy}
            placeholder={schema.edgesHint}
            value={edges}
            error={wrong && schema.edgesWrong}
            onChange={(event) => {
              setEdges(event.currentTarget.value);
              set({ ...shape, edges: edgesIn(event.currentTarget.value) ?? [] });
            }}
          />
        </>
      )}
    </>
  );
}
