//! What follows from the rows that were kept: nothing claims more than is proven, no reply passes for sent because its
//! row is lost, and what is derived is worked out anew.

use std::collections::BTreeMap;

use model::{ConversationId, MessageId, Millis, Outgoing, StopReason};
use rusqlite::{Connection, OptionalExtension};

use super::copy::Copied;
use super::report::{Settled, count};
use crate::rows::only;
use crate::table::gap::{self, Gap};
use crate::table::{conversation, draft, message, outbox, setting};
use crate::tx::commit;
use crate::{StoreError, Tx};

/// How many of a conversation's newest messages TikTok lists: one of these comes back by itself.
const LISTED_BY_TIKTOK: i64 = 20;
/// What is older than this TikTok has forgotten.
const FORGOTTEN_MS: Millis = 90 * 24 * 3_600_000;
/// Conversations worked out anew in one go.
const SLICE: u32 = 500;

/// Puts a copy right, in the newest schema.
pub(super) fn settle(
    sql: &mut Connection,
    copied: &Copied,
    stale: bool,
    now_ms: Millis,
) -> Result<Settled, StoreError> {
    let copied_whole = |table: &str| copied.of(table).is_complete();
    let ((mut settled, stubs), _) = commit(sql, |tx| {
        let mut settled = Settled { dangling: dangling(tx)?, ..Settled::default() };
        settled.rebuilt.accounts =
            count(tx, "SELECT count(*) FROM account WHERE linked_at_ms = 0 AND relink IS NOT NULL")?;
        settled.rebuilt.messages = messages_of_replies(tx)?;
        // Of an older state not even the index is to be believed.
        if stale || !copied_whole("outbox") {
            settled.rebuilt.replies = replies_of_messages(tx, copied.replies_known && !stale)?;
        }
        if stale {
            send_nothing_twice(tx, now_ms)?;
        }
        name_stubs(tx)?;
        if !copied_whole("picture") {
            tx.execute(
                "INSERT OR IGNORE INTO picture (message_id, conversation_id, key, refetchable)
                 SELECT id, conversation_id, json_extract(content, '$.media.key'), json_extract(content, '$.type') = 'image' AND listed = 1
                 FROM message WHERE json_extract(content, '$.type') IN ('image', 'sticker')",
                [],
            )?;
        }
        // There is an agent at this computer, whatever was lost of them.
        tx.execute(
            "INSERT INTO agent (name, folded, me) SELECT '', '', 1 WHERE NOT EXISTS (SELECT 1 FROM agent WHERE me = 1)
             ON CONFLICT (folded) DO UPDATE SET me = 1",
            [],
        )?;
        doubt(tx, copied, now_ms)?;
        let stubs: Vec<ConversationId> = tx
            .prepare("SELECT conversation_id FROM temp.stub")?
            .query_map([], |row| only(row).map(ConversationId))?
            .collect::<Result<_, _>>()?;
        Ok((settled, stubs))
    })?;
    settled.rebuilt.conversations = u32::try_from(stubs.len()).unwrap_or(u32::MAX);
    commit(sql, |tx| draft_lines(tx, &stubs))?;
    if !copied_whole("draft") {
        settled.rebuilt.drafts = commit(sql, |tx| drafts_of_lines(tx))?.0;
    }

    let mut after = i64::MIN;
    loop {
        let (last, _) = commit(sql, |tx| refresh_some(tx, after))?;
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    commit(sql, |tx| {
        tx.execute(
            "INSERT INTO setting (name, value) SELECT 'search_rebuild', '9223372036854775807' WHERE EXISTS (SELECT 1 FROM message UNION ALL SELECT 1 FROM person)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [],
        )?;
        tx.execute("DELETE FROM setting WHERE name = ?1", [setting::CHECKED_AT])?;
        Ok(())
    })?;
    Ok(settled)
}

/// Takes away what refers to rows that are not there; what that leaves behind in turn as well.
fn dangling(tx: &Tx<'_>) -> Result<BTreeMap<String, u32>, StoreError> {
    let mut query = tx.prepare(
        "SELECT t.name, f.\"from\", f.\"table\", f.on_delete FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name) f
         WHERE t.schema = 'main' AND t.type = 'table'",
    )?;
    let keys: Vec<(String, String, String, String)> =
        query.query_map([], |row| row.try_into())?.collect::<Result<_, _>>()?;
    let mut gone: BTreeMap<String, u32> = BTreeMap::new();
    loop {
        let mut changed = 0;
        for (table, column, parent, on_delete) in &keys {
            let missing =
                format!("{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE p.id = {table}.{column})");
            if on_delete == "SET NULL" {
                tx.execute(&format!("UPDATE {table} SET {column} = NULL WHERE {missing}"), [])?;
            } else {
                let rows = tx.execute(&format!("DELETE FROM {table} WHERE {missing}"), [])?;
                *gone.entry(table.clone()).or_default() += u32::try_from(rows).unwrap_or(u32::MAX);
                changed += rows;
            }
        }
        if changed == 0 {
            break;
        }
    }
    // No key says it, and yet these mean nothing without their message: it may come back under the same id.
    for orphaned in [
        "DELETE FROM message_raw WHERE NOT EXISTS (SELECT 1 FROM message WHERE id = message_id)",
        "DELETE FROM picture WHERE NOT EXISTS (SELECT 1 FROM message WHERE id = message_id)",
        // What rules did stays: a message that comes back must not set them off again.
        "DELETE FROM rule_due WHERE NOT EXISTS (SELECT 1 FROM message WHERE id = message_id)",
        "DELETE FROM media_wanted WHERE message_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM message WHERE id = message_id)",
        "UPDATE draft SET quoted_id = NULL WHERE quoted_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM message WHERE id = quoted_id)",
        "UPDATE scheduled SET quoted_id = NULL WHERE quoted_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM message WHERE id = quoted_id)",
    ] {
        tx.execute(orphaned, [])?;
    }
    Ok(gone)
}

/// The bubble of a reply is lost and its row is not: the row says what was in it.
fn messages_of_replies(tx: &Tx<'_>) -> Result<u32, StoreError> {
    let ids: Vec<MessageId> = tx
        .prepare("SELECT message_id FROM outbox WHERE NOT EXISTS (SELECT 1 FROM message WHERE id = message_id)")?
        .query_map([], |row| only(row).map(MessageId))?
        .collect::<Result<_, _>>()?;
    let mut rebuilt = 0;
    for id in ids {
        let Some(reply) = outbox::get(tx, id)? else { continue };
        tx.execute(
            "INSERT INTO message (conversation_id, sent_at_ms, id, account_id, outgoing, surface, content, quoted_remote_id, listed)
             VALUES (?1, coalesce((SELECT sent_at_ms FROM temp.lost_message WHERE id = ?3), ?2), ?3, ?4, 1, 'deskbell', ?5, ?6, 0)",
            (reply.conversation.0, id.0 >> message::first_id(1).0.trailing_zeros(), id.0, reply.account.0, serde_json::to_string(&reply.outgoing.content())?, reply.quoted_remote_id),
        )?;
        tx.execute("DELETE FROM temp.lost_message WHERE id = ?1", [id.0])?;
        rebuilt += 1;
    }
    Ok(rebuilt)
}

/// A message of ours without a row in the outbox passes for sent. Where such rows were lost that may be untrue: it is to be
/// looked for, and left to the agent if it is not found.
fn replies_of_messages(tx: &Tx<'_>, known: bool) -> Result<u32, StoreError> {
    let filter = if known { " AND id IN (SELECT message_id FROM temp.lane)" } else { "" };
    let ids: Vec<MessageId> = tx
        .prepare(&format!(
            "SELECT id FROM message WHERE outgoing = 1 AND remote_id IS NULL AND surface = 'deskbell' AND listed = 0
             AND NOT EXISTS (SELECT 1 FROM outbox WHERE message_id = id){filter} ORDER BY conversation_id, sent_at_ms, id"
        ))?
        .query_map([], |row| only(row).map(MessageId))?
        .collect::<Result<_, _>>()?;
    let mut rebuilt = 0;
    for id in ids {
        let bubble = message::get(tx, id)?;
        let Some(outgoing) = Outgoing::of(&bubble.content) else { continue };
        // Its old place in the lane, if that is known and free.
        rebuilt += tx.execute(
            "INSERT INTO outbox (message_id, conversation_id, account_id, position, outgoing, quoted_remote_id, state, attempt, started_at_ms, seen_up_to_ms)
             VALUES (?1, ?2, ?3,
                 coalesce((SELECT position FROM temp.lane l WHERE l.message_id = ?1 AND NOT EXISTS (
                     SELECT 1 FROM outbox o WHERE o.conversation_id = ?2 AND o.position = l.position)),
                     (SELECT coalesce(max(position), 0) + 1 FROM outbox WHERE conversation_id = ?2)),
                 ?4, ?5, 'checking', 1, coalesce((SELECT max(started_at_ms) FROM attempt WHERE message_id = ?1), ?6), ?6)",
            (id.0, bubble.conversation.0, bubble.account.0, serde_json::to_string(&outgoing)?, bubble.quoted_remote_id, bubble.sent_at_ms),
        )?;
    }
    Ok(u32::try_from(rebuilt).unwrap_or(u32::MAX))
}

/// This is an older state of the database: what waits in it may have gone out since. It is looked for before anything is
/// sent again, and what was due meanwhile is left to the agent.
fn send_nothing_twice(tx: &Tx<'_>, now_ms: Millis) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE outbox SET state = 'checking', wait_reason = NULL, wait_until_ms = NULL, checks = 0, not_before_ms = 0,
             started_at_ms = coalesce(started_at_ms, (SELECT sent_at_ms FROM message WHERE id = message_id), seen_up_to_ms)
         WHERE state IN ('held', 'queued', 'sending', 'checking')",
        [],
    )?;
    tx.execute(
        "UPDATE scheduled SET stopped = ?2 WHERE due_at_ms <= ?1 AND stopped IS NULL",
        (now_ms, serde_json::to_string(&StopReason::Overdue)?),
    )?;
    Ok(())
}

