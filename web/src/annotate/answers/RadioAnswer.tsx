import { Group, Radio } from "@mantine/core";
import type { AnswerProps } from "./Answer";
import { offered } from "./options";

export function RadioAnswer({ attribute, value, disabled, error, onAnswer }: AnswerProps) {
  return (
    <Radio.Group
      label={attribute.name}
      withAsterisk={attribute.required ?? false}
      error={error}
      value={typeof value === "number" ? String(value) : ""}
      onChange={(chosen) => onAnswer(Number(chosen))}
    >
      <Group gap="sm" mt={4}>
        {offered(attribute, value).map((option) => (
          <Radio key={option.id} size="xs" value={String(option.id)} label={option.name} disabled={disabled} />
        ))}
      </Group>
    </Radio.Group>
  );
}
