import { Button, Group, TextInput } from "@mantine/core";
import { useRef, useState } from "react";
import { words } from "../words";

/** A text to take along. On plain http:// addresses there is no clipboard for scripts: the old command works there. */
export function Copy({ text, label }: { text: string; label: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = () => {
    field.current?.select();
    // Deprecated and everywhere; and it needs no secure context.
    setCopied(document.execCommand("copy"));
  };
  return (
    <Group align="flex-end" gap="sm" wrap="nowrap">
      <TextInput ref={field} label={label} value={text} readOnly style={{ flex: 1 }} />
      <Button variant="default" size="sm" onClick={copy}>
        {copied ? words.actions.copied : words.actions.copy}
      </Button>
    </Group>
  );
}
