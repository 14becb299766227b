import { Anchor, Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, body, type Schemas } from "../api/client";
import { enter } from "../api/session";
import { Fault } from "../parts/Fault";
import { words } from "../words";
import { Door } from "./Door";

/** By a one-time link or by a password. The link waits for a click: programs that preview links must not use it up. */
export function SignIn() {
  const { link } = useParams({ strict: false });
  const { to } = useSearch({ strict: false });
  const navigate = useNavigate();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const entering = useMutation({
    mutationFn: (proof: Schemas["SignIn"]) => body(api.POST("/api/v1/sign-in", { body: proof })),
    onSuccess: (me) => {
      enter(me);
      void navigate({ href: to?.startsWith("/") === true && !to.startsWith("//") ? to : "/", replace: true });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    entering.mutate(link === undefined ? { email, password } : { link });
  };
  return (
    <Door>
      <Paper component="form" onSubmit={submit} withBorder p="xl" w={360}>
        <Stack gap="md">
          <Title order={1}>{words.signIn.title}</Title>
          <Fault error={entering.error} />
          {link === undefined ? (
            <>
              <TextInput
                label={words.signIn.email}
                type="email"
                autoComplete="username"
                required
                autoFocus
                value={email}
                onChange={(event) => setEmail(event.currentTarget.value)}
              />
              <PasswordInput
                label={words.signIn.password}
                autoComplete="current-password"
                required
                value={password}
                onChange={(event) => setPassword(event.currentTarget.value)}
              />
            </>
          ) : (
            <Text>{words.signIn.once}</Text>
          )}
          <Button type="submit" size="sm" loading={entering.isPending} autoFocus={link !== undefined}>
            {words.signIn.submit}
          </Button>
          {link === undefined ? (
            <Text size="sm" c="dimmed">
              {words.signIn.noPassword}
            </Text>
          ) : (
            <Anchor href="/sign-in" size="sm">
              {words.signIn.other}
            </Anchor>
          )}
        </Stack>
      </Paper>
    </Door>
  );
}
