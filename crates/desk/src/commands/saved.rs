//! Saved replies.

use std::collections::HashMap;

use model::{ConversationId, ReplyPart, SavedReplyId, SavedReplyProblem, SavedReplyText, Variable};
use store::table::saved_reply::{self, SavedReply};
use store::table::{account, agent, conversation, draft, media, picture};
use store::{Connection, StoreError};
use ts_rs::TS;

use crate::command::Command;
use crate::view::{Attachment, FilledPart, FilledReply, ImportReport, SavedFile, SavedReplyView, UsedReply};
use crate::{Desk, Fault, FaultCode, downloads, read, saved_file};

/// So many are listed at most.
const MAX_LISTED: u32 = 1_000;

/// The files saved replies travel in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SavedFormat {
    /// A table: name, shortcut, category, text, uses. Where one takes the place of another, its picture stays.
    Csv,
    /// Everything, pictures included.
    Json,
}

/// Saved replies whose name, shortcut or text answers a query, best first; all by use if it is empty.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FindSavedReplies {
    /// The text as typed.
    pub query: String,
    /// The maximum number of results.
    pub limit: u32,
}

impl Command for FindSavedReplies {
    type Reply = Vec<SavedReplyView>;

    async fn run(self, desk: &Desk) -> Result<Vec<SavedReplyView>, Fault> {
        let Self { query, limit } = self;
        let found = desk.store().read(move |sql| {
            let found = saved_reply::find(sql, &query, limit.clamp(1, MAX_LISTED))?;
            found.into_iter().map(|one| view(sql, one)).collect()
        });
        Ok(found.await?)
    }
}

/// Keeps a saved reply.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveSavedReply {
    /// The saved reply; none for a new one.
    pub saved: Option<SavedReplyId>,
    /// The new text.
    pub text: SavedReplyText,
}

impl Command for SaveSavedReply {
    type Reply = SavedReplyView;

    async fn run(self, desk: &Desk) -> Result<SavedReplyView, Fault> {
        let text = self.text.validated().map_err(invalid)?;
        let saved = desk.store().write(move |tx| {
            if let Some(key) = &text.attachment
                && media::get(tx, key)?.is_none()
            {
                return Ok(Err(SavedReplyProblem::PictureInvalid));
            }
            match saved_reply::save(tx, self.saved, &text) {
                Ok(id) => view(tx, saved_reply::get(tx, id)?).map(Ok),
                Err(StoreError::WrongState) => Ok(Err(SavedReplyProblem::ShortcutTaken)),
                Err(error) => Err(error),
            }
        });
        saved.await?.map_err(invalid)
    }
}

/// Deletes a saved reply.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteSavedReply {
    /// The saved reply.
    pub saved: SavedReplyId,
}

impl Command for DeleteSavedReply {
    type Reply = crate::command::Done;

    async fn run(self, desk: &Desk) -> Result<crate::command::Done, Fault> {
        desk.store().write(move |tx| saved_reply::remove(tx, self.saved)).await?;
        Ok(crate::command::Done {})
    }
}

/// Makes a saved reply ready for a conversation's customer.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FillSavedReply {
    /// The saved reply.
    pub saved: SavedReplyId,
    /// The conversation.
    pub conversation: ConversationId,
    /// Today, as the page writes it in its language: what `{{date}}` stands for.
    pub date: String,
}

impl Command for FillSavedReply {
    type Reply = FilledReply;

    async fn run(self, desk: &Desk) -> Result<FilledReply, Fault> {
        let filled = desk.store().read(move |sql| {
            let one = saved_reply::get(sql, self.saved)?;
            let row = conversation::row(sql, self.conversation)?;
            let account = account::get(sql, conversation::get(sql, self.conversation)?.account)?.display_name;
            let agent = agent::me(sql)?.name;
            let parts = model::fill(&one.body, |variable| {
                let known = match variable {
                    Variable::Customer => &row.person.name,
                    Variable::Agent => &agent,
                    Variable::Account => &account,
                    Variable::Date => &self.date,
                };
                Some(known.trim().to_owned()).filter(|known| !known.is_empty())
            });
            Ok((parts, picture_of(sql, &one)?))
        });
        let (parts, attachment) = filled.await?;
        let part = |part| match part {
            ReplyPart::Text(text) => FilledPart::Text { text },
            ReplyPart::Blank { name, fallback } => FilledPart::Blank { name, fallback },
        };
        Ok(FilledReply { parts: parts.map_err(invalid)?.into_iter().map(part).collect(), attachment })
    }
}

/// Says that a saved reply was inserted: it counts, and its picture goes onto the conversation's draft unless another one
/// is there.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UseSavedReply {
    /// The saved reply.
    pub saved: SavedReplyId,
    /// The conversation.
    pub conversation: ConversationId,
}

