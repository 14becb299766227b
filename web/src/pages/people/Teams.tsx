import { Button, Group, MultiSelect, Stack, Table, Text, TextInput } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "../../api/client";
import { useHere } from "../../api/here";
import { membersQuery, type Team, teamsQuery } from "../../api/lists";
import { queries } from "../../api/queries";
import { Empty } from "../../parts/Empty";
import { Fault } from "../../parts/Fault";
import { Sure } from "../../parts/Sure";
import { words as common } from "../../words";
import { settings as words } from "../../words/settings";

/** Named sets of members, which templates name. */
export function Teams() {
  const { project, mayAdmin } = useHere();
  const { data: teams } = useSuspenseQuery(teamsQuery(project));
  const { data: members } = useSuspenseQuery(membersQuery(project));
  const people = members.map((one) => ({
    value: String(one.person),
    label: one.email == null ? one.name : `${one.name} (${one.email})`,
  }));
  const [name, setName] = useState("");
  const refresh = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: teamsQuery(project).queryKey }),
      queries.invalidateQueries({ queryKey: membersQuery(project).queryKey }),
    ]);
  const making = useMutation({
    mutationFn: () =>
      body(api.POST("/api/v1/projects/{project}/teams", { params: { path: { project } }, body: { name } })),
    onSuccess: async () => {
      setName("");
      await refresh();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate();
  };
  return (
    <Stack gap="lg">
      {teams.length === 0 ? (
        <Empty title={words.noTeams}>{words.noTeamsWhy}</Empty>
      ) : (
        <Table verticalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={240}>{words.team}</Table.Th>
              <Table.Th>{words.teamMembers}</Table.Th>
              <Table.Th aria-label={common.actions.more} />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {teams.map((team) => (
              <Row key={team.id} team={team} people={people} mayAdmin={mayAdmin} refresh={refresh} />
            ))}
          </Table.Tbody>
        </Table>
      )}
      {mayAdmin ? (
        <form onSubmit={submit}>
          <Group align="flex-end">
            <TextInput
              label={words.newTeam}
              required
              maxLength={200}
              w={240}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Button type="submit" variant="default" h={36} loading={making.isPending}>
              {words.add}
            </Button>
          </Group>
        </form>
      ) : (
        <Text c="dimmed">{words.adminsOnly}</Text>
      )}
      <Fault error={making.error} />
    </Stack>
  );
}

interface RowProps {
  team: Team;
  people: { value: string; label: string }[];
  mayAdmin: boolean;
  refresh: () => Promise<unknown>;
}

function Row({ team, people, mayAdmin, refresh }: RowProps) {
  const { project } = useHere();
  const [name, setName] = useState(team.name);
  const changing = useMutation({
    mutationFn: (change: { name?: string; members?: number[]; archived?: boolean }) =>
      body(
        api.PATCH("/api/v1/projects/{project}/teams/{team}", {
          params: { path: { project, team: team.id } },
          headers: { "If-Match": `"${team.edition ?? 1}"` },
          body: change,
        }),
      ),
    onSettled: refresh,
  });
  return (
    <Table.Tr>
      <Table.Td style={{ verticalAlign: "top" }}>
        {mayAdmin ? (
          <TextInput
            aria-label={`${words.name}: ${team.name}`}
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            onBlur={() => {
              if (name.trim() !== "" && name !== team.name) changing.mutate({ name });
            }}
          />
        ) : (
          <bdi>{team.name}</bdi>
        )}
      </Table.Td>
      <Table.Td>
        <MultiSelect
          aria-label={`${words.teamMembers}: ${team.name}`}
          data={people}
          searchable
          disabled={!mayAdmin || changing.isPending}
          value={(team.members ?? []).map(String)}
          onChange={(members) => changing.mutate({ members: members.map(Number) })}
        />
        <Fault error={changing.error} />
      </Table.Td>
      <Table.Td style={{ verticalAlign: "top" }}>
        {mayAdmin && (
          <Group justify="flex-end">
            <Sure
              label={words.archiveTeam}
              title={words.archiveTeamTitle(team.name)}
              error={changing.error}
              busy={changing.isPending}
              onSure={() => changing.mutateAsync({ archived: true })}
              variant="subtle"
            >
              {words.archiveTeamWhy}
            </Sure>
          </Group>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
