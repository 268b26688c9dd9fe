// What happened and what the agent can do, for everything the desk may answer. The types keep it complete.
import type { FaultCode, RefusalReason } from "../ipc/bindings";

/** Two short sentences. */
export interface Advice {
  what: string;
  todo: string;
}

export const faults: Record<FaultCode, Advice> = {
  badRequest: {
    what: "Deskbell did not understand its own window.",
    todo: "Restart Deskbell. If it happens again, please report it.",
  },
  notFound: { what: "This is no longer here.", todo: "Choose another conversation from the list." },
  replyEmpty: { what: "There is nothing to send.", todo: "Write a message first." },
  replyTooLong: { what: "The message is too long for TikTok.", todo: "Shorten it or send it in two parts." },
  wrongState: { what: "The message has moved on in the meantime.", todo: "Look at what it says now and decide again." },
  colleagueReplied: {
    what: "A colleague answered this customer in the meantime.",
    todo: "Read the answer, then decide whether to send yours anyway.",
  },
  quoteNotAllowed: {
    what: "TikTok does not let one quote this message.",
    todo: "Quote a text, a picture or a shared post that has arrived, or send without a quote.",
  },
  cardInvalid: {
    what: "TikTok does not take the card as it is.",
    todo: "Give it a question and one to three different short answers.",
  },
  scheduleInPast: { what: "This time has passed.", todo: "Choose a later one." },
  scheduleAfterWindow: { what: "The reply window will have closed by then.", todo: "Choose an earlier time." },
  noWindow: {
    what: "This customer has not written yet.",
    todo: "TikTok lets a business answer only. Wait until the customer writes.",
  },
  imageTooLarge: { what: "The file is larger than Deskbell reads.", todo: "Choose one of at most 32 MB." },
  imageTooManyPixels: {
    what: "The picture has more pixels than Deskbell opens safely.",
    todo: "Make it smaller in a picture program and attach it again.",
  },
  imageNotAPicture: { what: "This file is not a picture.", todo: "Choose a JPEG, PNG, GIF or WebP file." },
  imageFormat: { what: "Deskbell cannot open this kind of picture.", todo: "Save it as JPEG and attach it again." },
  imageBroken: { what: "The picture is cut off or damaged.", todo: "Save or download it again, then attach it." },
  imagesNotAllowed: {
    what: "TikTok does not take pictures in this conversation.",
    todo: "It depends on the customer’s country and yours. Send a text instead.",
  },
  mediaGone: { what: "TikTok does not give this out any more.", todo: "Look on the phone whether it is still there." },
  videoTooLarge: { what: "The video is larger than Deskbell fetches.", todo: "Watch it on the phone." },
  notPossibleHere: { what: "This computer cannot do that.", todo: "Nothing was changed." },
  autoTextInvalid: {
    what: "TikTok does not take the message as it is.",
    todo: "Look at the counters beside the fields.",
  },
  autoTooMany: { what: "TikTok allows no more of this kind.", todo: "Delete one first, or change one that is there." },
  autoDuplicate: {
    what: "The account has this message already.",
    todo: "Change the words, or keep the one that is there.",
  },
  autoReviewing: {
    what: "TikTok is reviewing this message and takes no change meanwhile.",
    todo: "It takes from seconds to about three hours. Your text stays here.",
  },
  autoRejected: {
    what: "TikTok rejected this message; it cannot be changed any more.",
    todo: "Replace it by a new one.",
  },
  autoNotPossible: { what: "TikTok does not do this with messages of this kind.", todo: "Nothing was changed." },
  autoChangedElsewhere: {
    what: "It was changed outside Deskbell meanwhile.",
    todo: "Compare both, then decide which one stays. Nothing was overwritten.",
  },
  autoNotPermitted: {
    what: "Deskbell may not change this account’s automatic messages.",
    todo: "Link the account again and allow everything.",
  },
  commentToMessageNotHere: {
    what: "TikTok does not offer this for the account.",
    todo: "It is for accounts registered in Vietnam, Indonesia or Thailand.",
  },
  commentNotAnswerable: {
    what: "This comment cannot be answered by message any more.",
    todo: "See which of TikTok’s conditions does not hold.",
  },
  ruleInvalid: { what: "The rule cannot be kept as it is.", todo: "See what is marked." },
  hoursInvalid: { what: "These hours make no sense.", todo: "See what is marked." },
  savedReplyInvalid: { what: "The saved reply cannot be kept as it is.", todo: "See what is marked." },
  importUnreadable: {
    what: "The file cannot be read as saved replies.",
    todo: "Choose a CSV or JSON file that was exported from Deskbell, or a table with the columns name and text. Nothing was changed.",
  },
  exportTooLarge: {
    what: "The pictures are too many for one file.",
    todo: "Export as CSV, which leaves the pictures out.",
  },
  agentNameInvalid: { what: "There is no name, or another agent has it.", todo: "Write a different one." },
  postInvalid: {
    what: "This is not a link to a TikTok post.",
    todo: "Copy the link from the post’s Share button and paste it again.",
  },
  postsNotPermitted: {
    what: "TikTok has not allowed your app to list your posts.",
    todo: "Paste a link to the post instead, or link the account again and allow everything.",
  },
  offline: { what: "TikTok cannot be reached.", todo: "Check your internet connection. Deskbell keeps trying." },
  rateLimited: { what: "TikTok asked Deskbell to slow down.", todo: "Wait a moment. Deskbell tries again by itself." },
  tikTokRefused: { what: "TikTok refused.", todo: "See the details for TikTok’s reason, then try again." },
  tikTokUnwell: { what: "TikTok’s servers gave an answer that makes no sense.", todo: "Try again in a few minutes." },
  keychainUnavailable: {
    what: "Your system’s keychain does not answer.",
    todo: "Unlock it and try again, or keep the keys for this session only.",
  },
  keychainRefused: { what: "Your system’s keychain refused.", todo: "Allow Deskbell in your keychain and try again." },
  credentialsInvalid: {
    what: "An ID, key or secret is missing or has the wrong form.",
    todo: "Copy it again from TikTok’s developer page.",
  },
  credentialsRefused: {
    what: "TikTok API for Business does not know this app, or its secret is wrong.",
    todo: "Choose Change, and copy the app ID and the secret again from your app’s page at TikTok API for Business.",
  },
  loginCredentialsRefused: {
    what: "Login Kit does not know this client key, or its client secret is wrong.",
    todo:
      "Choose Change, and copy the client key and the client secret again from your app’s page at " +
      "Login Kit. Or skip this step: messages do not need it.",
  },
  redirectInvalid: {
    what: "TikTok does not accept this redirect address.",
    todo: "Use an https address without # and ?, exactly as registered with TikTok.",
  },
  linkNotStarted: { what: "This step is not open right now.", todo: "Go on with the step that is marked." },
  linkCancelled: { what: "You cancelled on TikTok’s page.", todo: "Open the browser again when you are ready." },
  linkRefused: { what: "TikTok’s page refused.", todo: "See the details for TikTok’s reason, then try again." },
  linkScopeMissing: {
    what: "TikTok did not give a permission that Deskbell needs.",
    todo: "Try again and allow everything on TikTok’s page.",
  },
  linkWrongState: {
    what: "This address belongs to another attempt.",
    todo: "Open the browser again and paste the newest address.",
  },
  linkNoCode: {
    what: "There is no code in this address.",
    todo: "Copy the whole address from the browser, up to its end.",
  },
  linkCodeExpired: {
    what: "The code was used already, or it is too old.",
    todo: "Open the browser again for a fresh one.",
  },
  linkTimedOut: { what: "Nobody came back from the browser in time.", todo: "Open the browser again." },
  linkPortTaken: {
    what: "Deskbell could not listen for the browser’s answer.",
    todo: "Close other programs that sign in right now and try again.",
  },
  browserNotOpened: { what: "Your browser did not open.", todo: "Copy the address and open it yourself." },
  notBusinessAccount: {
    what: "This is not a TikTok Business Account.",
    todo: "Switch it to a Business Account in TikTok’s settings, then try again.",
  },
  relayAddressInvalid: {
    what: "This is not the address of a relay.",
    todo: "Type it as your admin gave it to you. It begins with https:// and ends in a name.",
  },
  relayUnreachable: {
    what: "The relay cannot be reached.",
    todo: "Check the address and your internet connection, and ask your admin whether the relay runs.",
  },
  relayCertificate: {
    what: "The relay’s certificate is not accepted.",
    todo: "Ask your admin: it may have expired, or belong to another name. See the details.",
  },
  relayNotOne: {
    what: "What answers at this address is no Deskbell relay, or one of another version.",
    todo: "Check the address. If it is right, Deskbell or the relay needs an update.",
  },
  relayClock: {
    what: "This computer’s clock and the relay’s do not agree.",
    todo: "Set the clock of this computer right, then try again.",
  },
  relayCodeInvalid: {
    what: "The relay does not take this code.",
    todo: "A code works once and for ten minutes. Ask your admin for a new one.",
  },
  relayNotPaired: {
    what: "The relay does not know this computer.",
    todo: "Pair it with a new code from your admin.",
  },
  relayAccountMissing: {
    what: "The account is not linked at the relay.",
    todo: "An admin has to link it there first.",
  },
  relayNotAllowed: { what: "This computer may not do that at the relay.", todo: "Ask an admin to do it." },
  relayRefused: { what: "The relay said no.", todo: "See the details, then try again." },
  practiceUnavailable: { what: "Practice cannot be started here.", todo: "Start it from the installed Deskbell." },
  eraseUnfinished: {
    what: "The account is gone, but something of it is still on this computer.",
    todo: "Deskbell goes on removing it by itself. See the details for what stands in the way.",
  },
  diskFull: { what: "Nothing can be written to the disk.", todo: "Free some space, then try again. Nothing was sent." },
  unexpected: { what: "Something went wrong inside Deskbell.", todo: "Try again. If it happens again, report it." },
};

