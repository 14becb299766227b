import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Fault } from "../../parts/Fault";
import { words } from "../../words";

interface NameDialogProps {
  title: string;
  why: string;
  /** What the name is of. */
  label: string;
  action: string;
  opened: boolean;
  onName: (name: string) => Promise<unknown>;
  onClose: () => void;
}

/** Asks for a name, and does something with it. */
export function NameDialog({ title, why, label, action, opened, onName, onClose }: NameDialogProps) {
  const [name, setName] = useState("");
  const naming = useMutation({
    mutationFn: onName,
    onSuccess: () => {
      setName("");
      onClose();
    },
  });
  const close = () => {
    naming.reset();
    onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    naming.mutate(name);
  };
  return (
    <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ "aria-label": words.actions.close }}>
      <Stack component="form" onSubmit={submit}>
        <Text c="dimmed">{why}</Text>
        <Fault error={naming.error} />
        <TextInput
          label={label}
          required
          data-autofocus
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={naming.isPending}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
