// Rules that find faults; how the code looks is prettier's, and accessibility is svelte-check's.
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";

import svelteConfig from "./svelte.config.js";

export default ts.config(
  { ignores: ["dist", "node_modules", "public", "src/ipc/bindings.ts"] },
  ts.configs.base,
  ...svelte.configs.base,
  {
    files: ["**/*.ts", "**/*.svelte"],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname, extraFileExtensions: [".svelte"] },
    },
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-constant-binary-expression": "error",
      "no-unreachable-loop": "error",
      "no-self-compare": "error",
      "no-template-curly-in-string": "error",
      "no-console": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_$" }],
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: false }],
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/no-explicit-any": "error",
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: {
      "svelte/infinite-reactive-loop": "error",
      "svelte/no-at-html-tags": "error",
      "svelte/no-dom-manipulating": "error",
      "svelte/no-dupe-else-if-blocks": "error",
      "svelte/no-dupe-style-properties": "error",
      "svelte/no-dupe-use-directives": "error",
      "svelte/no-object-in-text-mustaches": "error",
      "svelte/no-raw-special-elements": "error",
      "svelte/no-reactive-reassign": "error",
      "svelte/no-unknown-style-directive-property": "error",
      "svelte/no-unused-props": "error",
      "svelte/no-useless-children-snippet": "error",
      "svelte/no-unnecessary-state-wrap": "error",
      "svelte/require-each-key": "error",
      "svelte/valid-each-key": "error",
    },
  },
  {
    files: ["**/*.mjs", "**/*.js"],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    rules: { "no-undef": "error", "no-unreachable": "error" },
  },
);
