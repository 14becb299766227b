import { Button, Group, List, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../../api/client";
import { useHere } from "../../api/here";
import { schemaQuery } from "../../api/labels";
import { isStale, Refused } from "../../api/problem";
import { queries } from "../../api/queries";
import { Empty } from "../../parts/Empty";
import { Page } from "../../parts/Page";
import { Unsaved } from "../../parts/Stale";
import { useEdited } from "../../parts/useEdited";
import { schema as words } from "../../words/schema";
import { AttributeForm } from "./AttributeForm";
import { type DraftAttribute, type DraftLabel, differences, drafted, wanted } from "./draft";
import { LabelForm } from "./LabelForm";
import { Things } from "./Things";
import classes from "./Schema.module.css";
import { Versions } from "./Versions";

/** Labels and attributes: a draft of all, saved at once or not at all. */
export function Schema() {
  const { project, mayEdit } = useHere();
  const { data: schema } = useSuspenseQuery(schemaQuery(project));
  const [chosen, setChosen] = useState<string | null>(null);
  const now = drafted(schema);
  const edited = useEdited(schema.version, now);
  const { draft, set: change } = edited;
  const changes = differences(edited.base, draft);
  const nameless = [...draft.labels, ...draft.attributes].some((one) => !one.archived && one.name.trim() === "");
  const forget = () => {
    edited.take();
    saving.reset();
  };
  const saving = useMutation({
    mutationFn: () =>
      body(
        api.PUT("/api/v1/projects/{project}/schema", {
          params: { path: { project } },
          headers: { "If-Match": `"${edited.edition}"` },
          body: wanted(draft),
        }),
      ),
    onSuccess: (saved) => {
      queries.setQueryData(schemaQuery(project).queryKey, saved as typeof schema);
      edited.restart(saved.version, drafted(saved as typeof schema));
      notifications.show({ message: words.saved(saved.version) });
    },
    onError: (error) => {
      if (isStale(error)) void queries.invalidateQueries({ queryKey: schemaQuery(project).queryKey });
    },
  });
  const fault = (place: string) => (saving.error instanceof Refused ? within(saving.error, place) : undefined);
  const label = draft.labels.find((one) => one.key === chosen);
  const attribute = draft.attributes.find((one) => one.key === chosen);
  const setLabel = (to: DraftLabel) =>
    change({ ...draft, labels: draft.labels.map((one) => (one.key === to.key ? to : one)) });
  const setAttribute = (to: DraftAttribute) =>
    change({ ...draft, attributes: draft.attributes.map((one) => (one.key === to.key ? to : one)) });
  return (
    <Page title={words.title} actions={<Versions project={project} version={schema.version} />}>
      <div className={classes["page"]}>
        <Things draft={draft} chosen={chosen} choose={setChosen} change={change} mayEdit={mayEdit} fault={fault} />
        <Stack maw={560}>
          {label !== undefined && (
            <LabelForm
              key={label.key}
              label={label}
              change={setLabel}
              mayEdit={mayEdit}
              faults={fault(`labels.${label.name.trim()}`)}
            />
          )}
          {attribute !== undefined && (
            <AttributeForm
              key={attribute.key}
              attribute={attribute}
              draft={draft}
              change={setAttribute}
              mayEdit={mayEdit}
              faults={fault(`attributes.${attribute.name.trim()}`)}
            />
          )}
          {label === undefined && attribute === undefined && draft.labels.length === 0 && (
            <Empty title={words.noLabels}>{words.noLabelsWhy}</Empty>
          )}
          {label === undefined && attribute === undefined && draft.labels.length > 0 && (
            <Text c="dimmed">{words.choose}</Text>
          )}
          {!mayEdit && <Text c="dimmed">{words.readOnly}</Text>}
        </Stack>
      </div>
      {changes.length > 0 && (
        <Group className={classes["foot"]} justify="space-between" align="flex-start" wrap="nowrap">
          <div style={{ maxHeight: 160, overflow: "auto" }}>
            <Text fw={600}>{words.changes(changes.length)}</Text>
            <List size="sm">
              {changes.map((one) => (
                <List.Item key={one}>{one}</List.Item>
              ))}
            </List>
          </div>
          <Stack gap="sm" align="flex-end" maw={560}>
            <Unsaved
              edited={edited}
              saving={saving}
              theirs={() => differences(edited.base, now)}
              mine={() => changes}
            />
            <Group gap="sm" wrap="nowrap">
              <Button variant="default" onClick={forget}>
                {words.discard}
              </Button>
              <Button loading={saving.isPending} disabled={nameless || edited.isStale} onClick={() => saving.mutate()}>
                {words.saveWhat}
              </Button>
            </Group>
          </Stack>
        </Group>
      )}
    </Page>
  );
}

/** What the server found wrong at a place or below it, by the rest of the place. */
function within(refused: Refused, place: string): Record<string, string> | undefined {
  const found = refused.problem.errors.filter((fault) => fault.at === place || fault.at.startsWith(`${place}.`));
  return found.length === 0
    ? undefined
    : Object.fromEntries(found.map((one) => [one.at.slice(place.length + 1), one.detail]));
}
