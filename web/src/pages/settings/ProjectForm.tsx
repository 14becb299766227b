import { Button, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "../../api/client";
import { useHere } from "../../api/here";
import { healthQuery } from "../../api/lists";
import { queries } from "../../api/queries";
import { meQuery } from "../../api/session";
import { Facts } from "../../parts/Facts";
import { Fault } from "../../parts/Fault";
import { Sure } from "../../parts/Sure";
import { settings as words } from "../../words/settings";

/** The project itself: its name, and its end. */
export function ProjectForm() {
  const { project, name, mayAdmin } = useHere();
  const { data: health } = useQuery(healthQuery);
  const [typed, setTyped] = useState(name);
  const changing = useMutation({
    mutationFn: (change: { name?: string; archived?: boolean }) =>
      body(api.PATCH("/api/v1/projects/{project}", { params: { path: { project } }, body: change })),
  });
  const rename = (event: FormEvent) => {
    event.preventDefault();
    changing.mutate(
      { name: typed },
      {
        onSuccess: async () => {
          await queries.invalidateQueries({ queryKey: meQuery.queryKey });
          notifications.show({ message: words.renamed });
        },
      },
    );
  };
  const archive = async () => {
    await changing.mutateAsync({ archived: true });
    window.location.assign("/");
  };
  return (
    <Stack gap="xl" maw={560}>
      <form onSubmit={rename}>
        <Group align="flex-end">
          <TextInput
            flex={1}
            label={words.projectName}
            required
            maxLength={200}
            disabled={!mayAdmin}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          {mayAdmin && (
            <Button
              type="submit"
              variant="default"
              h={36}
              disabled={typed.trim() === "" || typed === name}
              loading={changing.isPending}
            >
              {words.rename}
            </Button>
          )}
        </Group>
      </form>
      {!mayAdmin && <Text c="dimmed">{words.adminsOnly}</Text>}
      <Fault error={changing.error} />
      {mayAdmin && (
        <Group>
          <Sure
            label={words.archiveProject}
            title={words.archiveProjectTitle}
            error={changing.error}
            busy={changing.isPending}
            onSure={archive}
          >
            {words.archiveProjectWhy}
          </Sure>
        </Group>
      )}
      <section>
        <Title order={2} mb="sm">
          {words.server}
        </Title>
        <Facts
          of={{ [words.serverVersion]: health?.version, [words.url]: health?.public_url ?? window.location.origin }}
        />
      </section>
    </Stack>
  );
}
