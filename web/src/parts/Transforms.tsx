import {
  Button,
  ColorInput,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useState } from "react";
import { useSchema } from "../api/labels";
import { transforms as words } from "../words/transforms";
import { Removable } from "./Removable";
import { BEGUN, type Do, mapIn, mapText, type Transform } from "./transforms";

interface TransformsProps {
  project: number;
  transforms: readonly Transform[];
  change: (to: Transform[]) => void;
  /** What the API found wrong at a place of these, such as `[0].tile.overlap`. */
  fault: (place: string) => string | undefined;
}

const FIELDS: Readonly<Record<Do, readonly string[]>> = {
  resize: ["side", "width", "height", "fill"],
  tile: ["size", "overlap", "fill"],
  crop: ["labels", "margin", "margin_share"],
  labels: ["map"],
  boxes: ["of"],
  split: ["train", "val", "test", "seed", "together"],
};

/** What an export changes on the way out, one after the other. */
export function Transforms({ project, transforms, change, fault }: TransformsProps) {
  const put = (at: number, to: Transform) => change(transforms.map((one, n) => (n === at ? to : one)));
  return (
    <Stack gap="sm" align="stretch">
      {transforms.map((one, at) => {
        const place = (field: string) => fault(`[${at}].${one.do}.${field}`);
        const elsewhere = FIELDS[one.do].some((field) => place(field)) ? undefined : fault(`[${at}]`);
        return (
          <Removable
            key={at}
            p="sm"
            label={words.one(at + 1)}
            remove={`${words.remove}: ${at + 1}`}
            onRemove={() => change(transforms.filter((_, n) => n !== at))}
          >
            <Select
              label={words.what}
              allowDeselect={false}
              data={options(words.kinds)}
              value={one.do}
              onChange={(to) => to !== null && put(at, BEGUN[to as Do])}
            />
            <Fields key={one.do} project={project} of={one} set={(to) => put(at, to)} fault={place} />
            {elsewhere !== undefined && (
              <Text className="fail" role="alert">
                {elsewhere}
              </Text>
            )}
          </Removable>
        );
      })}
      <Group>
        <Button variant="default" size="compact-sm" onClick={() => change([...transforms, BEGUN.resize])}>
          {words.add}
        </Button>
      </Group>
    </Stack>
  );
}

const options = (of: Readonly<Record<string, string>>) =>
  Object.entries(of).map(([value, label]) => ({ value, label }));

interface FieldsProps<T extends Transform> {
  project: number;
  of: T;
  set: (to: T) => void;
  fault: (field: string) => string | undefined;
}

function Fields({ of, set, ...rest }: FieldsProps<Transform>) {
  switch (of.do) {
    case "resize":
      return <Resize of={of} set={set} {...rest} />;
    case "tile":
      return <Tile of={of} set={set} {...rest} />;
    case "crop":
      return <Crop of={of} set={set} {...rest} />;
    case "labels":
      return <Labels of={of} set={set} {...rest} />;
    case "boxes":
      return <Boxes of={of} set={set} {...rest} />;
    case "split":
      return <Split of={of} set={set} {...rest} />;
  }
}

type Of<D extends Do> = FieldsProps<Extract<Transform, { do: D }>>;

interface AmountProps {
  label: string;
  value: number | null | undefined;
  set: (to: number | null) => void;
  error?: string | undefined;
  min?: number;
  /** Shown and typed as hundredths of what is stored. */
  share?: boolean;
}

function Amount({ label, value, set, error, min = 0, share = false }: AmountProps) {
  const by = share ? 100 : 1;
  return (
    <NumberInput
      label={label}
      min={min}
      allowDecimal={share}
      decimalScale={4}
      value={value == null ? "" : Math.round(value * by * 1e4) / 1e4}
      error={error}
      onChange={(to) => set(typeof to === "number" ? to / by : null)}
    />
  );
}

function Flag({ label, checked, set }: { label: string; checked: boolean; set: (to: boolean) => void }) {
  return <Switch label={label} checked={checked} onChange={(event) => set(event.currentTarget.checked)} />;
}

function Resize({ of, set, fault }: Of<"resize">) {
  const { side, ...rest } = of;
  const byBoth = side == null;
  return (
    <>
      <Group grow align="flex-start">
        <Select
          label={words.to}
          allowDeselect={false}
          data={options(words.sizes)}
          value={byBoth ? "both" : "side"}
          onChange={(to) =>
            set(to === "both" ? { ...rest, width: 640, height: 640 } : { ...BEGUN.resize, enlarge: of.enlarge ?? true })
          }
        />
        {byBoth ? (
          <>
            <Amount
              label={words.width}
              value={of.width}
              min={1}
              error={fault("width")}
              set={(width) => set({ ...of, width })}
            />
            <Amount
              label={words.height}
              value={of.height}
              min={1}
              error={fault("height")}
              set={(height) => set({ ...of, height })}
            />
          </>
        ) : (
          <Amount
            label={words.side}
            value={side}
            min={1}
            error={fault("side")}
            set={(to) => set({ ...of, side: to ?? 0 })}
          />
        )}
      </Group>
      {byBoth && (
        <Group grow align="flex-start">
          <Select
            label={words.fit}
            allowDeselect={false}
            data={options(words.fits)}
            value={of.fit ?? "exact"}
            onChange={(fit) => set({ ...of, fit: (fit ?? "exact") as NonNullable<typeof of.fit> })}
          />
          {of.fit === "letterbox" && <Fill fill={of.fill} error={fault("fill")} set={(fill) => set({ ...of, fill })} />}
        </Group>
      )}
      <Flag label={words.enlarge} checked={of.enlarge ?? true} set={(enlarge) => set({ ...of, enlarge })} />
    </>
  );
}

