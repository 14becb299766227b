import { Anchor, Switch, Text, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { labelColour, useSchema } from "../../api/labels";
import { type Drawn, Overlay } from "../../parts/Overlay";
import { DIFF_COLOURS } from "../../theme/theme";
import { words } from "../../words";
import { type Annotation, datasetQuery, fileQuery, overlaysQuery, versionQuery } from "../data/queries";
import { answersOf, type Change, type ChangedFile, fieldsOf, type Kind, revisionOf } from "./changes";
import classes from "./Compare.module.css";

const KINDS: readonly Kind[] = ["added", "changed", "removed"];
const SAME = "#B8C0CC";

interface BothSidesProps {
  project: number;
  of: ChangedFile;
  /** The later state, as it is written. */
  b: string;
}

/** One file with both sides laid over it: what was added, changed and removed, in a colour each, and the list of it. */
export function BothSides({ project, of, b }: BothSidesProps) {
  const { data: file } = useQuery(fileQuery(project, of.file));
  const same = useSame(project, of, b);
  const [lit, setLit] = useState<string | undefined>();
  const [hidden, setHidden] = useState<ReadonlySet<Kind>>(new Set());
  const shapes = [
    ...same.map((one) => drawn(one, one.id, SAME)),
    ...of.changes.filter(({ change }) => !hidden.has(change)).flatMap(sides),
  ];
  const toggle = (kind: Kind) => {
    const now = new Set(hidden);
    if (!now.delete(kind)) now.add(kind);
    setHidden(now);
  };
  return (
    <>
      <div className={classes["stage"]}>
        <div>
          <img src={`/api/v1/projects/${project}/files/${of.file}/rendition`} alt={of.key} />
          {file?.width != null && file.height != null && (
            <Overlay width={file.width} height={file.height} shapes={shapes} lit={lit} />
          )}
        </div>
      </div>
      <aside className={classes["changes"]}>
        <Anchor
          renderRoot={(props) => <Link {...props} to="/p/$project/files/$file" params={{ project, file: of.file }} />}
        >
          {words.compare.open}
        </Anchor>
        <div role="group" aria-label={words.compare.key} className={classes["key"]}>
          {KINDS.filter((kind) => of.count[kind] > 0).map((kind) => (
            <Switch
              key={kind}
              size="xs"
              checked={!hidden.has(kind)}
              onChange={() => toggle(kind)}
              aria-label={words.compare.show(words.compare[kind])}
              label={
                <span className={classes["kind"]}>
                  <Mark kind={kind} /> {of.count[kind]} {words.compare[kind]}
                </span>
              }
            />
          ))}
        </div>
        {of.changes.map((change) => (
          <Line key={change.id} project={project} of={change} lit={change.id === lit} onLight={setLit} />
        ))}
      </aside>
    </>
  );
}

/** What both sides have alike, to see the changes among it. */
function useSame(project: number, of: ChangedFile, b: string): Annotation[] {
  const place = revisionOf(b);
  const { data: version } = useQuery({
    ...versionQuery(project, place !== null && "version" in place ? place.version : 0),
    enabled: place !== null && "version" in place,
  });
  const { data: dataset } = useQuery({
    ...datasetQuery(project, place !== null && "dataset" in place ? place.dataset : 0),
    enabled: place !== null && "dataset" in place,
  });
  const branch = version?.branch ?? dataset?.branch;
  const seq = place !== null && "seq" in place ? place.seq : version?.seq;
  const { data } = useQuery({
    ...overlaysQuery(project, branch ?? 0, seq, [of.file]),
    enabled: branch !== undefined && seq !== undefined,
  });
  const differ = new Set(of.changes.map((one) => one.id));
  return data?.get(of.file)?.filter((one) => !differ.has(one.id)) ?? [];
}

const drawn = (one: Annotation, id: string, color: string, suggested = false): Drawn => ({
  id,
  kind: one.kind,
  geometry: one.geometry,
  color,
  suggested,
});

/** Both sides of a change: what was before is dashed. */
function sides({ id, change, before, after }: Change): Drawn[] {
  const color = DIFF_COLOURS[change];
  return [
    ...(before === null ? [] : [drawn(before, id, color, true)]),
    ...(after === null ? [] : [drawn(after, id, color)]),
  ];
}

function Mark({ kind }: { kind: Kind }) {
  return <span className={classes["mark"]} style={{ borderColor: DIFF_COLOURS[kind] }} data-kind={kind} />;
}

interface LineProps {
  project: number;
  of: Change;
  lit: boolean;
  onLight: (id: string | undefined) => void;
}

function Line({ project, of, lit, onLight }: LineProps) {
  const { data: schema } = useSchema(project);
  const shown = of.after ?? of.before;
  const none = shown?.kind === "tag" ? words.compare.whole : words.file.noLabel;
  const name = (label: number | null | undefined) => schema?.labels?.find((one) => one.id === label)?.name ?? none;
  const relabelled = of.before !== null && of.after !== null && of.before.label !== of.after.label;
  const answers = of.change === "changed" ? answersOf(of, schema) : [];
  const fields = fieldsOf(of).filter(
    (field) => !(field === "label" && relabelled) && !(field === "attributes" && answers.length > 0),
  );
  return (
    <UnstyledButton
      className={classes["change"]}
      data-lit={lit || undefined}
      onMouseEnter={() => onLight(of.id)}
      onMouseLeave={() => onLight(undefined)}
      onFocus={() => onLight(of.id)}
      onBlur={() => onLight(undefined)}
    >
      <Mark kind={of.change} />
      <span className={classes["swatch"]} style={{ background: labelColour(schema, shown?.label) }} />
      <span className={classes["what"]}>
        <bdi>{relabelled ? `${name(of.before?.label)} → ${name(of.after?.label)}` : name(shown?.label)}</bdi>
        <Text component="span" size="sm" c="dimmed">
          {[
            words.compare[of.change],
            ...fields.map((field) => words.compare.fields[field] ?? field),
            of.by === null ? "" : (words.compare.causes[of.by] ?? of.by).toLowerCase(),
          ]
            .filter(Boolean)
            .join(", ")}
        </Text>
        {answers.map(({ name: asked, before, after }) => (
          <Text key={asked} component="span" size="sm" c="dimmed" className={classes["field"]}>
            <bdi>{asked}</bdi>: {before !== "" && <del>{before}</del>} {after !== "" && <ins>{after}</ins>}
          </Text>
        ))}
      </span>
    </UnstyledButton>
  );
}
