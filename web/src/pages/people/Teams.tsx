import { Button, Group, MultiSelect, Stack, Table, Text, TextInput } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "../../api/client";
import { useHere } from "../../api/here";
import { membersQuery, type Team, teamsQuery } from "../../api/lists";
import { queries } from "../../api/queries";
import { Empty } from "../../parts/Empty";
import { Fault } from "../../parts/Fault";
import { alike } from "../../parts/sides";
import { Unsaved } from "../../parts/Stale";
import { Sure } from "../../parts/Sure";
import { useEdited } from "../../parts/useEdited";
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

/** What is edited of a team: members as keys, so that both sides' changes of them go together. */
interface Draft {
  name: string;
  members: Readonly<Record<string, true>>;
}

const asMembers = (ids: readonly (number | string)[]): Draft["members"] =>
  Object.fromEntries(ids.map((id) => [String(id), true as const]));
const drafted = ({ name, members = [] }: Team): Draft => ({ name, members: asMembers(members) });

function Row({ team, people, mayAdmin, refresh }: RowProps) {
  const { project } = useHere();
  const edition = team.edition ?? 1;
  const edited = useEdited(edition, drafted(team));
  const { base, draft } = edited;
  const change = (of: { name?: string; members?: number[]; archived?: boolean }, edition: number) =>
    body(
      api.PATCH("/api/v1/projects/{project}/teams/{team}", {
        params: { path: { project, team: team.id } },
        headers: { "If-Match": `"${edition}"` },
        body: of,
      }),
    );
  const saving = useMutation({
    mutationFn: ({ name, members }: Draft) =>
      change({ name, members: Object.keys(members).map(Number) }, edited.edition),
    onSuccess: (saved) => {
      queries.setQueryData(teamsQuery(project).queryKey, (teams) =>
        teams?.map((one) => (one.id === saved.id ? saved : one)),
      );
      edited.restart(saved.edition ?? 1, drafted(saved));
    },
    onSettled: refresh,
  });
  const archiving = useMutation({ mutationFn: () => change({ archived: true }, edition), onSettled: refresh });
  const save = (to: Draft) => {
    if (!edited.isStale && to.name.trim() !== "" && !alike(to, base)) saving.mutate(to);
  };
  const named = (side: Draft) => changesIn(base, side, people);
  return (
    <Table.Tr>
      <Table.Td style={{ verticalAlign: "top" }}>
        {mayAdmin ? (
          <TextInput
            aria-label={`${words.name}: ${team.name}`}
            maxLength={200}
            value={draft.name}
            onChange={(event) => edited.set({ ...draft, name: event.currentTarget.value })}
            onBlur={() => save(draft)}
          />
        ) : (
          <bdi>{team.name}</bdi>
        )}
      </Table.Td>
      <Table.Td>
        <Stack gap="sm" align="stretch">
          <MultiSelect
            aria-label={`${words.teamMembers}: ${team.name}`}
            data={people}
            searchable
            disabled={!mayAdmin || saving.isPending}
            value={Object.keys(draft.members)}
            onChange={(ids) => {
              const to = { ...draft, members: asMembers(ids) };
              edited.set(to);
              save(to);
            }}
          />
          <Unsaved edited={edited} saving={saving} theirs={() => named(drafted(team))} mine={() => named(draft)} />
        </Stack>
      </Table.Td>
      <Table.Td style={{ verticalAlign: "top" }}>
        {mayAdmin && (
          <Group justify="flex-end" wrap="nowrap">
            {edited.isEdited && (
              <Button
                variant="default"
                disabled={edited.isStale}
                loading={saving.isPending}
                onClick={() => save(draft)}
              >
                {common.actions.save}
              </Button>
            )}
            <Sure
              label={words.archiveTeam}
              title={words.archiveTeamTitle(team.name)}
              error={archiving.error}
              busy={archiving.isPending}
              onSure={() => archiving.mutateAsync()}
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

function changesIn(base: Draft, side: Draft, people: RowProps["people"]): string[] {
  const names = new Map(people.map((one) => [one.value, one.label]));
  return [
    ...(side.name === base.name ? [] : [`${words.name}: ${side.name}`]),
    ...Object.keys(side.members)
      .filter((id) => !(id in base.members))
      .map((id) => words.joinsTeam(names.get(id) ?? id)),
    ...Object.keys(base.members)
      .filter((id) => !(id in side.members))
      .map((id) => words.leavesTeam(names.get(id) ?? id)),
  ];
}
