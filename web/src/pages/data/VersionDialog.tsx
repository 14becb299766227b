import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "../../api/client";
import { queries } from "../../api/queries";
import { Fault } from "../../parts/Fault";
import { words } from "../../words";
import { versionsQuery } from "./queries";

interface VersionDialogProps {
  project: number;
  dataset: number;
  opened: boolean;
  onClose: () => void;
}

/** Pin a dataset as it is now, under a name. */
export function VersionDialog({ project, dataset, opened, onClose }: VersionDialogProps) {
  const [name, setName] = useState("");
  const [note, setNote] = useState("");
  const naming = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/projects/{project}/datasets/{dataset}/versions", {
          params: { path: { project, dataset } },
          body: { name, note },
        }),
      ),
    onSuccess: async (made) => {
      notifications.show({ message: words.data.named(made.name) });
      setName("");
      setNote("");
      onClose();
      await queries.invalidateQueries({ queryKey: versionsQuery(project, dataset).queryKey });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    naming.mutate();
  };
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={words.data.nameVersion}
      closeButtonProps={{ "aria-label": words.actions.close }}
    >
      <Stack component="form" onSubmit={submit}>
        <Text c="dimmed">{words.data.versionWhy}</Text>
        <Fault error={naming.error} />
        <TextInput
          label={words.data.versionName}
          required
          data-autofocus
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label={words.data.versionNote}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={naming.isPending}>
            {words.data.nameVersion}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
