import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { api, body, type Schemas } from "../../api/client";
import { faultAt } from "../../api/faults";
import { useHere } from "../../api/here";
import { type Template as Told, templateQuery, templatesQuery } from "../../api/lists";
import { isStale } from "../../api/problem";
import { queries } from "../../api/queries";
import { Fault } from "../../parts/Fault";
import { Page } from "../../parts/Page";
import { changesOf } from "../../parts/sides";
import { Unsaved } from "../../parts/Stale";
import { State } from "../../parts/State";
import { Sure } from "../../parts/Sure";
import { useEdited } from "../../parts/useEdited";
import { templates as words } from "../../words/templates";
import { MoreSettings } from "./MoreSettings";
import { PeopleSettings } from "./PeopleSettings";
import { RouteSettings } from "./RouteSettings";
import { ShownSettings } from "./ShownSettings";

export type Settings = Schemas["TemplateSettings"];

export interface PartProps {
  settings: Settings;
  set: (part: Partial<Settings>) => void;
  disabled: boolean;
  fault: (place: string) => string | undefined;
}

/** A template that is yet to be made. */
export function NewTemplate() {
  return <Form of={undefined} />;
}

/** A template's settings. */
export function Template() {
  const { project } = useHere();
  const { template = 0 } = useParams({ strict: false });
  const { data } = useSuspenseQuery(templateQuery(project, Number(template)));
  return <Form key={data.id} of={data} />;
}

interface Draft {
  name: string;
  settings: Settings;
}

const NEW: Draft = { name: "", settings: {} };
const drafted = ({ name, settings }: Told): Draft => ({ name, settings });

function Form({ of }: { of: Told | undefined }) {
  const { project, mayEdit } = useHere();
  const navigate = useNavigate();
  const now = of === undefined ? NEW : drafted(of);
  const edited = useEdited(of?.edition ?? 0, now);
  const { name, settings } = edited.draft;
  const disabled = !mayEdit || of?.state === "archived";
  const refresh = async (to: Told) => {
    queries.setQueryData(templateQuery(project, to.id).queryKey, to as NonNullable<typeof to>);
    await queries.invalidateQueries({ queryKey: templatesQuery(project).queryKey });
  };
  const saving = useMutation({
    mutationFn: () =>
      of === undefined
        ? body(
            api.POST("/api/v1/projects/{project}/templates", {
              params: { path: { project } },
              body: { name, settings },
            }),
          )
        : body(
            api.PATCH("/api/v1/projects/{project}/templates/{template}", {
              params: { path: { project, template: of.id } },
              headers: { "If-Match": `"${edited.edition}"` },
              body: { name, settings },
            }),
          ),
    onError: (error) => {
      if (isStale(error)) void queries.invalidateQueries({ queryKey: templateQuery(project, of?.id ?? 0).queryKey });
    },
    onSuccess: async (saved) => {
      edited.restart(saved.edition, drafted(saved));
      await refresh(saved);
      notifications.show({ message: words.saved });
      if (of === undefined)
        await navigate({ to: "/p/$project/templates/$template", params: { project, template: saved.id } });
    },
  });
  const turning = useMutation({
    mutationFn: (how: "pause" | "resume" | "archive") =>
      body(
        api.POST(`/api/v1/projects/{project}/templates/{template}/${how}`, {
          params: { path: { project, template: of?.id ?? 0 } },
        }),
      ),
    onSuccess: refresh,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  const part: PartProps = {
    settings,
    set: (change) => edited.set({ name, settings: { ...settings, ...change } }),
    disabled,
    fault: (place) => faultAt(saving.error, place),
  };
  return (
    <Page
      title={<bdi>{of?.name ?? words.make}</bdi>}
      name={of?.name ?? words.make}
      actions={
        of !== undefined && (
          <>
            <State state={of.state === "active" ? "on" : of.state} word={words.states[of.state] ?? of.state} />
            <Button
              variant="default"
              renderRoot={(props) => (
                <Link {...props} to="/p/$project/templates/$template/queue" params={{ project, template: of.id }} />
              )}
            >
              {words.tasks}
            </Button>
            {!disabled && (
              <>
                <Button
                  variant="default"
                  loading={turning.isPending}
                  onClick={() => turning.mutate(of.state === "active" ? "pause" : "resume")}
                >
                  {of.state === "active" ? words.pause : words.resume}
                </Button>
                <Sure
                  label={words.archive}
                  title={words.archiveTitle(of.name)}
                  error={turning.error}
                  busy={turning.isPending}
                  onSure={() => turning.mutateAsync("archive")}
                >
                  {words.archiveWhy}
                </Sure>
              </>
            )}
          </>
        )
      }
    >
      <Stack component="form" onSubmit={submit} px="xl" py="lg" gap="xl" maw={720}>
        {!mayEdit && <Text c="dimmed">{words.readOnly}</Text>}
        <Fault error={turning.error} />
        <TextInput
          label={words.name}
          required
          maxLength={200}
          disabled={disabled}
          value={name}
          error={faultAt(saving.error, "name")}
          onChange={(event) => edited.set({ name: event.currentTarget.value, settings })}
        />
        <RouteSettings {...part} />
        <ShownSettings {...part} />
        <PeopleSettings {...part} />
        <MoreSettings {...part} />
        <Unsaved
          edited={edited}
          saving={saving}
          theirs={() => said(edited.base, now)}
          mine={() => said(edited.base, edited.draft)}
        />
        {!disabled && (
          <Group>
            <Button type="submit" loading={saving.isPending} disabled={edited.isStale}>
              {of === undefined ? words.create : words.save}
            </Button>
          </Group>
        )}
      </Stack>
    </Page>
  );
}

const said = (base: Draft, side: Draft): string[] => {
  const flat = ({ name, settings }: Draft) => ({ name, ...settings });
  return changesOf(flat(base), flat(side), words.fields).map((one) => `${one.what}: ${one.value}`);
};
