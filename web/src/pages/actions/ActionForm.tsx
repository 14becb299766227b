import { Button, Fieldset, Group, Stack, Switch, Text, TextInput, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { api, body } from "../../api/client";
import { faultAt } from "../../api/faults";
import { useHere } from "../../api/here";
import type { Action } from "../../api/lists";
import { isStale } from "../../api/problem";
import { queries } from "../../api/queries";
import { Page } from "../../parts/Page";
import { QueryInput } from "../../parts/QueryInput";
import { changesOf } from "../../parts/sides";
import { Unsaved } from "../../parts/Stale";
import { Sure } from "../../parts/Sure";
import { useEdited } from "../../parts/useEdited";
import { actions as words } from "../../words/actions";
import { actionQuery } from "../runs/queries";
import { type Settings, type StepDraft, stepDraft, stepOf, trigger, type TriggerDraft, triggerDraft } from "./draft";
import { Steps } from "./Steps";
import { Trigger } from "./Trigger";

/** An action that is yet to be made. */
export function NewAction() {
  return <Form of={undefined} />;
}

/** Changing an action. */
export function EditAction() {
  const { project } = useHere();
  const { action = 0 } = useParams({ strict: false });
  const { data } = useSuspenseQuery(actionQuery(project, Number(action)));
  return <Form key={data.id} of={data} />;
}

interface Draft {
  name: string;
  on: boolean;
  when: TriggerDraft;
  condition: string;
  steps: readonly StepDraft[];
}

const drafted = (of: Action | undefined): Draft => ({
  name: of?.name ?? "",
  on: of?.state !== "off",
  when: triggerDraft(of?.settings.when),
  condition: of?.settings.if ?? "",
  steps: (of?.settings.do ?? []).map((step, at) => stepDraft(step, `step ${at + 1}`)),
});

function Form({ of }: { of: Action | undefined }) {
  const { project, mayEdit } = useHere();
  const navigate = useNavigate();
  const now = drafted(of);
  const edited = useEdited(of?.edition ?? 1, now);
  const { name, on, when, condition, steps } = edited.draft;
  const set = (part: Partial<Draft>) => edited.set({ ...edited.draft, ...part });
  const [wanted, does] = [trigger(when), steps.map(stepOf)];
  const whole = wanted !== undefined && does.length > 0 && does.every((step) => step !== undefined);
  const leave = (action: number) => navigate({ to: "/p/$project/actions/$action", params: { project, action } });
  const saving = useMutation({
    mutationFn: () => {
      const settings = {
        when: wanted,
        ...(condition.trim() === "" ? {} : { if: condition }),
        do: does,
      } as Settings;
      const state = on ? ("on" as const) : ("off" as const);
      return of === undefined
        ? body(
            api.POST("/api/v1/projects/{project}/actions", {
              params: { path: { project } },
              body: { name, settings, state },
            }),
          )
        : body(
            api.PATCH("/api/v1/projects/{project}/actions/{action}", {
              params: { path: { project, action: of.id } },
              headers: { "If-Match": `"${edited.edition}"` },
              body: { name, settings, state },
            }),
          );
    },
    onError: (error) => {
      if (isStale(error)) void queries.invalidateQueries({ queryKey: actionQuery(project, of?.id ?? 0).queryKey });
    },
    onSuccess: async (saved) => {
      edited.restart(saved.edition ?? 1, drafted(saved));
      await queries.invalidateQueries({ queryKey: ["p", project] });
      notifications.show({ message: words.saved });
      await leave(saved.id);
    },
  });
  const removing = useMutation({
    mutationFn: () =>
      body(
        api.DELETE("/api/v1/projects/{project}/actions/{action}", {
          params: { path: { project, action: of?.id ?? 0 } },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["p", project] });
      await navigate({ to: "/p/$project/actions", params: { project } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  const fault = (place: string) => faultAt(saving.error, place);
  return (
    <Page
      title={<bdi>{of?.name ?? words.make}</bdi>}
      name={of?.name ?? words.make}
      actions={
        of !== undefined &&
        mayEdit && (
          <Sure
            label={words.remove}
            title={words.removeTitle(of.name)}
            error={removing.error}
            busy={removing.isPending}
            onSure={removing.mutateAsync}
          >
            {words.removeWhy}
          </Sure>
        )
      }
    >
      <Stack component="form" onSubmit={submit} px="xl" py="lg" gap="xl" maw={720}>
        <Fieldset variant="unstyled" disabled={!mayEdit}>
          <Stack gap="xl">
            <Group align="flex-end">
              <TextInput
                flex={1}
                label={words.name}
                required
                maxLength={200}
                value={name}
                error={fault("name")}
                onChange={(event) => set({ name: event.currentTarget.value })}
              />
              <Switch
                mb="sm"
                label={words.state}
                checked={on}
                onChange={(event) => set({ on: event.currentTarget.checked })}
              />
            </Group>
            <Trigger draft={when} set={(part) => set({ when: { ...when, ...part } })} fault={fault} />
            <QueryInput
              project={project}
              context="event"
              label={words.if}
              description={words.ifWhy}
              placeholder={words.ifHint}
              value={condition}
              error={fault("if") ?? fault("condition")}
              onChange={(condition) => set({ condition })}
            />
            <Stack gap="sm">
              <Title order={2}>{words.do}</Title>
              <Steps steps={steps} change={(to) => set({ steps: to })} fault={fault} />
            </Stack>
          </Stack>
        </Fieldset>
        <Unsaved
          edited={edited}
          saving={saving}
          theirs={() => said(edited.base, now)}
          mine={() => said(edited.base, edited.draft)}
        />
        {mayEdit ? (
          <Group>
            <Button type="submit" disabled={!whole || edited.isStale} loading={saving.isPending}>
              {of === undefined ? words.create : words.save}
            </Button>
          </Group>
        ) : (
          <Text c="dimmed">{words.readOnly}</Text>
        )}
      </Stack>
    </Page>
  );
}

/** What a side changed, as the API has it: a draft also holds what is half typed. */
function said(base: Draft, side: Draft): string[] {
  const plain = ({ name, on, when, condition, steps }: Draft) => ({
    name,
    on,
    when: trigger(when),
    if: condition,
    ...Object.fromEntries(steps.map((step, at) => [`step ${at + 1}`, stepOf(step)])),
  });
  return changesOf(plain(base), plain(side), words.fields).map((one) => `${one.what}: ${one.value}`);
}