function Fill({
  fill,
  set,
  error,
}: {
  fill: string | undefined;
  set: (to: string) => void;
  error: string | undefined;
}) {
  return <ColorInput label={words.fill} format="hex" value={fill ?? "#727272"} error={error} onChange={set} />;
}

function Tile({ of, set, fault }: Of<"tile">) {
  const [width, height] = Array.isArray(of.size) ? of.size : [of.size, of.size];
  return (
    <>
      <Group grow align="flex-start">
        <Amount
          label={words.width}
          value={width}
          min={16}
          error={fault("size")}
          set={(to) => set({ ...of, size: [to ?? 0, height] })}
        />
        <Amount
          label={words.height}
          value={height}
          min={16}
          error={fault("size")}
          set={(to) => set({ ...of, size: [width, to ?? 0] })}
        />
        <Amount
          label={words.overlap}
          value={of.overlap ?? 0}
          error={fault("overlap")}
          set={(to) => set({ ...of, overlap: to ?? 0 })}
        />
      </Group>
      <Group grow align="flex-start">
        <Select
          label={words.edge}
          allowDeselect={false}
          data={options(words.edges)}
          value={of.edge ?? "shift"}
          onChange={(edge) => set({ ...of, edge: (edge ?? "shift") as NonNullable<typeof of.edge> })}
        />
        {of.edge === "pad" && <Fill fill={of.fill} error={fault("fill")} set={(fill) => set({ ...of, fill })} />}
      </Group>
      <Visible share={of.min_visible ?? 0} set={(share) => set({ ...of, min_visible: share })} />
      <Flag label={words.empty} checked={of.empty ?? true} set={(empty) => set({ ...of, empty })} />
    </>
  );
}

function Visible({ share, set }: { share: number; set: (to: number) => void }) {
  return <Amount label={words.visible} share value={share} set={(to) => set(to ?? 0)} />;
}

function Crop({ project, of, set, fault }: Of<"crop">) {
  const { data: schema } = useSchema(project);
  return (
    <>
      <Flag
        label={words.each}
        checked={of.each ?? false}
        set={(each) => set({ ...of, each, tag: each && of.tag === true })}
      />
      {of.each === true && <Flag label={words.tag} checked={of.tag ?? false} set={(tag) => set({ ...of, tag })} />}
      <MultiSelect
        label={words.labels}
        searchable
        placeholder={of.labels?.length ? "" : words.anyLabel}
        data={[...new Set([...(schema?.labels ?? []).map((label) => label.name), ...(of.labels ?? [])])]}
        value={of.labels ?? []}
        error={fault("labels")}
        onChange={(labels) => set({ ...of, labels })}
      />
      <Group grow align="flex-start">
        <Amount
          label={words.margin}
          value={of.margin ?? 0}
          error={fault("margin")}
          set={(to) => set({ ...of, margin: to ?? 0 })}
        />
        <Amount
          label={words.marginShare}
          share
          value={of.margin_share ?? 0}
          error={fault("margin_share")}
          set={(to) => set({ ...of, margin_share: to ?? 0 })}
        />
      </Group>
      <Visible share={of.min_visible ?? 0} set={(share) => set({ ...of, min_visible: share })} />
    </>
  );
}

function Labels({ of, set, fault }: Of<"labels">) {
  const [typed, setTyped] = useState(() => mapText(of.map));
  return (
    <>
      <Textarea
        label={words.map}
        placeholder={words.mapHint}
        autosize
        minRows={2}
        value={typed}
        error={fault("map")}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          set({ ...of, map: mapIn(event.currentTarget.value) });
        }}
      />
      <Flag label={words.only} checked={of.only ?? false} set={(only) => set({ ...of, only })} />
    </>
  );
}

function Boxes({ of, set, fault }: Of<"boxes">) {
  return (
    <MultiSelect
      label={words.of}
      data={options(words.shapes)}
      value={of.of ?? ["polygon", "mask"]}
      error={fault("of")}
      onChange={(kinds) => set({ ...of, of: kinds as NonNullable<typeof of.of> })}
    />
  );
}

const PARTS = ["train", "val", "test"] as const;

function Split({ of, set, fault }: Of<"split">) {
  return (
    <>
      <Group grow align="flex-start">
        {PARTS.map((part) => (
          <Amount
            key={part}
            label={words[part]}
            share
            value={of[part] ?? 0}
            error={fault(part)}
            set={(to) => set({ ...of, [part]: to ?? 0 })}
          />
        ))}
      </Group>
      <Group grow align="flex-start">
        <TextInput
          label={words.seed}
          value={of.seed ?? ""}
          error={fault("seed")}
          onChange={(event) => set({ ...of, seed: event.currentTarget.value })}
        />
        <TextInput
          label={words.together}
          placeholder={words.togetherHint}
          value={of.together ?? ""}
          error={fault("together")}
          onChange={(event) => set({ ...of, together: event.currentTarget.value || null })}
        />
      </Group>
    </>
  );
}
