//! The relay's database, read beside the relay.

use anyhow::{Result, anyhow};
use relay::database::{Database, DatabaseError, Value};
use sha2::{Digest as _, Sha256};

use super::webhook;

const PAGE: i64 = 2_000;

/// The log as the database has it.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// The newest sequence.
    pub(crate) head: u64,
    /// The webhooks of the bench, by sequence and number.
    pub(crate) webhooks: Vec<(u64, u32)>,
    /// Sequences that are missing.
    pub(crate) gaps: u64,
}

pub(crate) async fn head(database: &Database) -> Result<u64> {
    let head = database.read::<i64, DatabaseError, _>(|tx| {
        Box::pin(async move {
            let row = tx.query_one("SELECT head FROM team", &[]).await?;
            row.ok_or(DatabaseError::Column("head"))?.int("head")
        })
    });
    Ok(u64::try_from(head.await?)?)
}

/// The id of the newest event, or of the place before the first.
pub(crate) async fn head_id(database: &Database) -> Result<wire::EventId> {
    let log = relay::log::Log::start(database.clone(), relay::metrics::Metrics::default()).await?;
    Ok(log.read_ends().await?.head_id())
}

/// Reads the whole log.
pub(crate) async fn read(database: &Database) -> Result<Stored> {
    let mut stored = Stored { head: head(database).await?, ..Stored::default() };
    let mut last = 0_i64;
    loop {
        let from = last;
        let rows = database.read::<Vec<(i64, Vec<u8>)>, DatabaseError, _>(move |tx| {
            Box::pin(async move {
                let sql = "SELECT seq, body FROM event WHERE seq > $1 ORDER BY seq LIMIT $2";
                let rows = tx.query(sql, &[Value::Int(from), Value::Int(PAGE)]).await?;
                rows.iter().map(|row| Ok((row.int("seq")?, row.bytes("body")?))).collect()
            })
        });
        let rows = rows.await?;
        if rows.is_empty() {
            break;
        }
        for (sequence, body) in rows {
            stored.gaps += u64::from(sequence != last + 1);
            last = sequence;
            if let Some(number) = webhook::number(&body) {
                stored.webhooks.push((u64::try_from(sequence)?, number));
            }
        }
    }
    // The head that is kept is the last one there is.
    stored.gaps += u64::from(u64::try_from(last)? < stored.head);
    stored.head = stored.head.max(u64::try_from(last)?);
    Ok(stored)
}

/// Writes devices into the database, as pairing would: thousands of codes are more than pairing takes. Their tokens.
pub(crate) async fn add_devices(database: &Database, count: usize) -> Result<Vec<String>> {
    let tokens: Vec<String> = (0..count).map(|device| format!("bench{device:038}")).collect();
    let hashes: Vec<Vec<u8>> = tokens.iter().map(|token| Sha256::digest(token.as_bytes()).to_vec()).collect();
    let written: Result<(), DatabaseError> = database
        .write(move |tx| {
            Box::pin(async move {
                for (device, hash) in hashes.iter().enumerate() {
                    let name = format!("bench{device}");
                    tx.execute(
                        "INSERT INTO device (id, team, name, role, token_hash, paired_at_ms, read_to)
                         VALUES ($1, 1, $1, 'agent', $2, 0, 0)",
                        &[Value::Text(&name), Value::Bytes(hash)],
                    )
                    .await?;
                }
                Ok(())
            })
        })
        .await;
    written.map_err(|error| anyhow!("the devices: {error}"))?;
    Ok(tokens)
}
