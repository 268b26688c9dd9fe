//! Contents of deliveries, written from the documentation by hand. All ids are invented.

/// The account.
pub(super) const SHOP: &str = "_000EXAMPLEopenid";
/// The customer.
pub(super) const NOK: &str = "+ZuserUniqueId=";
/// The conversation.
pub(super) const CHAT: &str = "7aB+c/d==";

/// What a customer says.
pub(super) const TEXT: &str = r#"{"from":"nok.shop","to":"shop_a","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"+ZuserUniqueId=",
 "role":"personal_account"},"to_user":{"id":"_000EXAMPLEopenid","role":"business_account"},
 "conversation_id":"7aB+c/d==","message_id":"mid-1","timestamp":1790000000123,"type":"text",
 "text":{"body":"Do you ship to Chiang Mai?"},"is_follower":true,"scene_type":0,"message_tag":{"source":"APP"}}"#;

/// A tap on a card.
pub(super) const TAP: &str = r#"{"from":"nok.shop","to":"shop_a","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"+ZuserUniqueId=",
 "role":"personal_account"},"to_user":{"id":"_000EXAMPLEopenid","role":"business_account"},
 "conversation_id":"7aB+c/d==","message_id":"mid-2","timestamp":1790000000223,"type":"text",
 "text":{"body":"My parcel"},"reply_source_payload":{"reply_source_msg_id":"mid-18",
 "reply_source_unique_id":"b1"},"message_tag":{"source":"APP"}}"#;

/// An answer to a message.
pub(super) const QUOTE: &str = r#"{"from":"nok.shop","to":"shop_a","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"+ZuserUniqueId=",
 "role":"personal_account"},"to_user":{"id":"_000EXAMPLEopenid","role":"business_account"},
 "conversation_id":"7aB+c/d==","message_id":"mid-3","timestamp":1790000000323,"type":"text",
 "text":{"body":"This one?"},"referenced_message_info":{"referenced_message_id":"mid-12"}}"#;

/// `im_receive_msg`, type `image`.
pub(super) const IMAGE: &str = r#"{"from":"nok.shop","to":"shop_a","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"+ZuserUniqueId=",
 "role":"personal_account"},"to_user":{"id":"_000EXAMPLEopenid","role":"business_account"},
 "conversation_id":"7aB+c/d==","message_id":"mid-13","timestamp":1790000001013,"type":"image",
 "image":{"media_id":"m-13"},"message_tag":{"source":"WEB"}}"#;

/// `im_receive_msg`, type `video`.
pub(super) const VIDEO: &str = r#"{"from":"nok.shop","to":"shop_a","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"+ZuserUniqueId=",
 "role":"personal_account"},"to_user":{"id":"_000EXAMPLEopenid","role":"business_account"},
 "conversation_id":"7aB+c/d==","message_id":"mid-14","timestamp":1790000001014,"type":"video",
 "video":{"media_id":"m-14"}}"#;

/// `im_receive_msg`, type `share_post`.
pub(super) const SHARE_POST: &str = r#"{"from":"nok.shop","to":"shop_a","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"+ZuserUniqueId=",
 "role":"personal_account"},"to_user":{"id":"_000EXAMPLEopenid","role":"business_account"},
 "conversation_id":"7aB+c/d==","message_id":"mid-15","timestamp":1790000001015,"type":"share_post",
 "share_post":{"embed_url":"https://www.tiktok.com/player/v1/7361234567890123457",
 "video_id":"7361234567890123457"}}"#;

/// `im_receive_msg`, type `sticker`.
pub(super) const STICKER: &str = r#"{"from":"nok.shop","to":"shop_a","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"+ZuserUniqueId=",
 "role":"personal_account"},"to_user":{"id":"_000EXAMPLEopenid","role":"business_account"},
 "conversation_id":"7aB+c/d==","message_id":"mid-16","timestamp":1790000001016,"type":"sticker",
 "sticker":{"url":"https://p16-sign.tiktokcdn.com/s.webp?x-expires=1792592000"}}"#;

