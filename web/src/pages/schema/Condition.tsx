import { MultiSelect, NumberInput, Select, Stack, TagsInput, TextInput } from "@mantine/core";
import { schema as words } from "../../words/schema";
import { CHOICES, type Draft, type DraftAttribute, NUMBERS, type Plain } from "./draft";

interface PartProps {
  attribute: DraftAttribute;
  set: (part: Partial<DraftAttribute>) => void;
  mayEdit: boolean;
  fault: string | undefined;
}

const YES_NO = [
  { value: "true", label: words.yes },
  { value: "false", label: words.no },
];
const optionsOf = (attribute: DraftAttribute) =>
  attribute.options.filter((one) => one.name.trim() !== "").map(({ key, name }) => ({ value: key, label: name }));

/** When an attribute is asked: always, or for some answers to another one. */
export function Asked({ attribute, draft, set, mayEdit, fault }: PartProps & { draft: Draft }) {
  const others = draft.attributes.filter(
    (one) => one.key !== attribute.key && one.per === attribute.per && !one.archived && one.name.trim() !== "",
  );
  const condition = attribute.condition;
  const other = others.find((one) => one.key === condition?.attribute);
  if (others.length === 0) return null;
  const choose = (values: readonly Plain[]) => other && set({ condition: { attribute: other.key, values } });
  return (
    <Stack gap="sm">
      <Select
        label={words.condition}
        placeholder={words.always}
        clearable
        disabled={!mayEdit}
        data={others.map(({ key, name }) => ({ value: key, label: name }))}
        value={other?.key ?? null}
        error={other === undefined ? fault : undefined}
        onChange={(key) => set({ condition: key === null ? undefined : { attribute: key, values: [] } })}
      />
      {other !== undefined && condition !== undefined && (
        <Answers of={other} values={condition.values} choose={choose} mayEdit={mayEdit} fault={fault} />
      )}
    </Stack>
  );
}

interface AnswersProps {
  of: DraftAttribute;
  values: readonly Plain[];
  choose: (values: readonly Plain[]) => void;
  mayEdit: boolean;
  fault: string | undefined;
}

function Answers({ of, values, choose, mayEdit, fault }: AnswersProps) {
  const common = { label: words.is, disabled: !mayEdit, error: fault };
  if (of.kind === "checkbox") {
    return (
      <MultiSelect
        {...common}
        data={YES_NO}
        value={values.map(String)}
        onChange={(told) => choose(told.map((one) => one === "true"))}
      />
    );
  }
  if (CHOICES.has(of.kind)) {
    return <MultiSelect {...common} data={optionsOf(of)} value={values.map(String)} onChange={choose} />;
  }
  const read = (told: string[]) => (NUMBERS.has(of.kind) ? told.map(Number).filter(Number.isFinite) : told);
  return <TagsInput {...common} value={values.map(String)} onChange={(told) => choose(read(told))} />;
}

/** The answer that the editor fills in first. */
export function Preset({ attribute, set, mayEdit, fault }: PartProps) {
  const common = { label: words.default, disabled: !mayEdit, error: fault };
  const told = attribute.default;
  if (attribute.kind === "checkbox") {
    return (
      <Select
        {...common}
        placeholder={words.noDefault}
        clearable
        data={YES_NO}
        value={told === undefined ? null : String(told)}
        onChange={(value) => set({ default: value === null ? undefined : value === "true" })}
      />
    );
  }
  if (attribute.kind === "multi_select") {
    return (
      <MultiSelect
        {...common}
        data={optionsOf(attribute)}
        value={Array.isArray(told) ? [...(told as readonly string[])] : []}
        onChange={(value) => set({ default: value.length === 0 ? undefined : value })}
      />
    );
  }
  if (CHOICES.has(attribute.kind)) {
    return (
      <Select
        {...common}
        placeholder={words.noDefault}
        clearable
        data={optionsOf(attribute)}
        value={typeof told === "string" ? told : null}
        onChange={(value) => set({ default: value ?? undefined })}
      />
    );
  }
  if (NUMBERS.has(attribute.kind)) {
    return (
      <NumberInput
        {...common}
        value={typeof told === "number" ? told : ""}
        onChange={(value) => set({ default: typeof value === "number" ? value : undefined })}
      />
    );
  }
  return (
    <TextInput
      {...common}
      type={attribute.kind === "date" ? "date" : "text"}
      value={typeof told === "string" ? told : ""}
      onChange={(event) => set({ default: event.currentTarget.value === "" ? undefined : event.currentTarget.value })}
    />
  );
}
