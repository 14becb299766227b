import { useQuery } from "@tanstack/react-query";
import { useSchema, labelColour } from "../../api/labels";
import { Overlay } from "../../parts/Overlay";
import { words } from "../../words";
import classes from "./Data.module.css";
import { annotationsQuery, fileQuery } from "./queries";

interface ThumbProps {
  project: number;
  file: number;
  state: string;
  overlays: boolean;
  asOf?: number | undefined;
}

/** A small picture of a file with what is annotated on it. */
export function Thumb({ project, file, state, overlays, asOf }: ThumbProps) {
  const ready = state === "ready";
  const { data: schema } = useSchema(project);
  const { data: facts } = useQuery({ ...fileQuery(project, file), enabled: ready && overlays });
  const { data: annotations } = useQuery({ ...annotationsQuery(project, file, asOf), enabled: ready && overlays });
  if (!ready) {
    return <span className={classes["missing"]}>{state === "failed" ? words.data.failed : words.data.processing}</span>;
  }
  return (
    <>
      <img src={`/api/v1/projects/${project}/files/${file}/thumbnail`} alt="" loading="lazy" decoding="async" />
      {overlays && facts?.width != null && facts.height != null && annotations !== undefined && (
        <Overlay
          width={facts.width}
          height={facts.height}
          shapes={annotations.map((one) => ({
            id: one.id,
            kind: one.kind,
            geometry: one.geometry,
            color: labelColour(schema, one.label),
          }))}
        />
      )}
    </>
  );
}
