import { Button, Group, MultiSelect, NumberInput, Select, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useHere } from "../../api/here";
import { newId } from "../../api/ids";
import { connectionsQuery, datasetsQuery, formatsQuery, membersQuery, offered, teamsQuery } from "../../api/lists";
import { Removable } from "../../parts/Removable";
import { Transforms } from "../../parts/Transforms";
import type { Transform } from "../../parts/transforms";
import { actions as words } from "../../words/actions";
import { jsonIn, stepDraft, type StepDraft } from "./draft";

interface StepsProps {
  steps: readonly StepDraft[];
  change: (to: StepDraft[]) => void;
  fault: (place: string) => string | undefined;
}

const KINDS = Object.entries(words.kinds).map(([value, label]) => ({ value, label }));

/** What an action does, in order. */
export function Steps({ steps, change, fault }: StepsProps) {
  const put = (at: number, to: StepDraft) => change(steps.map((step, n) => (n === at ? to : step)));
  return (
    <>
      {steps.map((step, at) => (
        <Removable
          key={step.key}
          label={words.step(at + 1)}
          remove={`${words.removeStep}: ${at + 1}`}
          onRemove={() => change(steps.filter((_, n) => n !== at))}
        >
          <Group grow align="flex-start">
            <Select
              label={words.kind}
              allowDeselect={false}
              data={KINDS}
              value={step.kind}
              error={fault(`do[${at}].kind`)}
              onChange={(kind) => kind !== null && put(at, stepDraft({ kind, settings: {} }, step.key))}
            />
            <TextInput
              label={words.stepName}
              placeholder={step.kind}
              value={step.name}
              error={fault(`do[${at}].name`)}
              onChange={(event) => put(at, { ...step, name: event.currentTarget.value })}
            />
          </Group>
          <StepSettings
            step={step}
            set={(settings) => put(at, { ...step, settings: { ...step.settings, ...settings } })}
            type={(field, text) => put(at, { ...step, json: { ...step.json, [field]: text } })}
            fault={(field) => fault(`do[${at}].settings.${field}`) ?? fault(`do[${at}].${field}`)}
          />
        </Removable>
      ))}
      <Group>
        <Button
          variant="default"
          onClick={() => change([...steps, stepDraft({ kind: "export", settings: {} }, newId())])}
        >
          {words.addStep}
        </Button>
      </Group>
    </>
  );
}

interface SettingsProps {
  step: StepDraft;
  set: (part: Record<string, unknown>) => void;
  type: (field: string, text: string) => void;
  fault: (field: string) => string | undefined;
}

const id = (value: unknown): string | null => (typeof value === "number" ? String(value) : null);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const ids = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const number = (value: string | null): number | null => (value === null ? null : Number(value));

function StepSettings(props: SettingsProps) {
  switch (props.step.kind) {
    case "export":
      return <ExportSettings {...props} />;
    case "version":
      return <VersionSettings {...props} />;
    case "webhook":
      return <WebhookSettings {...props} />;
    case "notify":
      return <NotifySettings {...props} />;
    case "add":
      return <AddSettings {...props} />;
    case "command":
      return <CommandSettings {...props} />;
    default:
      return null;
  }
}

function useConnections(kind: string) {
  const { project } = useHere();
  const { data } = useQuery(connectionsQuery(project));
  return offered(data?.filter((one) => one.kind === kind));
}

function useDatasets() {
  const { project } = useHere();
  const { data } = useQuery(datasetsQuery(project));
  return offered(data?.filter((one) => one.archived_at == null));
}

function ExportSettings({ step: { settings }, set, fault }: SettingsProps) {
  const { project } = useHere();
  const [datasets, folders] = [useDatasets(), useConnections("folder")];
  const { data: formats } = useQuery(formatsQuery(project));
  const to = (settings["to"] ?? {}) as { connection?: number; path?: string };
  return (
    <>
      <Group grow align="flex-start">
        <Select
          label={words.dataset}
          required
          searchable
          data={datasets}
          value={id(settings["dataset"])}
          error={fault("dataset")}
          onChange={(dataset) => set({ dataset: number(dataset) })}
        />
        <Select
          label={words.format}
          allowDeselect={false}
          data={formats?.map(({ name, title }) => ({ value: name, label: title })) ?? []}
          searchable
          value={text(settings["format"]) || "jsonl"}
          error={fault("format")}
          onChange={(format) => set({ format })}
        />
        <Select
          label={words.media}
          allowDeselect={false}
          data={Object.entries(words.medias).map(([value, label]) => ({ value, label }))}
          value={text(settings["media"]) || "copy"}
          onChange={(media) => set({ media })}
        />
      </Group>
      <Group grow align="flex-start">
        <Select
          label={words.connection}
          required
          data={folders}
          value={id(to.connection)}
          error={fault("to")}
          onChange={(connection) => set({ to: { ...to, connection: number(connection) } })}
        />
        <TextInput
          label={words.path}
          value={to.path ?? ""}
          onChange={(event) => set({ to: { ...to, path: event.currentTarget.value } })}
        />
      </Group>
      <Transforms
        project={project}
        transforms={(settings["transforms"] ?? []) as Transform[]}
        change={(transforms) => set({ transforms })}
        fault={(place) => fault(`transforms${place}`)}
      />
      <KeepSettings settings={settings} set={set} fault={fault} />
    </>
  );
}