/// What TikTok said of a message names its conversation and its account, in case nothing else does any more.
fn name_stubs(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE OR IGNORE conversation SET remote_id = coalesce((
             SELECT json_extract(raw, '$.conversation_id') FROM message m JOIN message_raw ON message_id = m.id
             WHERE m.conversation_id = conversation.id AND json_valid(raw) AND json_type(raw, '$.conversation_id') = 'text' LIMIT 1), remote_id)
         WHERE remote_id = 'lost-' || id AND id IN (SELECT conversation_id FROM temp.stub)",
        [],
    )?;
    tx.execute(
        "UPDATE OR IGNORE account SET remote_id = coalesce((
             SELECT json_extract(raw, CASE m.outgoing WHEN 1 THEN '$.from_user.id' ELSE '$.to_user.id' END)
             FROM message m JOIN message_raw ON message_id = m.id
             WHERE m.account_id = account.id AND json_valid(raw)
                 AND json_type(raw, CASE m.outgoing WHEN 1 THEN '$.from_user.id' ELSE '$.to_user.id' END) = 'text' LIMIT 1), remote_id)
         WHERE remote_id = 'lost-' || id",
        [],
    )?;
    // What still has no name cannot be asked for; it can be read.
    tx.execute(
        "UPDATE conversation SET fetched_updated_ms = remote_updated_ms, unreadable = 1 WHERE remote_id = 'lost-' || id",
        [],
    )?;
    Ok(())
}

