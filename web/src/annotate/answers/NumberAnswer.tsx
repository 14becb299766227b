import { NumberInput } from "@mantine/core";
import type { AnswerProps } from "./Answer";
import { useTyped } from "./useTyped";

export function NumberAnswer({ attribute, value, disabled, error, onAnswer }: AnswerProps) {
  const typed = useTyped(typeof value === "number" ? String(value) : "", (text) => {
    const number = Number(text);
    if (text.trim() === "") onAnswer(null);
    else if (Number.isFinite(number)) onAnswer(number);
  });
  return (
    <NumberInput
      size="xs"
      label={attribute.name}
      withAsterisk={attribute.required ?? false}
      error={error}
      disabled={disabled}
      min={attribute.min ?? undefined}
      max={attribute.max ?? undefined}
      step={attribute.step ?? 1}
      value={typed.text}
      onChange={(now) => typed.type(String(now))}
      onBlur={typed.settle}
    />
  );
}
