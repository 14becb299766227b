import { Autocomplete, Button, Modal, Stack } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { words } from "../../../words";

interface NameFormProps {
  title: string;
  label: string;
  /** What may be picked in place of a new name. */
  known: readonly string[];
  opened: boolean;
  onClose: () => void;
  onName: (name: string) => void;
}

/** One question: a name, new or known. */
export function NameForm({ title, label, known, opened, onClose, onName }: NameFormProps) {
  const [name, setName] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onName(name.trim());
    setName("");
    onClose();
  };
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ "aria-label": words.actions.close }}>
      <Stack component="form" onSubmit={submit}>
        <Autocomplete
          label={label}
          required
          data-autofocus
          maxLength={200}
          data={[...known]}
          value={name}
          onChange={setName}
        />
        <Button type="submit" size="sm">
          {words.building.add}
        </Button>
      </Stack>
    </Modal>
  );
}