/// Where something may be missing it is asked for again; where it certainly is and TikTok will not tell it again, the
/// thread says so.
fn doubt(tx: &Tx<'_>, copied: &Copied, now_ms: Millis) -> Result<(), StoreError> {
    let lost = |table: &str| !copied.of(table).is_complete();
    if !(lost("message") || lost("conversation") || lost("account")) {
        return Ok(());
    }
    let which = if !lost("message") || copied.messages_known {
        // Of the others every message is here.
        "id IN (SELECT conversation_id FROM temp.lost_message UNION SELECT conversation_id FROM temp.stub)"
    } else {
        "1"
    };
    let changed = tx.execute(
        &format!("UPDATE conversation SET fetched_updated_ms = 0 WHERE {which} AND remote_id <> 'lost-' || id"),
        [],
    )?;
    if changed > 0 || !copied.conversations_known {
        tx.execute("UPDATE account SET backfilled = 0, complete_to_ms = NULL", [])?;
        tx.execute("DELETE FROM cursor", [])?;
    }
    let mut query = tx.prepare("SELECT conversation_id, min(sent_at_ms), max(sent_at_ms) FROM temp.lost_message GROUP BY conversation_id, (
             SELECT min(sent_at_ms) FROM message m WHERE m.conversation_id = lost_message.conversation_id AND m.sent_at_ms >= lost_message.sent_at_ms)")?;
    let holes: Vec<(i64, Millis, Millis)> = query.query_map([], |row| row.try_into())?.collect::<Result<_, _>>()?;
    for (id, first_ms, last_ms) in holes {
        note_hole(tx, ConversationId(id), first_ms, last_ms, now_ms)?;
    }
    Ok(())
}

