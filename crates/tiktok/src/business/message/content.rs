//! The content of a message, by its kind.

use super::MessageType;
use crate::lenient::Fields;

/// The content of a message ("Message list", typed blocks). The addresses in it come from the network: they are fetched
/// only through [`crate::Client::fetch_media`] and opened only when a person asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A text.
    Text {
        /// As typed; may hold anything a keyboard or a program can produce.
        body: String,
    },
    /// An image.
    Image {
        /// For [`crate::business::media::DownloadLink`]; good for 30 days.
        media_id: String,
    },
    /// A video.
    Video {
        /// For [`crate::business::media::DownloadLink`] and then [`crate::Client::fetch_video`]; good for 30 days.
        media_id: String,
    },
    /// A TikTok post passed on; either part may be missing.
    SharePost {
        /// `item_id`, or `video_id` as some answers call it.
        item_id: Option<String>,
        /// The post's page.
        embed_url: Option<String>,
    },
    /// A sticker.
    Sticker {
        /// The link to its image; good for about 30 days (`x-expires`).
        url: String,
    },
    /// A large emoji.
    Emoji {
        /// The link to its image; does not expire.
        url: String,
    },
    /// A card with buttons.
    Template(TemplateCard),
    /// Nothing this version can show: another kind, or a block that was not there. The message keeps its raw JSON.
    Unsupported,
}

/// A card with buttons.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TemplateCard {
    /// `QA_BUTTON_CARD` or `QA_LINK_CARD`, always in capitals.
    pub kind: Option<String>,
    /// The text above the buttons.
    pub title: String,
    /// The buttons, top to bottom.
    pub buttons: Vec<TemplateButton>,
}

/// A button on a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateButton {
    /// `REPLY`, the only kind documented.
    pub kind: Option<String>,
    /// The text on it.
    pub title: String,
    /// The business's own mark, which comes back with the tap.
    pub id: Option<String>,
}

impl Content {
    /// Reads the block of the message's kind, or where that is missing the first block that is there: a message without
    /// a kind, or of a kind that is new, still has its content.
    pub(super) fn read(kind: &MessageType, message: &Fields<'_>) -> Self {
        // Text last: another kind may carry a text beside its own block.
        let others = MessageType::KNOWN.iter().filter(|kind| **kind != MessageType::Text);
        let mut kinds = others.chain([&MessageType::Text]);
        let by = |kind| Self::of(kind, message);
        by(kind).or_else(|| kinds.find_map(by)).unwrap_or(Self::Unsupported)
    }

    fn of(kind: &MessageType, message: &Fields<'_>) -> Option<Self> {
        match kind {
            MessageType::Text => Some(Self::Text { body: message.object("text")?.text("body")? }),
            MessageType::Image => Some(Self::Image { media_id: message.object("image")?.id("media_id")? }),
            MessageType::Video => Some(Self::Video { media_id: message.object("video")?.id("media_id")? }),
            MessageType::SharePost => {
                let post = message.object("share_post")?;
                let item_id = post.id("item_id").or_else(|| post.id("video_id"));
                let embed_url = post.id("embed_url");
                (item_id.is_some() || embed_url.is_some()).then_some(Self::SharePost { item_id, embed_url })
            }
            MessageType::Sticker => Some(Self::Sticker { url: message.object("sticker")?.id("url")? }),
            MessageType::Emoji => Some(Self::Emoji { url: message.object("emoji")?.id("url")? }),
            MessageType::Template => {
                let template = message.object("template")?;
                // A webhook puts the card into a list of its own and calls a button's words `text`.
                let element = template.list("elements").first().copied().and_then(Fields::read);
                let card = element.as_ref().unwrap_or(&template);
                let buttons = card.list("buttons").into_iter().filter_map(Fields::read);
                Some(Self::Template(TemplateCard {
                    kind: template.id("type").map(|word| word.to_ascii_uppercase()),
                    title: card.text("title").unwrap_or_default(),
                    buttons: buttons
                        .filter_map(|button| {
                            let title = button.text("title").or_else(|| button.text("text"))?;
                            let kind = button.id("type").map(|word| word.to_ascii_uppercase());
                            Some(TemplateButton { kind, title, id: button.id("id") })
                        })
                        .collect(),
                }))
            }
            MessageType::Other | MessageType::Unknown(_) => None,
        }
    }
}
