import {
  Alert,
  Button,
  Checkbox,
  Group,
  MultiSelect,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { schema as words } from "../../words/schema";
import { Asked, Preset } from "./Condition";
import { type AttributeKind, CHOICES, type Draft, type DraftAttribute, NUMBERS } from "./draft";
import { Options } from "./Options";

interface AttributeFormProps {
  attribute: DraftAttribute;
  draft: Draft;
  change: (to: DraftAttribute) => void;
  mayEdit: boolean;
  faults: Record<string, string> | undefined;
}

const KINDS = Object.entries(words.attributeKinds).map(([value, label]) => ({ value, label }));
const PER = Object.entries(words.perNames).map(([value, label]) => ({ value, label }));

/** One attribute: what is asked, on what, how it is answered, and when. */
export function AttributeForm({ attribute, draft, change, mayEdit, faults }: AttributeFormProps) {
  const set = (part: Partial<DraftAttribute>) => change({ ...attribute, ...part });
  const limit = (field: "min" | "max" | "step") => (
    <NumberInput
      label={words[field]}
      flex={1}
      disabled={!mayEdit}
      value={attribute[field] ?? ""}
      onChange={(value) => set({ [field]: typeof value === "number" ? value : undefined })}
    />
  );
  return (
    <Stack component="section" aria-label={attribute.name || words.fresh}>
      <Group justify="space-between">
        <Title order={2}>
          <bdi>{attribute.name || words.fresh}</bdi>
          {attribute.was !== undefined && attribute.was !== attribute.name && (
            <Text span c="dimmed" ml="sm">
              {words.was(attribute.was)}
            </Text>
          )}
        </Title>
        {mayEdit && (
          <Button variant="default" onClick={() => set({ archived: !attribute.archived })}>
            {attribute.archived ? words.restore : words.archive}
          </Button>
        )}
      </Group>
      {attribute.archived && <Text c="dimmed">{words.archiveWhy}</Text>}
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
        autoFocus={attribute.was === undefined && attribute.name === ""}
        value={attribute.name}
        error={attribute.name.trim() === "" ? words.nameMissing : (faults?.["name"] ?? faults?.["was"])}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <Select
        label={words.kind}
        description={attribute.was === undefined ? undefined : words.kindFixed}
        data={KINDS}
        allowDeselect={false}
        disabled={!mayEdit}
        value={attribute.kind}
        error={faults?.["kind"]}
        onChange={(kind) => set({ kind: kind as AttributeKind, default: undefined })}
      />
      {CHOICES.has(attribute.kind) && (
        <Options
          options={attribute.options}
          isTree={attribute.kind === "tree"}
          mayEdit={mayEdit}
          fault={faults?.["options"]}
          change={(options) => set({ options })}
        />
      )}
      {NUMBERS.has(attribute.kind) && (
        <Group align="flex-start">
          {limit("min")}
          {limit("max")}
          {limit("step")}
        </Group>
      )}
      <Stack gap="xs">
        <Text fw={600} size="sm" id="asked-per">
          {words.per}
        </Text>
        <SegmentedControl
          aria-labelledby="asked-per"
          data={PER}
          disabled={!mayEdit}
          value={attribute.per}
          onChange={(per) => set({ per: per as DraftAttribute["per"], condition: undefined })}
        />
      </Stack>
      {attribute.per === "annotation" && (
        <MultiSelect
          label={words.on}
          description={words.onWhy}
          data={draft.labels
            .filter((label) => !label.archived && label.name.trim() !== "")
            .map(({ key, name }) => ({ value: key, label: name }))}
          searchable
          disabled={!mayEdit}
          value={[...attribute.on]}
          error={faults?.["on"]}
          onChange={(on) => set({ on })}
        />
      )}
      <Checkbox
        label={words.required}
        disabled={!mayEdit}
        checked={attribute.required}
        onChange={(event) => set({ required: event.currentTarget.checked })}
      />
      <Asked attribute={attribute} draft={draft} set={set} mayEdit={mayEdit} fault={faults?.["if"]} />
      <Preset attribute={attribute} set={set} mayEdit={mayEdit} fault={faults?.["default"]} />
    </Stack>
  );
}
