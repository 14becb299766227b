import { Badge, Button, Checkbox, Group, Modal, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../../api/client";
import { useHere } from "../../api/here";
import { type Member, membersQuery, named, teamsQuery } from "../../api/lists";
import { queries } from "../../api/queries";
import { type Role, useMe } from "../../api/session";
import { Copy } from "../../parts/Copy";
import { Fault } from "../../parts/Fault";
import { FormDialog } from "../../parts/FormDialog";
import { Sure } from "../../parts/Sure";
import { day, moment, words as common } from "../../words";
import { settings as words } from "../../words/settings";
import { Invites } from "./Invites";
import { RoleSelect } from "./RoleSelect";

/** Everybody in the project, and the links by which more come. */
export function Members() {
  const { project, mayAdmin } = useHere();
  const { data: members } = useSuspenseQuery(membersQuery(project));
  const { data: teams } = useSuspenseQuery(teamsQuery(project));
  const names = named(teams);
  const refresh = () => queries.invalidateQueries({ queryKey: membersQuery(project).queryKey });
  const changing = useMutation({
    mutationFn: ({ person, ...change }: { person: number; role?: Role; connections?: boolean }) =>
      body(
        api.PATCH("/api/v1/projects/{project}/members/{person}", {
          params: { path: { project, person } },
          body: change,
        }),
      ),
    onSettled: refresh,
  });
  return (
    <Stack gap="xl">
      <Fault error={changing.error} />
      <Table.ScrollContainer minWidth={720}>
        <Table verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.person}</Table.Th>
              <Table.Th>{words.email}</Table.Th>
              <Table.Th>{words.role}</Table.Th>
              <Table.Th>{words.teams}</Table.Th>
              <Table.Th>{words.connections}</Table.Th>
              <Table.Th>{words.since}</Table.Th>
              <Table.Th aria-label={common.actions.more} />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {members.map((member) => (
              <Row
                key={member.person}
                member={member}
                teams={(member.teams ?? []).flatMap((team) => names.get(team) ?? []).join(", ")}
                mayAdmin={mayAdmin}
                change={(change) => changing.mutate({ person: member.person, ...change })}
                refresh={refresh}
              />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {mayAdmin && (
        <Group>
          <AddMember project={project} refresh={refresh} />
          <AddProgram project={project} refresh={refresh} />
        </Group>
      )}
      {mayAdmin ? <Invites /> : <Text c="dimmed">{words.adminsOnly}</Text>}
    </Stack>
  );
}

interface RowProps {
  member: Member;
  teams: string;
  mayAdmin: boolean;
  change: (to: { role?: Role; connections?: boolean }) => void;
  refresh: () => Promise<unknown>;
}

function Row({ member, teams, mayAdmin, change, refresh }: RowProps) {
  const { project } = useHere();
  const me = useMe();
  const path = { params: { path: { project, person: member.person } } };
  const removing = useMutation({
    mutationFn: () => body(api.DELETE("/api/v1/projects/{project}/members/{person}", path)),
    onSuccess: refresh,
  });
  return (
    <Table.Tr>
      <Table.Td>
        <bdi>{member.name}</bdi>{" "}
        {member.person === me.person.id && (
          <Text span c="dimmed">
            {words.you}
          </Text>
        )}{" "}
        {member.kind === "program" && <Badge variant="outline">{words.program}</Badge>}
        {member.claimed === false && (
          <Text size="sm" c="dimmed">
            {words.unclaimed}
          </Text>
        )}
      </Table.Td>
      <Table.Td>{member.email}</Table.Td>
      <Table.Td>
        {mayAdmin ? (
          <Select
            size="xs"
            aria-label={`${words.role}: ${member.name}`}
            allowDeselect={false}
            comboboxProps={{ width: 280, position: "bottom-start" }}
            data={Object.entries(words.roles).map(([value, label]) => ({ value, label }))}
            value={member.role}
            renderOption={({ option }) => `${option.label}: ${words.rolesWhy[option.value] ?? ""}`}
            onChange={(role) => change({ role: role as Role })}
          />
        ) : (
          words.roles[member.role]
        )}
      </Table.Td>
      <Table.Td>{teams}</Table.Td>
      <Table.Td>
        <Checkbox
          aria-label={`${words.connections}: ${member.name}`}
          disabled={!mayAdmin}
          checked={member.connections ?? false}
          onChange={(event) => change({ connections: event.currentTarget.checked })}
        />
      </Table.Td>
      <Table.Td style={{ whiteSpace: "nowrap" }}>
        <time dateTime={member.since} title={moment(member.since)}>
          {day(member.since)}
        </time>
      </Table.Td>
      <Table.Td>
        {mayAdmin && (
          <Group gap="xs" wrap="nowrap" justify="flex-end">
            {member.claimed === false && <LinkFor member={member} />}
            <Sure
              label={words.removeMember}
              title={words.removeMemberTitle(member.name)}
              error={removing.error}
              busy={removing.isPending}
              onSure={removing.mutateAsync}
              variant="subtle"
            >
              {words.removeMemberWhy}
            </Sure>
          </Group>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

/** A link for somebody who was named and has not come yet. */
function LinkFor({ member }: { member: Member }) {
  const { project } = useHere();
  const making = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/projects/{project}/members/{person}/sign-in-link", {
          params: { path: { project, person: member.person } },
        }),
      ),
  });
  return (
    <>
      <Button variant="default" loading={making.isPending} onClick={() => making.mutate()}>
        {words.getLink}
      </Button>
      <Modal
        opened={making.isSuccess || making.isError}
        onClose={() => making.reset()}
        title={words.linkFor(member.name)}
        closeButtonProps={{ "aria-label": common.actions.close }}
      >
        <Stack>
          <Fault error={making.error} />
          {making.isSuccess && (
            <>
              <Text>{words.linkForWhy}</Text>
              <Copy label={words.link} text={`${window.location.origin}/sign-in/${making.data.secret ?? ""}`} />
            </>
          )}
        </Stack>
      </Modal>
    </>
  );
}

interface AddProps {
  project: number;
  refresh: () => Promise<unknown>;
}

function AddMember({ project, refresh }: AddProps) {
  const [form, setForm] = useState({ email: "", name: "", role: "annotator" });
  const adding = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/projects/{project}/members", {
          params: { path: { project } },
          body: { email: form.email, role: form.role as Role, ...(form.name === "" ? {} : { name: form.name }) },
        }),
      ),
    onSuccess: async () => {
      await refresh();
      setForm({ email: "", name: "", role: "annotator" });
    },
  });
  return (
    <FormDialog
      label={words.addMember}
      why={words.addMemberWhy}
      send={words.add}
      saving={adding}
      onSend={() => adding.mutateAsync()}
    >
      <TextInput
        label={words.email}
        type="email"
        required
        data-autofocus
        value={form.email}
        onChange={(event) => setForm({ ...form, email: event.currentTarget.value })}
      />
      <TextInput
        label={words.name}
        value={form.name}
        onChange={(event) => setForm({ ...form, name: event.currentTarget.value })}
      />
      <RoleSelect value={form.role} onChange={(role) => setForm({ ...form, role })} />
    </FormDialog>
  );
}

function AddProgram({ project, refresh }: AddProps) {
  const [form, setForm] = useState({ name: "", role: "annotator" });
  const adding = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/projects/{project}/programs", {
          params: { path: { project } },
          body: { name: form.name, role: form.role as Role },
        }),
      ),
    onSuccess: async () => {
      await refresh();
      setForm({ name: "", role: "annotator" });
    },
  });
  return (
    <FormDialog
      label={words.addProgram}
      why={words.addProgramWhy}
      send={words.add}
      saving={adding}
      onSend={() => adding.mutateAsync()}
    >
      <TextInput
        label={words.name}
        required
        data-autofocus
        value={form.name}
        onChange={(event) => setForm({ ...form, name: event.currentTarget.value })}
      />
      <RoleSelect value={form.role} onChange={(role) => setForm({ ...form, role })} />
    </FormDialog>
  );
}
