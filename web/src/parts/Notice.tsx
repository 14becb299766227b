import { Alert, Stack } from "@mantine/core";
import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

/** Something to know before going on, which is no failure. */
export function Notice({ title, children }: { title?: string; children: ReactNode }) {
  return (
    <Alert
      variant="outline"
      role="alert"
      icon={<TriangleAlert size={16} aria-hidden />}
      title={title}
      styles={{ root: { "--alert-color": "var(--warn)", "--alert-bd": "1px solid var(--warn)" } }}
    >
      <Stack gap="sm" align="stretch">
        {children}
      </Stack>
    </Alert>
  );
}
