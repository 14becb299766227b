import { Button, Group, Modal, NumberInput, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body, type Schemas } from "../../api/client";
import { useHere } from "../../api/here";
import { membersQuery, named } from "../../api/lists";
import { queries } from "../../api/queries";
import { type Role, useMe } from "../../api/session";
import { Copy } from "../../parts/Copy";
import { Empty } from "../../parts/Empty";
import { Fault } from "../../parts/Fault";
import { Sure } from "../../parts/Sure";
import { moment, words as common } from "../../words";
import { settings as words } from "../../words/settings";
import { ROLES } from "../people/RoleSelect";

const tokensQuery = (project: number) => ({
  queryKey: ["p", project, "tokens"],
  queryFn: () => body(api.GET("/api/v1/projects/{project}/tokens", { params: { path: { project } } })),
});

/** Tokens by which programs act. */
export function Tokens() {
  const { project } = useHere();
  const { data: tokens } = useSuspenseQuery(tokensQuery(project));
  const { data: members } = useSuspenseQuery(membersQuery(project));
  const names = named(members.map((one) => ({ id: one.person, name: one.name })));
  const [open, setOpen] = useState(false);
  const refresh = () => queries.invalidateQueries({ queryKey: tokensQuery(project).queryKey });
  return (
    <Stack gap="lg" maw={960}>
      {tokens.length === 0 ? (
        <Empty title={words.noTokens}>{words.noTokensWhy}</Empty>
      ) : (
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.tokenName}</Table.Th>
              <Table.Th>{words.tokenFor}</Table.Th>
              <Table.Th>{words.tokenRole}</Table.Th>
              <Table.Th>{words.until}</Table.Th>
              <Table.Th aria-label={common.actions.more} />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {tokens.map((token) => (
              <Table.Tr key={token.id}>
                <Table.Td>
                  <bdi>{token.name}</bdi>
                </Table.Td>
                <Table.Td>
                  <bdi>{names.get(token.person)}</bdi>
                </Table.Td>
                <Table.Td>{token.role == null ? words.tokenRoleOwn : words.roles[token.role]}</Table.Td>
                <Table.Td>
                  {moment(token.expires_at)} {standing(token)}
                </Table.Td>
                <Table.Td>{standing(token) === "" && <Revoke token={token} refresh={refresh} />}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <Group>
        <Button onClick={() => setOpen(true)}>{words.newToken}</Button>
      </Group>
      <Modal
        opened={open}
        onClose={() => setOpen(false)}
        title={words.newToken}
        closeButtonProps={{ "aria-label": common.actions.close }}
      >
        {open && <NewToken refresh={refresh} />}
      </Modal>
    </Stack>
  );
}

function standing(token: Schemas["Token"]): string {
  if (token.revoked_at != null) return words.revoked;
  return Date.parse(token.expires_at) < Date.now() ? words.expired : "";
}

function Revoke({ token, refresh }: { token: Schemas["Token"]; refresh: () => Promise<unknown> }) {
  const { project } = useHere();
  const revoking = useMutation({
    mutationFn: () =>
      body(api.DELETE("/api/v1/projects/{project}/tokens/{token}", { params: { path: { project, token: token.id } } })),
    onSuccess: refresh,
  });
  return (
    <Group justify="flex-end">
      <Sure
        label={words.revokeToken}
        title={words.revokeTokenTitle(token.name)}
        error={revoking.error}
        busy={revoking.isPending}
        onSure={revoking.mutateAsync}
        variant="subtle"
      >
        {words.revokeTokenWhy}
      </Sure>
    </Group>
  );
}

function NewToken({ refresh }: { refresh: () => Promise<unknown> }) {
  const { project, mayAdmin } = useHere();
  const me = useMe();
  const { data: members } = useSuspenseQuery(membersQuery(project));
  const [form, setForm] = useState<{ name: string; person: string; role: string | null; days: number }>({
    name: "",
    person: String(me.person.id),
    role: null,
    days: 90,
  });
  const programs = members.filter((one) => one.kind === "program");
  const making = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/projects/{project}/tokens", {
          params: { path: { project } },
          body: {
            name: form.name,
            expires_in_days: form.days,
            ...(form.person === String(me.person.id) ? {} : { person: Number(form.person) }),
            ...(form.role === null ? {} : { role: form.role as Role }),
          },
        }),
      ),
    onSuccess: refresh,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate();
  };
  if (making.isSuccess) {
    return (
      <Stack>
        <Text c="dimmed">{words.tokenMadeWhy}</Text>
        <Copy label={words.tokenMade} text={making.data.secret ?? ""} />
      </Stack>
    );
  }
  return (
    <Stack component="form" onSubmit={submit}>
      <TextInput
        label={words.tokenName}
        required
        data-autofocus
        maxLength={200}
        value={form.name}
        onChange={(event) => setForm({ ...form, name: event.currentTarget.value })}
      />
      <Select
        label={words.tokenFor}
        allowDeselect={false}
        data={[
          { value: String(me.person.id), label: words.tokenYou },
          ...(mayAdmin ? programs.map((one) => ({ value: String(one.person), label: one.name })) : []),
        ]}
        value={form.person}
        onChange={(person) => setForm({ ...form, person: person ?? form.person })}
      />
      <Select
        label={words.tokenRole}
        placeholder={words.tokenRoleOwn}
        clearable
        data={ROLES}
        value={form.role}
        onChange={(role) => setForm({ ...form, role })}
      />
      <NumberInput
        label={words.days}
        min={1}
        max={366}
        value={form.days}
        onChange={(days) => setForm({ ...form, days: Number(days) })}
      />
      <Fault error={making.error} />
      <Group justify="flex-end">
        <Button type="submit" loading={making.isPending}>
          {words.add}
        </Button>
      </Group>
    </Stack>
  );
}
