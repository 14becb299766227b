import { Button, Drawer, List, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../../api/client";
import { membersQuery, named } from "../../api/lists";
import { Fault } from "../../parts/Fault";
import { moment, words as common } from "../../words";
import { schema as words } from "../../words/schema";

/** What each version of the schema changed, and who did it. */
export function Versions({ project, version }: { project: number; version: number }) {
  const [open, setOpen] = useState(false);
  const found = useQuery({
    queryKey: ["p", project, "schema", "versions", version],
    queryFn: () =>
      body(
        api.GET("/api/v1/projects/{project}/schema/versions", { params: { path: { project }, query: { limit: 100 } } }),
      ),
    enabled: open,
  });
  const people = useQuery({ ...membersQuery(project), enabled: open });
  const names = named(people.data?.map((one) => ({ id: one.person, name: one.name })));
  return (
    <>
      <Text c="dimmed">{words.version(version)}</Text>
      <Button variant="default" onClick={() => setOpen(true)}>
        {words.history}
      </Button>
      <Drawer
        opened={open}
        onClose={() => setOpen(false)}
        position="right"
        title={words.history}
        closeButtonProps={{ "aria-label": common.actions.close }}
      >
        <Stack>
          <Fault error={found.error} />
          {found.data?.items.map((one) => (
            <section key={one.version}>
              <Title order={3}>{words.version(one.version)}</Title>
              <Text c="dimmed" size="sm">
                {moment(one.at)} <bdi>{one.actor == null ? "" : names.get(one.actor)}</bdi>
              </Text>
              <List size="sm">
                {one.changes.map((change, at) => (
                  <List.Item key={at}>{change}</List.Item>
                ))}
              </List>
            </section>
          ))}
        </Stack>
      </Drawer>
    </>
  );
}
