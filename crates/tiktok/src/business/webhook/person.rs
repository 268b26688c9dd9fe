//! The customer an event is about.

use crate::{
    business::message::{Party, is_from_business},
    lenient::Fields,
};
use std::fmt;

/// The customer an event is about, as far as it tells. `Debug` leaves the names out.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The customer's id, the same in all of TikTok's APIs: [`crate::business::message::Participant::id`].
    pub unique_identifier: String,
    /// Their user name, which can change.
    pub username: Option<String>,
    /// As shown in TikTok. No documented event tells it; it is taken where one does.
    pub display_name: Option<String>,
    /// Whether they follow the business.
    pub is_follower: Option<bool>,
}

impl Person {
    /// Reads whichever of `from_user` and `to_user` is not the business, with the name on its side. Where neither
    /// tells, the customer is the sender, or of an `outgoing` message the recipient.
    pub(super) fn read(fields: &Fields<'_>, business_id: &str, outgoing: bool) -> Option<Self> {
        let (from, to) = (Party::read(fields, "from_user"), Party::read(fields, "to_user"));
        let outgoing = is_from_business(from.as_ref(), to.as_ref(), business_id).unwrap_or(outgoing);
        let (party, user, username) = if outgoing { (to, "to_user", "to") } else { (from, "from_user", "from") };
        let id = party.map(|party| party.id).or_else(|| fields.remote_id("unique_identifier"));
        let user = fields.object(user);
        Some(Self {
            unique_identifier: id.filter(|id| id != business_id)?,
            username: fields.name(username),
            display_name: user.and_then(|user| user.name("display_name")),
            is_follower: fields.flag("is_follower"),
        })
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("unique_identifier", &self.unique_identifier)
            .field("is_follower", &self.is_follower)
            .finish_non_exhaustive()
    }
}
