// How many replies are left, in words.
import type { SendBudget } from "../../ipc/bindings";
import { t } from "../../text";

/** By the stricter of TikTok's two descriptions of its rule. */
const REPLIES = 10;
const LOW = 3;

/** @param uses how many replies what is written will cost */
export function budgetLook({ left }: SendBudget, uses: number): { tone: "plenty" | "low" | "spent"; words: string } {
  if (left === 0) return { tone: "spent", words: t.composer.budgetSpent(REPLIES) };
  const tone = left <= LOW ? "low" : "plenty";
  if (uses < 2) return { tone, words: t.composer.budget(left, REPLIES) };
  return left === 1 ? { tone: "low", words: t.composer.budgetTwoOfOne } : { tone, words: t.composer.budgetTwo(left) };
}
