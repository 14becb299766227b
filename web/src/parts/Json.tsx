import { Code } from "@mantine/core";

/** A value as the API has it, shown as text. */
export function Json({ value }: { value: unknown }) {
  const text = typeof value === "string" ? pretty(value) : JSON.stringify(value, null, 2);
  return (
    <Code block mah={320} style={{ overflow: "auto", fontSize: 12 }} tabIndex={0}>
      {text}
    </Code>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
