// Checks the credentials as they are typed, before the desk is asked.
import type { LinkView, SaveCredentials } from "../../ipc/bindings";
import { t } from "../../text";

/** The fields that are typed. */
export type TextField = Exclude<keyof SaveCredentials, "mayListPosts">;
export type Wrong = Partial<Record<TextField, string>>;

/** What is wrong with each field; a secret may be empty if one was saved for the same id. */
export function check(typed: SaveCredentials, saved: Pick<LinkView, "businessAppId" | "loginClientKey">): Wrong {
  const say = t.link.credentials;
  const wrong: Wrong = {};
  const id = typed.businessAppId.trim();
  if (id === "") wrong.businessAppId = say.needAppId;
  else if (!/^\d+$/.test(id)) wrong.businessAppId = say.digits;
  if (typed.businessSecret.trim() === "" && (saved.businessAppId === null || saved.businessAppId !== id))
    wrong.businessSecret = say.needSecret;
  const redirect = redirectWrong(typed.businessRedirectUri.trim());
  if (redirect) wrong.businessRedirectUri = redirect;
  const key = typed.loginClientKey.trim();
  const secret = typed.loginClientSecret.trim();
  if (key !== "" && secret === "" && saved.loginClientKey !== key) wrong.loginClientSecret = say.needClientSecret;
  if (key === "" && secret !== "") wrong.loginClientKey = say.needClientKey;
  return wrong;
}

function redirectWrong(address: string): string | undefined {
  const say = t.link.credentials;
  if (address === "") return say.needRedirect;
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return say.badRedirect;
  }
  if (url.protocol !== "https:") return say.badRedirect;
  if (address.includes("?") || address.includes("#")) return say.redirectParts;
  return undefined;
}