impl Command for UseSavedReply {
    type Reply = UsedReply;

    async fn run(self, desk: &Desk) -> Result<UsedReply, Fault> {
        let Self { saved, conversation } = self;
        let engine = desk.engine();
        let picture = engine.store().read(move |sql| Ok(saved_reply::get(sql, saved)?.attachment)).await?;
        // Without a network that cannot be known; the outbox asks again before it sends.
        let refused = picture.is_some() && matches!(engine.outbox().takes_images(conversation).await, Ok(Some(false)));
        let now_ms = engine.clock().now_ms();
        let used = engine.store().write(move |tx| {
            saved_reply::record_use(tx, saved, now_ms)?;
            let there = draft::get(tx, conversation)?.attachment;
            let wanted = saved_reply::get(tx, saved)?.attachment.filter(|_| !refused);
            let left_out = wanted.is_some() && there.is_some() && there != wanted;
            if !left_out && wanted.is_some() {
                draft::attach(tx, conversation, wanted, now_ms)?;
            }
            let attachment = read::draft_view(tx, &draft::get(tx, conversation)?)?.attachment;
            Ok(UsedReply { attachment, left_out })
        });
        let used = used.await?;
        if refused { Err(Fault::new(FaultCode::ImagesNotAllowed)) } else { Ok(used) }
    }
}

/// Writes all saved replies into a file in the folder for downloads.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportSavedReplies {
    /// As what.
    pub format: SavedFormat,
    /// What the file is called, in the page's language; the time and the ending are added.
    pub name: String,
}

impl Command for ExportSavedReplies {
    type Reply = SavedFile;

    async fn run(self, desk: &Desk) -> Result<SavedFile, Fault> {
        let now_ms = desk.engine().clock().now_ms();
        let read = desk.store().read(move |sql| {
            let replies = saved_reply::all(sql)?;
            let mut held = HashMap::new();
            for key in replies.iter().filter_map(|one| one.attachment.as_ref()) {
                held.extend(media::get(sql, key)?.map(|held| (key.clone(), held)));
            }
            Ok((replies, held, picture::wall_time(sql, now_ms)?))
        });
        let (replies, held, when) = read.await?;
        let name = downloads::name(&self.name, &when);
        if self.format == SavedFormat::Csv {
            return super::media::save(desk, name, "csv", saved_file::write_table(&replies)).await;
        }
        let (mut pictures, mut size) = (saved_file::Pictures::new(), 0);
        for (key, held) in held {
            let Some(bytes) = desk.engine().media().read(&key).await else { continue };
            size += bytes.len() / 3 * 4;
            if size > saved_file::MAX_JSON_BYTES {
                return Err(Fault::new(FaultCode::ExportTooLarge));
            }
            pictures.insert(key, (held, bytes));
        }
        let bytes = saved_file::write_json(&replies, &pictures).map_err(|error| Fault::unexpected(&error))?;
        if bytes.len() > saved_file::MAX_JSON_BYTES {
            return Err(Fault::new(FaultCode::ExportTooLarge));
        }
        super::media::save(desk, name, "json", bytes).await
    }
}

/// Takes saved replies in from a file's text. What cannot be read is told of and not kept; everything else is.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportSavedReplies {
    /// The file's format.
    pub format: SavedFormat,
    /// What stands in it: at most 8 MiB as a table, 64 MiB as JSON.
    pub text: String,
}

impl Command for ImportSavedReplies {
    type Reply = ImportReport;

    async fn run(self, desk: &Desk) -> Result<ImportReport, Fault> {
        match self.format {
            SavedFormat::Csv => saved_file::import_table(desk, self.text).await,
            SavedFormat::Json => saved_file::import_json(desk, self.text).await,
        }
    }
}

fn invalid(problem: SavedReplyProblem) -> Fault {
    let detail = serde_json::to_value(problem).ok().and_then(|detail| detail.as_str().map(str::to_owned));
    Fault { code: FaultCode::SavedReplyInvalid, detail, incident: None }
}

fn view(sql: &Connection, one: SavedReply) -> Result<SavedReplyView, StoreError> {
    let attachment = picture_of(sql, &one)?;
    let SavedReply { id, name, shortcut, category, body, uses, used_at_ms, .. } = one;
    let blanks = model::blanks(&body);
    Ok(SavedReplyView { id, name, shortcut, category, body, attachment, uses, used_at_ms, blanks })
}

fn picture_of(sql: &Connection, one: &SavedReply) -> Result<Option<Attachment>, StoreError> {
    let Some(key) = &one.attachment else { return Ok(None) };
    Ok(media::get(sql, key)?.map(|held| read::attachment(&held, false)))
}
