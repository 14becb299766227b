import { Anchor, Button, Group, Stack, Text, TextInput, Title, UnstyledButton } from "@mantine/core";
import { CircleHelp, TriangleAlert } from "lucide-react";
import { type FormEvent, useState } from "react";
import { newId } from "../../api/ids";
import { LABEL_COLOURS } from "../../theme/theme";
import { schema as words } from "../../words/schema";
import { type Draft, type DraftAttribute, type DraftLabel, namesIn } from "./draft";
import classes from "./Schema.module.css";

interface ThingsProps {
  draft: Draft;
  chosen: string | null;
  choose: (key: string) => void;
  change: (to: Draft) => void;
  mayEdit: boolean;
  fault: (place: string) => Record<string, string> | undefined;
}

/** The lists of labels and attributes, and how to add some. */
export function Things({ draft, chosen, choose, change, mayEdit, fault }: ThingsProps) {
  const [typed, setTyped] = useState("");
  const [shown, setShown] = useState(false);
  const archived = [...draft.labels, ...draft.attributes].filter((one) => one.archived).length;
  const addLabels = (event: FormEvent) => {
    event.preventDefault();
    const taken = draft.labels.filter((label) => !label.archived).map((label) => label.name);
    const made = namesIn(typed, taken).map((name, at) => newLabel(name, draft.labels.length + at));
    if (made.length === 0) return;
    change({ ...draft, labels: [...draft.labels, ...made] });
    choose(made[0]!.key);
    setTyped("");
  };
  const addAttribute = () => {
    const made = newAttribute();
    change({ ...draft, attributes: [...draft.attributes, made] });
    choose(made.key);
  };
  const row = (one: DraftLabel | DraftAttribute, room: "labels" | "attributes") => (
    <UnstyledButton
      key={one.key}
      className={classes["row"]}
      aria-current={one.key === chosen}
      onClick={() => choose(one.key)}
    >
      {"points" in one ? (
        <span className={classes["swatch"]} style={{ background: one.color ?? "#4477aa" }} aria-hidden />
      ) : (
        <CircleHelp size={14} aria-hidden />
      )}
      <bdi className={classes["name"]}>{one.name || words.fresh}</bdi>
      {fault(`${room}.${one.name.trim()}`) !== undefined && <TriangleAlert size={14} className="fail" aria-hidden />}
      <Text span size="xs" c="dimmed" className={classes["told"] ?? ""}>
        {one.archived ? words.archived : one.was === undefined ? words.fresh : told(one)}
      </Text>
    </UnstyledButton>
  );
  const told = (one: DraftLabel | DraftAttribute): string => {
    if ("points" in one) return one.kinds.map((kind) => words.kindNames[kind] ?? kind).join(", ");
    if (one.per === "file") return words.ofFile;
    return draft.labels.flatMap((label) => (one.on.includes(label.key) ? label.name : [])).join(", ");
  };
  const visible = <T extends DraftLabel | DraftAttribute>(things: readonly T[]) =>
    things.filter((one) => shown || !one.archived || one.key === chosen);
  return (
    <Stack gap="xl">
      <section>
        <Title order={2} mb="sm">
          {words.labels}
        </Title>
        <div className={classes["list"]}>{visible(draft.labels).map((label) => row(label, "labels"))}</div>
        {mayEdit && (
          <form onSubmit={addLabels}>
            <Group gap="sm" mt="sm" wrap="nowrap" align="flex-end">
              <TextInput
                flex={1}
                label={words.addLabels}
                placeholder={words.addLabelsHint}
                value={typed}
                onChange={(event) => setTyped(event.currentTarget.value)}
              />
              <Button type="submit" variant="default" size="compact-md" h={36} disabled={namesIn(typed).length === 0}>
                {words.add}
              </Button>
            </Group>
          </form>
        )}
      </section>
      <section>
        <Title order={2} mb="sm">
          {words.attributes}
        </Title>
        {draft.attributes.length === 0 && (
          <Text c="dimmed" mb="sm">
            {words.noAttributesWhy}
          </Text>
        )}
        <div className={classes["list"]}>{visible(draft.attributes).map((one) => row(one, "attributes"))}</div>
        {mayEdit && (
          <Button variant="default" mt="sm" onClick={addAttribute}>
            {words.addAttribute}
          </Button>
        )}
      </section>
      {archived > 0 && !shown && (
        <Anchor component="button" type="button" ta="left" onClick={() => setShown(true)}>
          {words.showArchived(archived)}
        </Anchor>
      )}
    </Stack>
  );
}

function newLabel(name: string, at: number): DraftLabel {
  const color = LABEL_COLOURS[at % LABEL_COLOURS.length]!.toLowerCase();
  return { key: newId(), name, kinds: [], color, points: [], edges: [], archived: false, foreign: {} };
}

function newAttribute(): DraftAttribute {
  return {
    key: newId(),
    name: "",
    kind: "radio",
    per: "annotation",
    on: [],
    options: [],
    required: false,
    archived: false,
    foreign: {},
  };
}
