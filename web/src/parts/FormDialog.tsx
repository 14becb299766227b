import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { words } from "../words";
import { Fault } from "./Fault";

interface FormModalProps {
  title: string;
  size?: string | undefined;
  why: string;
  children: ReactNode;
  /** What the form's own button says. */
  send: string;
  saving: { error: unknown; isPending: boolean };
  onSend: () => void;
  opened: boolean;
  onClose: () => void;
  /** Shown in place of the form, once there is something to show. */
  outcome?: ReactNode;
}

/** A form over the page: why, the fields, what went wrong, and the button that sends it. */
export function FormModal({ why, children, send, saving, onSend, outcome, ...modal }: FormModalProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSend();
  };
  return (
    <Modal {...modal} closeButtonProps={{ "aria-label": words.actions.close }}>
      {outcome ?? (
        <Stack component="form" onSubmit={submit}>
          <Text c="dimmed">{why}</Text>
          {children}
          <Fault error={saving.error} />
          <Group justify="flex-end">
            <Button type="submit" loading={saving.isPending}>
              {send}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

interface FormDialogProps extends Omit<FormModalProps, "title" | "opened" | "onSend" | "onClose"> {
  /** What the button says, and what stands above the form unless `title` does. */
  label: string;
  title?: string;
  icon?: ReactNode;
  variant?: "default" | "filled";
  /** Resolves when the dialog may close, which it does unless there is an outcome; rejects with what `saving` tells. */
  onSend: () => Promise<unknown>;
  onClose?: () => void;
}

/** A button, and the form that it opens. */
export function FormDialog(props: FormDialogProps) {
  const { label, title = label, icon, variant = "default", onSend, onClose, ...form } = props;
  const [open, setOpen] = useState(false);
  const close = () => {
    setOpen(false);
    onClose?.();
  };
  const sent = () => {
    if (form.outcome === undefined) setOpen(false);
  };
  return (
    <>
      <Button variant={variant} leftSection={icon} onClick={() => setOpen(true)}>
        {label}
      </Button>
      <FormModal
        {...form}
        title={title}
        opened={open}
        onClose={close}
        onSend={() => void onSend().then(sent, () => undefined)} // told in the form
      />
    </>
  );
}
