import { Button, Group, Stack, Switch, Text, TextInput, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, body } from "../../api/client";
import { faultAt } from "../../api/faults";
import { useHere } from "../../api/here";
import { newId } from "../../api/ids";
import type { Action } from "../../api/lists";
import { queries } from "../../api/queries";
import { Fault } from "../../parts/Fault";
import { Page } from "../../parts/Page";
import { Sure } from "../../parts/Sure";
import { actions as words } from "../../words/actions";
import { actionQuery } from "../runs/queries";
import { type Settings, stepDraft, stepOf, trigger, triggerDraft } from "./draft";
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
  return <Form key={data.edition} of={data} />;
}

function Form({ of }: { of: Action | undefined }) {
  const { project, mayEdit } = useHere();
  const navigate = useNavigate();
  const [name, setName] = useState(of?.name ?? "");
  const [on, setOn] = useState(of?.state !== "off");
  const [when, setWhen] = useState(() => triggerDraft(of?.settings.when));
  const [condition, setCondition] = useState(of?.settings.if ?? "");
  const [steps, setSteps] = useState(() => (of?.settings.do ?? []).map((step) => stepDraft(step, newId())));
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
              headers: { "If-Match": `"${of.edition ?? 1}"` },
              body: { name, settings, state },
            }),
          );
    },
    onSuccess: async (saved) => {
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
        <Group align="flex-end">
          <TextInput
            flex={1}
            label={words.name}
            required
            maxLength={200}
            value={name}
            error={fault("name")}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Switch mb="sm" label={words.state} checked={on} onChange={(event) => setOn(event.currentTarget.checked)} />
        </Group>
        <Trigger draft={when} set={(part) => setWhen({ ...when, ...part })} fault={fault} />
        <TextInput
          label={words.if}
          description={words.ifWhy}
          placeholder={words.ifHint}
          value={condition}
          error={fault("if") ?? fault("condition")}
          onChange={(event) => setCondition(event.currentTarget.value)}
        />
        <Stack gap="sm">
          <Title order={2}>{words.do}</Title>
          <Steps steps={steps} change={setSteps} fault={fault} />
        </Stack>
        <Fault error={saving.error} />
        {mayEdit ? (
          <Group>
            <Button type="submit" disabled={!whole} loading={saving.isPending}>
              {of === undefined ? words.create : words.save}
            </Button>
          </Group>
        ) : (
          <Text c="dimmed">{words.noneWhy}</Text>
        )}
      </Stack>
    </Page>
  );
}