function VersionSettings({ step: { settings }, set, fault }: SettingsProps) {
  return (
    <>
      <Group grow align="flex-start">
        <Select
          label={words.dataset}
          required
          searchable
          data={useDatasets()}
          value={id(settings["dataset"])}
          error={fault("dataset")}
          onChange={(dataset) => set({ dataset: number(dataset) })}
        />
        <TextInput
          label={words.versionName}
          description={words.versionNameWhy}
          value={text(settings["name"])}
          error={fault("name")}
          onChange={(event) => set({ name: event.currentTarget.value || null })}
        />
      </Group>
      <TextInput
        label={words.note}
        value={text(settings["note"])}
        error={fault("note")}
        onChange={(event) => set({ note: event.currentTarget.value })}
      />
      <KeepSettings settings={settings} set={set} fault={fault} />
    </>
  );
}

interface Keep {
  last?: number | null;
  days?: number | null;
}

/** What stays of what a step makes again and again. */
function KeepSettings({ settings, set, fault }: Pick<SettingsProps, "set" | "fault"> & Pick<StepDraft, "settings">) {
  const keep = (settings["keep"] ?? {}) as Keep;
  const put = (part: Keep) => {
    const { last = null, days = null } = { ...keep, ...part };
    set({ keep: last === null && days === null ? null : { last, days } });
  };
  const whole = (value: number | string): number | null => (typeof value === "number" ? value : null);
  return (
    <Group grow align="flex-start">
      <NumberInput
        label={words.keepLast}
        placeholder={words.keepAll}
        min={1}
        allowDecimal={false}
        value={keep.last ?? ""}
        error={fault("keep.last") ?? fault("keep")}
        onChange={(last) => put({ last: whole(last) })}
      />
      <NumberInput
        label={words.keepDays}
        placeholder={words.keepAll}
        min={1}
        allowDecimal={false}
        value={keep.days ?? ""}
        error={fault("keep.days")}
        onChange={(days) => put({ days: whole(days) })}
      />
    </Group>
  );
}

function WebhookSettings({ step: { settings, json }, set, type, fault }: SettingsProps) {
  const receivers = useConnections("webhook");
  return (
    <>
      <Select
        label={words.receiver}
        required
        data={receivers}
        value={id(settings["to"])}
        error={fault("to")}
        onChange={(to) => set({ to: number(to) })}
      />
      <Textarea
        label={words.data}
        autosize
        value={json["data"] ?? ""}
        error={jsonIn(json["data"] ?? "") === undefined ? words.notJson : fault("data")}
        onChange={(event) => type("data", event.currentTarget.value)}
      />
    </>
  );
}

function NotifySettings({ step: { settings }, set, fault }: SettingsProps) {
  const { project } = useHere();
  const { data: members } = useQuery(membersQuery(project));
  const { data: teams } = useQuery(teamsQuery(project));
  const [people, groups] = [ids(settings["members"]), ids(settings["teams"])];
  return (
    <>
      <Group grow align="flex-start">
        <MultiSelect
          label={words.people}
          searchable
          placeholder={people.length + groups.length === 0 ? words.admins : ""}
          data={offered(members?.map((one) => ({ id: one.person, name: one.name })))}
          value={people}
          error={fault("members")}
          onChange={(chosen) => set({ members: chosen.map(Number) })}
        />
        <MultiSelect
          label={words.teams}
          searchable
          data={offered(teams)}
          value={groups}
          error={fault("teams")}
          onChange={(chosen) => set({ teams: chosen.map(Number) })}
        />
      </Group>
      <TextInput
        label={words.subject}
        required
        maxLength={200}
        value={text(settings["subject"])}
        error={fault("subject")}
        onChange={(event) => set({ subject: event.currentTarget.value })}
      />
      <Textarea
        label={words.text}
        autosize
        minRows={2}
        value={text(settings["text"])}
        error={fault("text")}
        onChange={(event) => set({ text: event.currentTarget.value })}
      />
    </>
  );
}

function AddSettings({ step: { settings }, set, fault }: SettingsProps) {
  const datasets = useDatasets();
  const share = settings["sample"];
  return (
    <Group grow align="flex-start">
      <Select
        label={words.to}
        required
        searchable
        data={datasets}
        value={id(settings["to"])}
        error={fault("to")}
        onChange={(to) => set({ to: number(to) })}
      />
      <Select
        label={words.from}
        searchable
        clearable
        placeholder={words.fromEvent}
        data={datasets}
        value={id(settings["dataset"])}
        error={fault("dataset")}
        onChange={(dataset) => set({ dataset: number(dataset) })}
      />
      <NumberInput
        label={words.sample}
        min={0.01}
        max={100}
        placeholder="100"
        value={typeof share === "number" ? 100 * share : ""}
        error={fault("sample")}
        onChange={(value) => set({ sample: typeof value === "number" ? value / 100 : null })}
      />
    </Group>
  );
}

function CommandSettings({ step: { settings, json }, set, type, fault }: SettingsProps) {
  return (
    <>
      <TextInput
        label={words.run}
        description={words.runWhy}
        required
        value={text(settings["run"])}
        error={fault("run")}
        onChange={(event) => set({ run: event.currentTarget.value })}
      />
      <Textarea
        label={words.data}
        autosize
        value={json["inputs"] ?? ""}
        error={jsonIn(json["inputs"] ?? "") === undefined ? words.notJson : fault("inputs")}
        onChange={(event) => type("inputs", event.currentTarget.value)}
      />
    </>
  );
}
