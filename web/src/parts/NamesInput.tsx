import { TagsInput, type TagsInputProps } from "@mantine/core";

/** Names with commas between, typed or pasted: what is left by leaving the field is taken apart like what is typed. */
export function NamesInput({ onChange, ...props }: TagsInputProps & { onChange: (names: string[]) => void }) {
  const apart = (told: readonly string[]): string[] => {
    const names = told.flatMap((one) =>
      (props.data?.includes(one) ? [one] : one.split(/[,;\n]/)).map((one) => one.trim()),
    );
    return [...new Set(names.filter((one) => one !== ""))];
  };
  return <TagsInput {...props} splitChars={[",", ";"]} acceptValueOnBlur onChange={(told) => onChange(apart(told))} />;
}