/// `im_receive_msg`, type `emoji`.
pub(super) const EMOJI: &str = r#"{"from":"nok.shop","to":"shop_a","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"+ZuserUniqueId=",
 "role":"personal_account"},"to_user":{"id":"_000EXAMPLEopenid","role":"business_account"},
 "conversation_id":"7aB+c/d==","message_id":"mid-17","timestamp":1790000001017,"type":"emoji",
 "emoji":{"url":"https://p16.tiktokcdn.com/e.png"}}"#;

/// `im_send_msg`, type `template`.
pub(super) const TEMPLATE: &str = r#"{"from":"shop_a","to":"nok.shop","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"_000EXAMPLEopenid",
 "role":"business_account"},"to_user":{"id":"+ZuserUniqueId=","role":"personal_account"},
 "conversation_id":"7aB+c/d==","message_id":"mid-18","timestamp":1790000001018,"type":"template",
 "template":{"type":"qa_button_card","elements":[{"title":"How can we help?","buttons":[{"text":"My parcel",
 "type":"REPLY","id":"b1"},{"text":"A return","type":"REPLY"}]}]},"message_tag":{"source":"OTHERS"}}"#;

/// A kind nobody has documented.
pub(super) const VOICE: &str = r#"{"from":"nok.shop","to":"shop_a","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"+ZuserUniqueId=",
 "role":"personal_account"},"to_user":{"id":"_000EXAMPLEopenid","role":"business_account"},
 "conversation_id":"7aB+c/d==","message_id":"mid-19","timestamp":1790000001019,"type":"voice",
 "voice":{"media_id":"m-19"}}"#;

/// A reply of ours, told back.
pub(super) const ECHO: &str = r#"{"from":"shop_a","to":"nok.shop","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"_000EXAMPLEopenid",
 "role":"business_account"},"to_user":{"id":"+ZuserUniqueId=","role":"personal_account"},
 "conversation_id":"7aB+c/d==","message_id":"mid-12","timestamp":1790000001012,"type":"text",
 "text":{"body":"We do!"},"message_tag":{"source":"API"},
 "referenced_message_info":{"referenced_message_id":"mid-11"}}"#;

/// `im_send_msg`, type `text`.
pub(super) const WELCOME: &str = r#"{"from":"shop_a","to":"nok.shop","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"_000EXAMPLEopenid",
 "role":"business_account"},"to_user":{"id":"+ZuserUniqueId=","role":"personal_account"},
 "conversation_id":"7aB+c/d==","message_id":"mid-10","timestamp":1790000001010,"type":"text",
 "text":{"body":"Welcome!"},"auto_message_type":"WELCOME_MESSAGE"}"#;

/// Two reactions: one of the customer's that came, one of the business's that went.
pub(super) const REACTION: &str = r#"{"from":"nok.shop","to":"shop_a","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"+ZuserUniqueId=",
 "role":"personal_account"},"to_user":{"id":"_000EXAMPLEopenid","role":"business_account"},
 "conversation_id":"7aB+c/d==","message_id":"mid-30","timestamp":1790000002020,"type":"reaction",
 "reaction":[{"operation":"ADD","type":"EMOJI","emoji":"❤️","unique_identifier":"+ZuserUniqueId=",
 "timestamp":1790000002020,"original_msg_id":"mid-12"},{"operation":"REMOVE","type":"AI_EMOJI",
 "ai_emoji_url":"https://p16-sign.tiktokcdn.com/ai.png?x-expires=1792592000",
 "unique_identifier":"_000EXAMPLEopenid","timestamp":1790000002021,"original_msg_id":"mid-11"}]}"#;

/// `im_mark_read_msg`.
pub(super) const MARK_READ: &str = r#"{"from":"nok.shop","to":"shop_a","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"+ZuserUniqueId=",
 "role":"personal_account"},"to_user":{"id":"_000EXAMPLEopenid","role":"business_account"},
 "conversation_id":"7aB+c/d==","timestamp":1790000000200,"read":{"last_read_timestamp":1790000000123}}"#;

