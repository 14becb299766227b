import { useMemo } from "react";
import { labelColour, useSchema } from "../../api/labels";
import { Overlay } from "../../parts/Overlay";
import { words } from "../../words";
import classes from "./Data.module.css";
import type { Annotation, Entry } from "./queries";

interface ThumbProps {
  project: number;
  entry: Entry;
  annotations?: readonly Annotation[] | undefined;
}

/** A small picture of a file with what is annotated on it. */
export function Thumb({ project, entry, annotations }: ThumbProps) {
  const { data: schema } = useSchema(project);
  const shapes = useMemo(
    () =>
      annotations?.map((one) => ({
        id: one.id,
        kind: one.kind,
        geometry: one.geometry,
        color: labelColour(schema, one.label),
      })),
    [annotations, schema],
  );
  if (entry.state !== "ready") {
    return (
      <span className={classes["missing"]}>{entry.state === "failed" ? words.data.failed : words.data.processing}</span>
    );
  }
  return (
    <>
      <img src={`/api/v1/projects/${project}/files/${entry.file}/thumbnail`} alt="" decoding="async" />
      {shapes !== undefined && entry.width != null && entry.height != null && (
        <Overlay width={entry.width} height={entry.height} shapes={shapes} />
      )}
    </>
  );
}
