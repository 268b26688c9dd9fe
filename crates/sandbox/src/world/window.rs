//! The reply window and the send budget: when a business may still write. Both readings of §7.1 are here, because the
//! sources disagree and a client must get along with either.

use super::conversation::Message;
use crate::{clock::HOUR_MS, config::WindowRule};

/// How long a customer's message keeps the window open.
pub(crate) const WINDOW_MS: i64 = 48 * HOUR_MS;
/// Messages before the customer must answer.
const MAX_UNANSWERED: usize = 10;
/// Version A: messages after 48 h of silence.
const MAX_LATE: usize = 3;

/// Whether the business may write now. The error is TikTok's `message` for 40064. Automatic messages use up nothing and
/// open nothing.
pub(crate) fn allows(rule: WindowRule, history: &[Message], now: i64) -> Result<(), &'static str> {
    let Some(last_inbound) = history.iter().rposition(|message| message.by_customer) else {
        return Err("You cannot start a conversation with this user.");
    };
    let (before, since) = history.split_at(last_inbound);
    let heard_at = since.first().map_or(0, |message| message.at_ms);
    let ours = |message: &&Message| message.by_business();
    let sent = since.iter().filter(ours).count();
    let open = now - heard_at <= WINDOW_MS;
    match rule {
        WindowRule::A if !open => {
            let late = since.iter().filter(ours).filter(|message| message.at_ms - heard_at > WINDOW_MS).count();
            if late < MAX_LATE { Ok(()) } else { Err("You have sent too many messages. Wait for the user to reply.") }
        }
        WindowRule::B if !open => Err("The 48-hour messaging window has closed. Wait for the user to reply."),
        // Version A: once the customer has answered the business, nothing is counted within the 48 hours.
        WindowRule::A if before.iter().any(|message| ours(&message)) => Ok(()),
        WindowRule::A | WindowRule::B if sent < MAX_UNANSWERED => Ok(()),
        WindowRule::A | WindowRule::B => Err("You have sent 10 messages. Wait for the user to reply."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::conversation::{Content, Source};

    fn line(at_ms: i64, by_customer: bool) -> Message {
        Message {
            id: String::new(),
            at_ms,
            by_customer,
            source: Source::Api,
            content: Content::Text("x".into()),
            auto: None,
            referenced: None,
            tapped: None,
            reactions: Vec::new(),
        }
    }

    /// The customer writes, the business sends `sent` messages right after.
    fn after_first(sent: i64) -> Vec<Message> {
        std::iter::once(line(0, true)).chain((1..=sent).map(|at| line(at, false))).collect()
    }

    #[test]
    fn nobody_may_open_a_conversation() {
        for rule in [WindowRule::A, WindowRule::B] {
            assert!(allows(rule, &[], 0).is_err());
            assert!(allows(rule, &[line(0, false)], 1).is_err());
        }
    }

    #[test]
    fn both_versions_allow_ten_messages_after_the_first_one() {
        for rule in [WindowRule::A, WindowRule::B] {
            assert!(allows(rule, &after_first(9), 100).is_ok());
            assert!(allows(rule, &after_first(10), 100).is_err());
        }
    }

    #[test]
    fn a_later_answer_lifts_the_limit_in_version_a_and_renews_it_in_version_b() {
        let mut history = after_first(10);
        history.push(line(20, true));
        assert!(allows(WindowRule::A, &history, 30).is_ok() && allows(WindowRule::B, &history, 30).is_ok());
        history.extend((21..=30).map(|at| line(at, false)));
        assert!(allows(WindowRule::A, &history, 40).is_ok());
        assert!(allows(WindowRule::B, &history, 40).is_err());
    }

    #[test]
    fn a_second_message_before_any_answer_is_still_the_first_contact() {
        let mut history = vec![line(0, true), line(5, true)];
        history.extend((6..16).map(|at| line(at, false)));
        assert!(allows(WindowRule::A, &history, 20).is_err());
    }

    #[test]
    fn after_two_silent_days_version_a_allows_three_and_version_b_none() {
        let late = WINDOW_MS + 1;
        let mut history = after_first(2);
        assert!(allows(WindowRule::B, &history, WINDOW_MS).is_ok(), "the last millisecond counts");
        assert!(allows(WindowRule::B, &history, late).is_err());
        for n in 0..3 {
            assert!(allows(WindowRule::A, &history, late + n).is_ok(), "late message {n}");
            history.push(line(late + n, false));
        }
        assert!(allows(WindowRule::A, &history, late + 3).is_err());
    }

    #[test]
    fn automatic_messages_use_up_nothing() {
        let mut history = after_first(9);
        history.push(Message { auto: Some("WELCOME_MESSAGE"), ..line(50, false) });
        assert!(allows(WindowRule::B, &history, 60).is_ok());
    }
}
