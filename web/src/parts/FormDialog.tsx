import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { words } from "../words";
import { Fault } from "./Fault";

interface FormDialogProps {
  /** What the button says, and what stands above the form unless `title` does. */
  label: string;
  title?: string;
  icon?: ReactNode;
  size?: string;
  variant?: "default" | "filled";
  why: string;
  children: ReactNode;
  /** What the form's own button says. */
  send: string;
  saving: { error: unknown; isPending: boolean };
  /** Resolves when the dialog may close; stays open when it rejects, whose reason `saving` tells. */
  onSend: () => Promise<unknown>;
  onClose?: () => void;
  /** Shown in place of the form, once there is something to show; the dialog then stays until it is closed. */
  outcome?: ReactNode;
}

/** A button, and the form that it opens. */
export function FormDialog(props: FormDialogProps) {
  const { label, title = label, icon, size, variant = "default", why, children, send, saving, onSend, outcome } = props;
  const [open, setOpen] = useState(false);
  const close = () => {
    setOpen(false);
    props.onClose?.();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSend().then(
      () => outcome === undefined && setOpen(false),
      () => undefined, // told in the form
    );
  };
  return (
    <>
      <Button variant={variant} leftSection={icon} onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Modal
        opened={open}
        onClose={close}
        title={title}
        size={size}
        closeButtonProps={{ "aria-label": words.actions.close }}
      >
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
    </>
  );
}
