import { MultiSelect, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { useId } from "react";
import { useHere } from "../../api/here";
import { useSchema } from "../../api/labels";
import { offered } from "../../api/lists";
import { templates as words } from "../../words/templates";
import type { PartProps } from "./Template";

/** What people see and may write: labels, questions, and the guide. */
export function ShownSettings({ settings, set, disabled, fault }: PartProps) {
  const { project } = useHere();
  const { data: schema } = useSchema(project);
  const live = <T extends { archived?: boolean }>(things: readonly T[] | undefined) =>
    things?.filter((one) => one.archived !== true);
  return (
    <>
      <Some
        label={words.labels}
        all={words.allLabels}
        data={offered(live(schema?.labels))}
        disabled={disabled}
        value={settings.labels}
        fault={fault("labels")}
        change={(labels) => set({ labels })}
      />
      <Some
        label={words.attributes}
        all={words.allAttributes}
        data={offered(live(schema?.attributes))}
        disabled={disabled}
        value={settings.attributes}
        fault={fault("attributes")}
        change={(attributes) => set({ attributes })}
      />
      <Textarea
        label={words.guide}
        description={words.guideWhy}
        autosize
        minRows={3}
        maxRows={16}
        disabled={disabled}
        value={settings.guide ?? ""}
        error={fault("guide")}
        onChange={(event) => set({ guide: event.currentTarget.value })}
      />
    </>
  );
}

interface SomeProps {
  label: string;
  /** What "all" means, in words. */
  all: string;
  data: { value: string; label: string }[];
  value: readonly number[] | null | undefined;
  disabled: boolean;
  fault: string | undefined;
  change: (to: number[] | null) => void;
}

/** All of them (null), or a choice, which may be none. */
function Some({ label, all, data, value, disabled, fault, change }: SomeProps) {
  const id = useId();
  return (
    <Stack gap="xs" align="flex-start">
      <Text fw={600} size="sm" id={id}>
        {label}
      </Text>
      <SegmentedControl
        aria-labelledby={id}
        disabled={disabled}
        data={[
          { value: "all", label: words.allOf },
          { value: "some", label: words.onlyThese },
        ]}
        value={value == null ? "all" : "some"}
        onChange={(to) => change(to === "all" ? null : [])}
      />
      {value == null ? (
        <Text size="sm" c="dimmed">
          {all}
        </Text>
      ) : (
        <MultiSelect
          w="100%"
          aria-labelledby={id}
          data={data}
          searchable
          disabled={disabled}
          value={value.map(String)}
          error={fault}
          onChange={(chosen) => change(chosen.map(Number))}
        />
      )}
    </Stack>
  );
}
