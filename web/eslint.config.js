import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import ts from "typescript-eslint";

export default ts.config(
  { ignores: ["node_modules", "tools", "dist", "src/api/schema.d.ts"] },
  js.configs.recommended,
  ...ts.configs.strict,
  hooks.configs.flat["recommended-latest"],
  {
    rules: {
      "max-lines": ["error", { max: 500, skipBlankLines: true }],
      "no-restricted-properties": [
        "error",
        { object: "crypto", property: "randomUUID", message: "It is missing on http:// addresses: use api/ids." },
        { object: "navigator", property: "clipboard", message: "It is missing on http:// addresses: use parts/Copy." },
      ],
      "react-hooks/incompatible-library": "off", // the compiler isn't used
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-non-null-assertion": "off", // geometry indexes arrays whose lengths it has just looked at
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
);
