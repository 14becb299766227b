import { Textarea } from "@mantine/core";
import type { AnswerProps } from "./Answer";
import { useTyped } from "./useTyped";

export function TextAnswer({ attribute, value, disabled, error, onAnswer }: AnswerProps) {
  const typed = useTyped(typeof value === "string" ? value : "", (text) => onAnswer(text === "" ? null : text));
  return (
    <Textarea
      size="xs"
      autosize
      minRows={1}
      maxRows={6}
      maxLength={10_000}
      label={attribute.name}
      withAsterisk={attribute.required ?? false}
      error={error}
      disabled={disabled}
      value={typed.text}
      onChange={(event) => typed.type(event.currentTarget.value)}
      onBlur={typed.settle}
    />
  );
}
