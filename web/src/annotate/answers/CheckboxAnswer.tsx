import { Checkbox } from "@mantine/core";
import type { AnswerProps } from "./Answer";

/** Yes or no. Not answered yet is neither: shown by a dash where an answer is required. */
export function CheckboxAnswer({ attribute, value, disabled, error, onAnswer }: AnswerProps) {
  return (
    <Checkbox
      size="xs"
      label={attribute.required ? `${attribute.name} *` : attribute.name}
      error={error}
      checked={value === true}
      indeterminate={value === undefined && (attribute.required ?? false)}
      disabled={disabled}
      onChange={(event) => onAnswer(event.currentTarget.checked)}
    />
  );
}
