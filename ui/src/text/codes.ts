// TikTok's codes in plain words. TikTok says little more than the number, so this says what it usually means.
import type { Advice } from "./faults";

/** Several codes that mean the same to an agent. */
const each = (numbers: number[], advice: Advice): Record<number, Advice> =>
  Object.fromEntries(numbers.map((one) => [one, advice]));

export const codes: Record<number, Advice> = {
  0: { what: "TikTok took it.", todo: "There is nothing to do." },
  20001: { what: "TikTok did only a part of what was asked.", todo: "Look on the phone at what arrived." },
  40000: {
    what: "TikTok could not use what it was sent, or your app is not approved for messages yet.",
    todo: "Change the message. If every message fails, check the approval of your app.",
  },
  40001: {
    what: "This account has not given the permission to send messages, or your app is not approved.",
    todo: "Link the account again and allow everything.",
  },
  40002: {
    what: "TikTok found something wrong in the message. It also says so when the account’s direct messages are turned off.",
    todo: "Read TikTok’s words, change the message, or turn direct messages on in TikTok’s app.",
  },
  ...each([40006, 40051], { what: "TikTok has retired the way this Deskbell talks to it.", todo: "Update Deskbell." }),
  40007: { what: "TikTok no longer knows this conversation.", todo: "Wait until the customer writes again." },
  ...each([40008, 40009, 40014], {
    what: "This is TikTok’s own test account, which cannot do this.",
    todo: "Link your real Business Account.",
  }),
  40050: {
    what: "TikTok says that it has had this request before.",
    todo: "The message may have arrived. Look on the phone before you send it again.",
  },
  40064: {
    what:
      "TikTok’s rules for direct messages stopped it: the reply window, the number of replies, a block " +
      "by the customer, or replies sent too fast. TikTok does not say which.",
    todo: "Check the time and the replies left above the composer. If both are fine, wait until the customer writes again.",
  },
  ...each([40016, 40100], {
    what: "TikTok had too many requests from your app.",
    todo: "Wait. Deskbell tries again by itself.",
  }),
  40101: {
    what: "TikTok does not accept your app’s ID or secret.",
    todo: "Copy both again from TikTok’s developer page and link the account again.",
  },
  40102: {
    what: "The access to your account had run out.",
    todo: "Deskbell renews it by itself. If it happens again, link the account again.",
  },
  40103: { what: "The access to your account has run out and cannot be renewed.", todo: "Link the account again." },
  40104: {
    what: "Deskbell sent the request without its key. That is a mistake in Deskbell.",
    todo: "Restart Deskbell. If it happens again, please report it.",
  },
  40105: {
    what: "TikTok does not accept the access to your account. It was taken back or replaced.",
    todo: "Deskbell tries to renew it. If it happens again, link the account again.",
  },
  40107: {
    what: "TikTok does not accept the key that renews the access to your account.",
    todo: "Link the account again.",
  },
  40110: { what: "The permission was cancelled, was used already, or is too old.", todo: "Link the account again." },
  40113: {
    what: "TikTok has blocked your app, or its ID or secret is wrong.",
    todo: "Look at your app’s page on TikTok, then link the account again.",
  },
  40115: { what: "The permission has run out, or it was meant for something else.", todo: "Link the account again." },
  40118: { what: "TikTok has not opened messages for this account or its country.", todo: "Ask TikTok to approve it." },
  40132: { what: "TikTok had too many requests about the same thing.", todo: "Wait. Deskbell tries again by itself." },
  40133: { what: "TikTok had too many requests from this business.", todo: "Wait. Deskbell tries again by itself." },
  40907: { what: "TikTok found the picture too large.", todo: "Attach a smaller picture." },
  40908: { what: "TikTok does not take this kind of picture.", todo: "Save it as JPEG or PNG and attach it again." },
  41000: {
    what: "TikTok does not accept messages from the country of this network.",
    todo: "Turn off a VPN or use another network, then send it again.",
  },
  ...each([50000, 50002, 51065, 51305], {
    what: "TikTok’s servers failed.",
    todo: "Wait. If it was not sent by itself, send it again in a few minutes.",
  }),
  60001: { what: "TikTok is under maintenance.", todo: "Wait. Deskbell tries again by itself." },
};

export const unknownCode: Advice = {
  what: "Deskbell does not know this code of TikTok’s.",
  todo: "Read TikTok’s own words. TikTok’s support can look it up by the request ID.",
};

export const codeOf = (code: number): Advice => codes[code] ?? unknownCode;
