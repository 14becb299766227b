import { TextInput } from "@mantine/core";
import type { AnswerProps } from "./Answer";

export function DateAnswer({ attribute, value, disabled, error, onAnswer }: AnswerProps) {
  return (
    <TextInput
      size="xs"
      type="date"
      label={attribute.name}
      withAsterisk={attribute.required ?? false}
      error={error}
      disabled={disabled}
      value={typeof value === "string" ? value : ""}
      onChange={(event) => onAnswer(event.currentTarget.value === "" ? null : event.currentTarget.value)}
    />
  );
}