export const refusals: Record<RefusalReason, Advice> = {
  windowClosed: { what: "the reply window had closed", todo: "You can answer once the customer writes again." },
  repliesSpent: { what: "all 10 replies were used", todo: "Wait until the customer answers." },
  messagingRules: {
    what: "TikTok’s messaging rules stopped it",
    todo: "It may be too many replies, too fast, or a block. Wait until the customer writes again, then send it once more.",
  },
  invalidParameter: { what: "TikTok could not read it", todo: "Change the text before you send it again." },
  notPermitted: { what: "this account may not send messages", todo: "Link the account again and allow everything." },
  notAllowlisted: {
    what: "TikTok has not approved your app for messages",
    todo: "Ask TikTok to approve it, then send again.",
  },
  notFound: {
    what: "TikTok no longer knows this conversation",
    todo: "You can answer once the customer writes again.",
  },
  bannedNetwork: {
    what: "TikTok does not accept messages from this network",
    todo: "Use another network, then send again.",
  },
  imagesNotAllowed: {
    what: "TikTok does not take pictures in this conversation",
    todo: "It depends on the customer’s country and yours. Send a text instead.",
  },
  imageTooLarge: { what: "TikTok found the picture too large", todo: "Attach a smaller picture." },
  imageTypeRefused: {
    what: "TikTok does not take this kind of picture",
    todo: "Save it as JPEG or PNG and attach it again.",
  },
  imageMissing: { what: "the picture is no longer on this computer", todo: "Attach it again and send it." },
  deskbellTooOld: {
    what: "TikTok has retired the way this Deskbell talks to it",
    todo: "Update Deskbell, then send it again.",
  },
  sandboxOnly: { what: "TikTok’s own test account cannot do this", todo: "Link your real Business Account." },
  appRefused: {
    what: "TikTok does not accept your app",
    todo: "Check its ID and secret on TikTok’s developer page and link the account again.",
  },
  other: { what: "TikTok refused it", todo: "Read TikTok’s own words under “Why did it not send?”." },
};

/** What to change on a card, by what the desk found wrong with it. */
export const cardFaults: Record<string, string> = {
  noTitle: "Write the question first.",
  titleTooLong: "Shorten the question to 40 characters.",
  noButtons: "Write at least one answer.",
  tooManyButtons: "Keep at most three answers.",
  buttonTooLong: "Shorten the answers: TikTok takes 20 characters on a button, 40 on a link.",
  sameButtons: "Make the answers different from each other.",
};
