import { ActionIcon, Group, Paper, Stack } from "@mantine/core";
import { X } from "lucide-react";
import type { ReactNode } from "react";

/** A red cross that takes something away. */
export function RemoveButton({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <ActionIcon variant="subtle" color="red" aria-label={label} onClick={onClick}>
      <X size={14} />
    </ActionIcon>
  );
}

interface RemovableProps {
  /** What this one of several is called. */
  label: string;
  remove: string;
  /** Left out where it may not be removed. */
  onRemove: (() => void) | undefined;
  p?: "sm" | "md";
  children: ReactNode;
}

/** One of several groups of fields, framed, with a cross that takes it away. */
export function Removable({ label, remove, onRemove, p = "md", children }: RemovableProps) {
  return (
    <Paper withBorder p={p} role="group" aria-label={label}>
      <Group align="flex-start" wrap="nowrap">
        <Stack flex={1} gap="sm" align="stretch">
          {children}
        </Stack>
        {onRemove !== undefined && <RemoveButton label={remove} onClick={onRemove} />}
      </Group>
    </Paper>
  );
}
