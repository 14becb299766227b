import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { words } from "../words";
import { Fault } from "./Fault";

interface SureProps {
  /** What the button says, and the dialog's own. */
  label: string;
  title: string;
  /** What will happen, and what can't be undone. */
  children: ReactNode;
  error?: unknown;
  busy?: boolean;
  onSure: () => Promise<unknown>;
  variant?: "default" | "subtle";
}

/** A button that asks before it does something that people would regret. */
export function Sure({ label, title, children, error, busy = false, onSure, variant = "default" }: SureProps) {
  const [open, setOpen] = useState(false);
  const sure = () => {
    onSure().then(
      () => setOpen(false),
      () => undefined, // told in the dialog
    );
  };
  return (
    <>
      <Button variant={variant} color="red" c="var(--fail)" onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Modal
        opened={open}
        onClose={() => setOpen(false)}
        title={title}
        closeButtonProps={{ "aria-label": words.actions.close }}
      >
        <Stack>
          <Text size="md">{children}</Text>
          <Fault error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setOpen(false)}>
              {words.actions.cancel}
            </Button>
            <Button bg="var(--fail)" c="var(--bg)" loading={busy} onClick={sure}>
              {label}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
