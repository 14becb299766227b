import { Alert, Button, ColorInput, Group, MultiSelect, Stack, TagsInput, Text, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import { LABEL_COLOURS } from "../../theme/theme";
import { schema as words } from "../../words/schema";
import { type DraftLabel, edgesAsText, edgesIn, type Kind } from "./draft";

interface LabelFormProps {
  label: DraftLabel;
  change: (to: DraftLabel) => void;
  mayEdit: boolean;
  /** What the server found wrong, by field; "" for the label as a whole. */
  faults: Record<string, string> | undefined;
}

const KINDS = Object.entries(words.kindNames).map(([value, label]) => ({ value, label }));

/** One label: its name, colour, how it may be drawn, and its skeleton. */
export function LabelForm({ label, change, mayEdit, faults }: LabelFormProps) {
  const [edges, setEdges] = useState(edgesAsText(label.edges));
  const hasSkeleton = label.kinds.includes("keypoints") || label.points.length > 0;
  const joined = edgesIn(edges);
  return (
    <Stack component="section" aria-label={label.name}>
      <Group justify="space-between">
        <Title order={2}>
          <bdi>{label.name || words.fresh}</bdi>
          {label.was !== undefined && label.was !== label.name && (
            <Text span c="dimmed" ml="sm">
              {words.was(label.was)}
            </Text>
          )}
        </Title>
        {mayEdit && (
          <Button variant="default" onClick={() => change({ ...label, archived: !label.archived })}>
            {label.archived ? words.restore : words.archive}
          </Button>
        )}
      </Group>
      {label.archived && <Text c="dimmed">{words.archiveWhy}</Text>}
      {faults?.[""] !== undefined && (
        <Alert color="red" variant="outline" role="alert">
          {faults[""]}
        </Alert>
      )}
      <TextInput
        label={words.name}
        required
        maxLength={200}
        disabled={!mayEdit}
        value={label.name}
        error={label.name.trim() === "" ? words.nameMissing : (faults?.["name"] ?? faults?.["was"])}
        onChange={(event) => change({ ...label, name: event.currentTarget.value })}
      />
      <ColorInput
        label={words.color}
        format="hex"
        swatches={LABEL_COLOURS.map((one) => one.toLowerCase())}
        swatchesPerRow={8}
        disabled={!mayEdit}
        value={label.color ?? ""}
        error={faults?.["color"]}
        onChange={(color) => change({ ...label, color })}
        eyeDropperButtonProps={{ "aria-label": words.color }}
        withEyeDropper={false}
      />
      <MultiSelect
        label={words.kinds}
        description={words.kindsWhy}
        data={KINDS}
        disabled={!mayEdit}
        value={[...label.kinds]}
        error={faults?.["kinds"]}
        placeholder={label.kinds.length === 0 ? words.kindsAny : ""}
        onChange={(kinds) => change({ ...label, kinds: kinds as Kind[] })}
      />
      {hasSkeleton && (
        <>
          <TagsInput
            label={words.points}
            description={words.skeletonWhy}
            placeholder={words.pointsHint}
            disabled={!mayEdit}
            value={[...label.points]}
            error={faults?.["skeleton"]}
            onChange={(points) => change({ ...label, points })}
          />
          <TextInput
            label={words.edges}
            description={words.edgesWhy}
            placeholder={words.edgesHint}
            disabled={!mayEdit}
            value={edges}
            error={joined === undefined ? words.edgesWrong : faults?.["skeleton.edges"]}
            onChange={(event) => {
              setEdges(event.currentTarget.value);
              const read = edgesIn(event.currentTarget.value);
              if (read !== undefined) change({ ...label, edges: read });
            }}
          />
        </>
      )}
    </Stack>
  );
}