/// Notes that messages are missing between these times, if a listing cannot bring them back.
fn note_hole(
    tx: &Tx<'_>,
    id: ConversationId,
    first_ms: Millis,
    last_ms: Millis,
    now_ms: Millis,
) -> Result<(), StoreError> {
    let beside = |bound: &str, at_ms: Millis| -> Result<Option<MessageId>, StoreError> {
        Ok(tx
            .prepare_cached(&format!(
                "SELECT id FROM message WHERE conversation_id = ?1 AND sent_at_ms {bound} LIMIT 1"
            ))?
            .query_row((id.0, at_ms), |row| only(row).map(MessageId))
            .optional()?)
    };
    let newer: i64 = tx
        .prepare_cached(
            "SELECT (SELECT count(*) FROM (SELECT 1 FROM message WHERE conversation_id = ?1 AND sent_at_ms >= ?2 AND remote_id IS NOT NULL LIMIT ?3))
                 + (SELECT count(*) FROM temp.lost_message WHERE conversation_id = ?1 AND sent_at_ms > ?2)",
        )?
        .query_row((id.0, first_ms, LISTED_BY_TIKTOK), only)?;
    if newer < LISTED_BY_TIKTOK && last_ms > now_ms.saturating_sub(FORGOTTEN_MS) {
        return Ok(());
    }
    let before = beside(">= ?2 ORDER BY sent_at_ms, tie, id", last_ms)?;
    let after = beside("<= ?2 ORDER BY sent_at_ms DESC, tie DESC, id DESC", first_ms)?;
    // At either end of what is left there is nothing that a hole could stand between.
    if let (Some(before), Some(after)) = (before, after) {
        gap::insert(tx, id, Gap { before, after: Some(after) }, now_ms)?;
    }
    Ok(())
}

/// The list shows the beginning of a draft: where the conversation's row is new it is put there again.
fn draft_lines(tx: &mut Tx<'_>, stubs: &[ConversationId]) -> Result<(), StoreError> {
    for id in stubs {
        let kept = draft::get(tx, *id)?;
        let at_ms: Option<Millis> = tx
            .prepare_cached("SELECT updated_at_ms FROM draft WHERE conversation_id = ?1 AND mode = 'reply'")?
            .query_row([id.0], only)
            .optional()?;
        if let Some(at_ms) = at_ms {
            draft::save(tx, *id, &kept, at_ms)?;
        }
    }
    Ok(())
}

/// A draft is lost and the row that shows its beginning is not: that beginning is the draft from now on. Of a picture
/// without a word nothing is left, and the list must not go on promising it.
fn drafts_of_lines(tx: &Tx<'_>) -> Result<u32, StoreError> {
    const NONE: &str =
        "NOT EXISTS (SELECT 1 FROM draft d WHERE d.conversation_id = conversation.id AND d.mode = 'reply')";
    tx.execute(
        &format!("UPDATE conversation SET draft_line = NULL WHERE draft_line = ?1 AND {NONE}"),
        [draft::PICTURE_LINE],
    )?;
    let begun = tx.execute(
        &format!(
            "INSERT INTO draft (account_id, conversation_id, mode, body, updated_at_ms)
             SELECT account_id, id, 'reply', draft_line, last_at_ms FROM conversation WHERE draft_line IS NOT NULL AND {NONE}"
        ),
        [],
    )?;
    Ok(u32::try_from(begun).unwrap_or(u32::MAX))
}

/// Works out the next conversations anew; the last of them, or nothing if there are no more.
fn refresh_some(tx: &mut Tx<'_>, after: i64) -> Result<Option<i64>, StoreError> {
    let ids: Vec<i64> = tx
        .prepare_cached("SELECT id FROM conversation WHERE id > ?1 ORDER BY id LIMIT ?2")?
        .query_map((after, SLICE), only)?
        .collect::<Result<_, _>>()?;
    for id in &ids {
        conversation::refresh(tx, ConversationId(*id))?;
    }
    Ok(ids.last().copied())
}
