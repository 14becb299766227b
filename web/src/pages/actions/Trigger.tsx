import { Autocomplete, Group, NumberInput, SegmentedControl, Select, Stack, TextInput, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useHere } from "../../api/here";
import { offered, templatesQuery } from "../../api/lists";
import { actions as words } from "../../words/actions";
import { jsonIn, type MarkKind, type TriggerDraft, type TriggerKind } from "./draft";

interface TriggerProps {
  draft: TriggerDraft;
  set: (part: Partial<TriggerDraft>) => void;
  fault: (place: string) => string | undefined;
}

const COMMON = [
  "task.done",
  "task.submitted",
  "task.returned",
  "task.skipped",
  "dataset.file_added",
  "version.named",
  "export.ready",
  "import.finished",
  "file.ready",
];
const ZONES = Intl.supportedValuesOf("timeZone");
const choices = (names: Record<string, string>) => Object.entries(names).map(([value, label]) => ({ value, label }));

/** When an action fires. */
export function Trigger({ draft, set, fault }: TriggerProps) {
  const { project } = useHere();
  const { data: templates } = useQuery(templatesQuery(project));
  return (
    <Stack gap="sm">
      <Title order={2}>{words.when}</Title>
      <SegmentedControl
        aria-label={words.when}
        data={choices(words.triggers)}
        value={draft.kind}
        onChange={(kind) => set({ kind: kind as TriggerKind })}
      />
      {draft.kind === "progress" && (
        <>
          <Group grow align="flex-start">
            <Select
              label={words.template}
              required
              searchable
              data={offered(templates)}
              value={draft.template}
              error={fault("when.progress")}
              onChange={(template) => set({ template })}
            />
            <Select
              label={words.mark}
              allowDeselect={false}
              data={choices(words.marks)}
              value={draft.mark}
              onChange={(mark) => set({ mark: mark as MarkKind })}
            />
          </Group>
          <Group grow align="flex-start">
            <NumberInput
              label={draft.mark === "every_tasks" ? words.tasks : words.share}
              required
              min={draft.mark === "every_tasks" ? 1 : 0.01}
              max={draft.mark === "every_tasks" ? undefined : 100}
              value={draft.amount}
              error={fault("when.reaches") ?? fault("when.every")}
              onChange={(amount) => set({ amount: Number(amount) })}
            />
            {draft.mark !== "every_tasks" && (
              <NumberInput
                label={words.atLeast}
                min={1}
                allowDecimal={false}
                value={draft.atLeast}
                error={fault("when.at_least")}
                onChange={(atLeast) => set({ atLeast: Number(atLeast) })}
              />
            )}
          </Group>
        </>
      )}
      {draft.kind === "event" && (
        <Group grow align="flex-start">
          <Autocomplete
            label={words.event}
            description={words.eventWhy}
            placeholder={words.eventHint}
            required
            data={COMMON}
            value={draft.event}
            error={fault("when.event")}
            onChange={(event) => set({ event })}
          />
          <TextInput
            label={words.where}
            description=" "
            placeholder={words.whereHint}
            value={draft.where}
            error={jsonIn(draft.where) === undefined ? words.notJson : fault("when.where")}
            onChange={(event) => set({ where: event.currentTarget.value })}
          />
        </Group>
      )}
      {draft.kind === "schedule" && (
        <Group grow align="flex-start">
          <TextInput
            label={words.cron}
            description={words.cronWhy}
            placeholder={words.cronHint}
            required
            value={draft.cron}
            error={fault("when.schedule")}
            onChange={(event) => set({ cron: event.currentTarget.value })}
          />
          <Select
            label={words.zone}
            description=" "
            searchable
            allowDeselect={false}
            data={ZONES.includes(draft.zone) ? ZONES : [draft.zone, ...ZONES]}
            limit={50}
            value={draft.zone}
            error={fault("when.zone")}
            onChange={(zone) => set({ zone: zone ?? "UTC" })}
          />
        </Group>
      )}
      {fault("when") !== undefined && draft.kind === "by_hand" && <span className="fail">{fault("when")}</span>}
    </Stack>
  );
}
