// The catalogue in the agent's language. English is the only one so far; another one has the same type.
export { en as t } from "./en";