/// `im_referral_msg`.
pub(super) const REFERRAL_AD: &str = r#"{"from":"nok.shop","to":"shop_a","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"+ZuserUniqueId=",
 "role":"personal_account"},"to_user":{"id":"_000EXAMPLEopenid","role":"business_account"},
 "conversation_id":"7aB+c/d==","timestamp":1790000000456,"referral":{"source":"ad",
 "ad":{"advertiser_id":"7361234567890123401","ad_id":"7361234567890123402","timestamp":1790000000456,
 "ad_name":"Autumn linen","embed_url":"https://www.tiktok.com/player/v1/7361234567890123403",
 "message_material_id":"7361234567890123404"},"short_link":{}}}"#;

/// `im_referral_msg`.
pub(super) const REFERRAL_LINK: &str = r#"{"from":"nok.shop","to":"shop_a","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"+ZuserUniqueId=",
 "role":"personal_account"},"to_user":{"id":"_000EXAMPLEopenid","role":"business_account"},
 "conversation_id":"7aB+c/d==","timestamp":1790000000456,"referral":{"source":"short_link",
 "short_link":{"ref":"spring","prefilled_message":"Hi, about spring","prefilled_message_audit_status":"PASS"}}}"#;

/// `im_receive_msg_eu`.
pub(super) const EU: &str =
    r#"{"to":"shop_a","to_user":{"id":"_000EXAMPLEopenid","role":"business_account"},"timestamp":1790000000123}"#;

/// `im_auto_message_config_update`.
pub(super) const AUTO_CONFIG: &str = r#"{"auto_message_id":"am-1","auto_message_type":"SUGGESTED_QUESTION","auto_message_action":"UPDATE",
 "timestamp":1790000000789,"suggested_question":{"question":"Where do you ship?",
 "answer":"Everywhere in Thailand."}}"#;

/// `im_auto_message_audit_update`.
pub(super) const AUTO_AUDIT: &str = r#"{"auto_message_id":"am-1","auto_message_type":"WELCOME_MESSAGE","audit_status":"REJECTED",
 "timestamp":1790000000790}"#;

/// `im_receive_high_intent_comment`.
pub(super) const COMMENT: &str = r#"{"from":"nok.shop","to":"shop_a","unique_identifier":"+ZuserUniqueId=","from_user":{"id":"+ZuserUniqueId=",
 "role":"personal_account"},"to_user":{"id":"_000EXAMPLEopenid","role":"business_account"},
 "comment_id":"7361234567890123499","comment_text":"How much is this?","is_follower":true,
 "timestamp":1790000000321}"#;

/// `authorization.removed`.
pub(super) const REMOVED: &str = r#"{"reason":1}"#;

/// Every content with the event it is the content of.
pub(super) const ALL: &[(&str, &str)] = &[
    ("im_receive_msg", TEXT),
    ("im_receive_msg", TAP),
    ("im_receive_msg", QUOTE),
    ("im_receive_msg", IMAGE),
    ("im_receive_msg", VIDEO),
    ("im_receive_msg", SHARE_POST),
    ("im_receive_msg", STICKER),
    ("im_receive_msg", EMOJI),
    ("im_send_msg", TEMPLATE),
    ("im_receive_msg", VOICE),
    ("im_send_msg", ECHO),
    ("im_send_msg", WELCOME),
    ("im_receive_msg", REACTION),
    ("im_mark_read_msg", MARK_READ),
    ("im_referral_msg", REFERRAL_AD),
    ("im_referral_msg", REFERRAL_LINK),
    ("im_receive_msg_eu", EU),
    ("im_auto_message_config_update", AUTO_CONFIG),
    ("im_auto_message_audit_update", AUTO_AUDIT),
    ("im_receive_high_intent_comment", COMMENT),
    ("authorization.removed", REMOVED),
];
