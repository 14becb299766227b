import { Button, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, body } from "../../api/client";
import { queries } from "../../api/queries";
import { meQuery, useMe } from "../../api/session";
import { Empty } from "../../parts/Empty";
import { Fault } from "../../parts/Fault";
import { Page } from "../../parts/Page";
import { words } from "../../words";

/** A new project, for whoever runs the installation; others are told how they get into one. */
export function Start() {
  const me = useMe();
  if (!me.owner) {
    return (
      <Page title={words.product}>
        <Empty title={words.start.noProject}>{words.start.noProjectWhy}</Empty>
      </Page>
    );
  }
  return (
    <Page title={words.start.newProject}>
      <NewProject />
    </Page>
  );
}

function NewProject() {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const making = useMutation({
    mutationFn: () => body(api.POST("/api/v1/projects", { body: { name } })),
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: meQuery.queryKey });
      await navigate({ to: "/p/$project/pipeline", params: { project: made.id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate();
  };
  return (
    <Stack component="form" onSubmit={submit} p="xl" maw={400}>
      <Fault error={making.error} />
      <TextInput
        label={words.start.projectName}
        required
        autoFocus
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button type="submit" w="fit-content" loading={making.isPending}>
        {words.start.create}
      </Button>
    </Stack>
  );
}
