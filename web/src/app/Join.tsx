import { Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, body } from "../api/client";
import { enter, meQuery } from "../api/session";
import { Fault } from "../parts/Fault";
import { Loading } from "../parts/Loading";
import { words } from "../words";
import { Door } from "./Door";

/** Follow an invite: somebody signed in joins as themselves, anybody else gets a new account. */
export function Join() {
  const { token = "" } = useParams({ strict: false });
  const navigate = useNavigate();
  const path = { params: { path: { secret: token } } };
  const offer = useQuery({
    queryKey: ["join", token],
    queryFn: () => body(api.GET("/api/v1/join/{secret}", path)),
    retry: false,
  });
  const me = useQuery({ ...meQuery, retry: false });
  const [form, setForm] = useState<{ name?: string; email: string; password: string }>({ email: "", password: "" });
  const name = form.name ?? offer.data?.person ?? "";
  const joining = useMutation({
    mutationFn: () => {
      const told = { name, email: form.email || undefined, password: form.password || undefined };
      return body(api.POST("/api/v1/join/{secret}", { ...path, body: me.isSuccess ? {} : told }));
    },
    onSuccess: (joined) => {
      enter(joined);
      void navigate({ href: "/", replace: true });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    joining.mutate();
  };
  if (offer.isPending || me.isPending) return <Loading />;
  return (
    <Door>
      <Paper component="form" onSubmit={submit} withBorder p="xl" w={360}>
        <Stack gap="md">
          {offer.isError && <Title order={1}>{words.join.no}</Title>}
          <Fault error={offer.error ?? joining.error} />
          {offer.isSuccess && (
            <>
              <Title order={1}>{words.join.title(offer.data.project)}</Title>
              <Text c="dimmed">{words.join.as(offer.data.role, offer.data.team)}</Text>
              {me.isSuccess ? (
                <Text>{words.join.asYourself(me.data.person.name)}</Text>
              ) : (
                <>
                  <TextInput
                    label={words.join.name}
                    autoComplete="name"
                    required
                    autoFocus
                    maxLength={200}
                    value={name}
                    onChange={(event) => setForm({ ...form, name: event.currentTarget.value })}
                  />
                  <TextInput
                    label={words.signIn.email}
                    type="email"
                    autoComplete="username"
                    value={form.email}
                    onChange={(event) => setForm({ ...form, email: event.currentTarget.value })}
                  />
                  <PasswordInput
                    label={words.join.password}
                    description={words.join.passwordWhy}
                    autoComplete="new-password"
                    minLength={10}
                    value={form.password}
                    onChange={(event) => setForm({ ...form, password: event.currentTarget.value })}
                  />
                </>
              )}
              <Button type="submit" size="sm" loading={joining.isPending}>
                {words.join.submit}
              </Button>
            </>
          )}
        </Stack>
      </Paper>
    </Door>
  );
}
