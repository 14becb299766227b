import { Group, NumberInput, Select, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link2 } from "lucide-react";
import { useState } from "react";
import { api, body, type Schemas } from "../../api/client";
import { useHere } from "../../api/here";
import { healthQuery, named, offered, teamsQuery } from "../../api/lists";
import { queries } from "../../api/queries";
import type { Role } from "../../api/session";
import { Copy } from "../../parts/Copy";
import { FormDialog } from "../../parts/FormDialog";
import { Notice } from "../../parts/Notice";
import { Sure } from "../../parts/Sure";
import { moment, words as common } from "../../words";
import { settings as words } from "../../words/settings";
import { RoleSelect } from "./RoleSelect";

type Invite = Schemas["Invite"];

const invitesQuery = (project: number) => ({
  queryKey: ["p", project, "invites"],
  queryFn: () => body(api.GET("/api/v1/projects/{project}/invites", { params: { path: { project } } })),
});
const HOURS = Object.entries(words.hourChoices).map(([value, label]) => ({ value, label }));

/** Links by which people join, for admins. */
export function Invites() {
  const { project } = useHere();
  const { data: invites } = useSuspenseQuery(invitesQuery(project));
  const { data: teams } = useSuspenseQuery(teamsQuery(project));
  const names = named(teams);
  const good = invites.filter((one) => isGood(one));
  return (
    <Stack component="section">
      <Group justify="space-between">
        <Title order={2}>{words.invites}</Title>
        <NewInvite project={project} />
      </Group>
      {good.length === 0 ? (
        <Text c="dimmed">{words.noInvites}</Text>
      ) : (
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.role}</Table.Th>
              <Table.Th>{words.team}</Table.Th>
              <Table.Th>{words.uses}</Table.Th>
              <Table.Th>{words.until}</Table.Th>
              <Table.Th aria-label={common.actions.more} />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {good.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td>{words.roles[one.role]}</Table.Td>
                <Table.Td>{one.team == null ? "" : names.get(one.team)}</Table.Td>
                <Table.Td>{words.usesLeft(one.uses_left)}</Table.Td>
                <Table.Td>{moment(one.expires_at)}</Table.Td>
                <Table.Td>
                  <Revoke project={project} invite={one.id} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Stack>
  );
}

const isGood = (one: Invite): boolean =>
  one.revoked_at == null && one.uses_left !== 0 && Date.parse(one.expires_at) > Date.now();

function Revoke({ project, invite }: { project: number; invite: number }) {
  const revoking = useMutation({
    mutationFn: () =>
      body(api.DELETE("/api/v1/projects/{project}/invites/{invite}", { params: { path: { project, invite } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: invitesQuery(project).queryKey }),
  });
  return (
    <Group justify="flex-end">
      <Sure
        label={words.revoke}
        title={words.revokeTitle}
        error={revoking.error}
        busy={revoking.isPending}
        onSure={revoking.mutateAsync}
        variant="subtle"
      >
        {words.revokeWhy}
      </Sure>
    </Group>
  );
}

/** A button and the dialog that makes a link. Says so when nobody else could open it. */
export function NewInvite({ project }: { project: number }) {
  const [form, setForm] = useState<{ role: string; team: string | null; uses: number | string; hours: string }>({
    role: "annotator",
    team: null,
    uses: "",
    hours: "168",
  });
  const { data: teams } = useQuery(teamsQuery(project));
  const making = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/projects/{project}/invites", {
          params: { path: { project } },
          body: {
            role: form.role as Role,
            expires_in_hours: Number(form.hours),
            ...(form.team === null ? {} : { team: Number(form.team) }),
            ...(typeof form.uses === "number" ? { uses: form.uses } : {}),
          },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: invitesQuery(project).queryKey }),
  });
  return (
    <FormDialog
      label={words.invite}
      title={words.inviteTitle}
      icon={<Link2 size={14} aria-hidden />}
      variant="filled"
      size="lg"
      why={words.inviteWhy}
      send={words.make}
      saving={making}
      onSend={() => making.mutateAsync()}
      onClose={making.reset}
      outcome={
        making.isSuccess ? (
          <Stack>
            <Text fw={600}>{words.inviteMade}</Text>
            <Text c="dimmed">{words.inviteOnce}</Text>
            <InviteLink secret={making.data.secret ?? ""} />
          </Stack>
        ) : null
      }
    >
      <RoleSelect value={form.role} onChange={(role) => setForm({ ...form, role })} />
      <Select
        label={words.team}
        placeholder={words.noTeam}
        clearable
        data={offered(teams)}
        value={form.team}
        onChange={(team) => setForm({ ...form, team })}
      />
      <NumberInput
        label={words.uses}
        placeholder={words.usesAny}
        min={1}
        max={10_000}
        value={form.uses}
        onChange={(uses) => setForm({ ...form, uses })}
      />
      <Select
        label={words.hours}
        data={HOURS}
        allowDeselect={false}
        value={form.hours}
        onChange={(hours) => setForm({ ...form, hours: hours ?? "168" })}
      />
    </FormDialog>
  );
}

function InviteLink({ secret }: { secret: string }) {
  const { data: health } = useQuery(healthQuery);
  const url = health?.public_url ?? window.location.origin;
  return (
    <Stack>
      <Copy label={words.link} text={`${url.replace(/\/$/, "")}/join/${secret}`} />
      {health?.reach === "machine" && (
        <Notice title={words.loopback}>
          <Text>{words.loopbackWhy}</Text>
          <Copy label={words.command} text={words.loopbackCommand(window.location.port || "80")} />
          <Text>{words.loopbackMore}</Text>
        </Notice>
      )}
    </Stack>
  );
}
