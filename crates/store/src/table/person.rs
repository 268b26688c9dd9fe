//! Customers, as an account knows them.

use model::{AccountId, PersonId};
use rusqlite::{OptionalExtension, named_params};

use super::media;
use crate::rows::only;
use crate::search::index;
use crate::{StoreError, Tx};

/// What a listing says about a customer. What it does not say stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonUpdate {
    /// TikTok's `unique_identifier`.
    pub remote_id: String,
    /// The display name.
    pub name: Option<String>,
    /// The @handle without the @.
    pub handle: Option<String>,
    /// Where the avatar is; the link expires.
    pub avatar_url: Option<String>,
    /// Whether they follow the business.
    pub is_follower: Option<bool>,
}

/// Keeps what was learned of a customer; says whether anything the page shows has changed, and whether the avatar is
/// another one, or is not here and has a fresh link.
///
/// # Errors
/// [`StoreError`]
pub fn upsert(tx: &Tx<'_>, account: AccountId, news: &PersonUpdate) -> Result<Upserted, StoreError> {
    type Known = (i64, String, Option<String>, Option<String>, Option<bool>);
    let known: Option<Known> = tx
        .prepare_cached(
            "SELECT id, name, handle, avatar_url, is_follower FROM person WHERE account_id = ?1 AND remote_id = ?2",
        )?
        .query_row((account.0, &news.remote_id), |row| row.try_into())
        .optional()?;
    let (mut changed, mut fresh_link) = (true, false);
    if let Some((id, name, handle, avatar_url, is_follower)) = &known {
        let same_avatar = news.avatar_url.is_none() || same_picture(news.avatar_url.as_deref(), avatar_url.as_deref());
        let same = news.name.as_ref().is_none_or(|new| new == name)
            && (news.handle.is_none() || news.handle == *handle)
            && (news.is_follower.is_none() || news.is_follower == *is_follower);
        changed = !(same && same_avatar);
        // A link that died before the picture was fetched is worth nothing; another one to the same picture is.
        let another = news.avatar_url.is_some() && news.avatar_url != *avatar_url;
        fresh_link = another && media::lacks_avatar(tx, PersonId(*id))?;
        if !changed && !fresh_link {
            return Ok(Upserted { id: PersonId(*id), changed: false, new_avatar: false });
        }
    }
    let id = tx
        .prepare_cached(
            "INSERT INTO person (account_id, remote_id, name, handle, avatar_url, is_follower)
             VALUES (:account, :remote_id, coalesce(:name, ''), :handle, :avatar_url, :is_follower)
             ON CONFLICT (account_id, remote_id) DO UPDATE SET name = coalesce(:name, name), handle = coalesce(:handle, handle),
                 avatar_url = coalesce(:avatar_url, avatar_url), is_follower = coalesce(:is_follower, is_follower)
             RETURNING id",
        )?
        .query_row(
            named_params! {
                ":account": account.0, ":remote_id": news.remote_id, ":name": news.name, ":handle": news.handle,
                ":avatar_url": news.avatar_url, ":is_follower": news.is_follower,
            },
            |row| only(row).map(PersonId),
        )?;
    let (old_name, old_handle) =
        known.as_ref().map_or((None, None), |(_, name, handle, ..)| (Some(name), handle.as_ref()));
    let (name, handle) = (news.name.as_ref().or(old_name), news.handle.as_ref().or(old_handle));
    if known.is_none() || name != old_name || handle != old_handle {
        index::index_person(tx, id, account, name.map_or("", String::as_str), handle.map(String::as_str))?;
    }
    let old_avatar = known.and_then(|(_, _, _, avatar_url, _)| avatar_url);
    let new_avatar = news.avatar_url.is_some() && !same_picture(news.avatar_url.as_deref(), old_avatar.as_deref());
    if new_avatar {
        media::forget_avatar(tx, id)?;
    }
    Ok(Upserted { id, changed, new_avatar: new_avatar || fresh_link })
}

/// What [`upsert`] found.
#[derive(Debug, Clone, Copy)]
pub struct Upserted {
    /// Whose row it is.
    pub id: PersonId,
    /// Whether anything the page shows has changed.
    pub changed: bool,
    /// Whether the avatar should be fetched.
    pub new_avatar: bool,
}

/// Signed links change their query all the time; the picture is named by what comes before it.
fn same_picture(one: Option<&str>, other: Option<&str>) -> bool {
    let path = |url: Option<&str>| url.map(|url| url.split('?').next().unwrap_or(url).to_owned());
    path(one) == path(other)
}

/// Moves the first contact back to this time if it was later or unknown.
///
/// # Errors
/// [`StoreError`]
pub fn record_contact(tx: &Tx<'_>, id: PersonId, at_ms: i64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE person SET first_contact_ms = min(coalesce(first_contact_ms, ?2), ?2) WHERE id = ?1 AND (first_contact_ms IS NULL OR first_contact_ms > ?2)")?
        .execute((id.0, at_ms))?;
    Ok(())
}

/// Where the avatar was last said to be.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn avatar_url(sql: &rusqlite::Connection, id: PersonId) -> Result<Option<String>, StoreError> {
    Ok(sql.query_row("SELECT avatar_url FROM person WHERE id = ?1", [id.0], only)?)
}

/// Notes the avatar's key in the media vault.
///
/// # Errors
/// [`StoreError`]
pub fn set_avatar(tx: &Tx<'_>, id: PersonId, key: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE person SET avatar = ?2 WHERE id = ?1", (id.0, key))?;
    Ok(())
}
