import { Button, Group, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "../../api/client";
import { useMe } from "../../api/session";
import { Facts } from "../../parts/Facts";
import { Fault } from "../../parts/Fault";
import { settings as words } from "../../words/settings";

/** Oneself: who one is here, and a password to come back with. */
export function Account() {
  const me = useMe();
  const [form, setForm] = useState({ present: "", password: "" });
  const setting = useMutation({
    mutationFn: () =>
      body(
        api.PUT("/api/v1/me/password", {
          body: { password: form.password, ...(form.present === "" ? {} : { present: form.present }) },
        }),
      ),
    onSuccess: () => {
      setForm({ present: "", password: "" });
      notifications.show({ message: words.passwordDone });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setting.mutate();
  };
  return (
    <Stack gap="xl" maw={420}>
      <Facts of={{ [words.name]: <bdi>{me.person.name}</bdi>, [words.email]: me.person.email }} />
      <Stack component="form" onSubmit={submit}>
        <Title order={2}>{words.password}</Title>
        <Text c="dimmed">{words.passwordNeedsEmail}</Text>
        <PasswordInput
          label={words.passwordPresent}
          autoComplete="current-password"
          value={form.present}
          onChange={(event) => setForm({ ...form, present: event.currentTarget.value })}
        />
        <PasswordInput
          label={words.passwordNew}
          autoComplete="new-password"
          required
          minLength={10}
          value={form.password}
          onChange={(event) => setForm({ ...form, password: event.currentTarget.value })}
        />
        <Fault error={setting.error} />
        <Group>
          <Button type="submit" loading={setting.isPending}>
            {words.passwordSet}
          </Button>
        </Group>
      </Stack>
    </Stack>
  );
}
