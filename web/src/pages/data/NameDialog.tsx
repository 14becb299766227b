import { TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { FormModal } from "../../parts/FormDialog";

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
  return (
    <FormModal
      title={title}
      why={why}
      send={action}
      saving={naming}
      opened={opened}
      onClose={close}
      onSend={() => naming.mutate(name)}
    >
      <TextInput
        label={label}
        required
        data-autofocus
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </FormModal>
  );
}
