import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, body, type Schemas } from "../../api/client";
import { faultAt } from "../../api/faults";
import { useHere } from "../../api/here";
import { type Template as Told, templateQuery, templatesQuery } from "../../api/lists";
import { queries } from "../../api/queries";
import { Fault } from "../../parts/Fault";
import { Page } from "../../parts/Page";
import { State } from "../../parts/State";
import { Sure } from "../../parts/Sure";
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
  return <Form key={data.edition} of={data} />;
}

function Form({ of }: { of: Told | undefined }) {
  const { project, mayEdit } = useHere();
  const navigate = useNavigate();
  const [name, setName] = useState(of?.name ?? "");
  const [settings, setSettings] = useState<Settings>(of?.settings ?? {});
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
              headers: { "If-Match": `"${of.edition}"` },
              body: { name, settings },
            }),
          ),
    onSuccess: async (saved) => {
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
    set: (change) => setSettings({ ...settings, ...change }),
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
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <RouteSettings {...part} />
        <ShownSettings {...part} />
        <PeopleSettings {...part} />
        <MoreSettings {...part} />
        <Fault error={saving.error} />
        {!disabled && (
          <Group>
            <Button type="submit" loading={saving.isPending}>
              {of === undefined ? words.create : words.save}
            </Button>
          </Group>
        )}
      </Stack>
    </Page>
  );
}
