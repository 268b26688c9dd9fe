//! Gaps, and conversations that were refused, as the store keeps them.

use engine::inbound::{self, ApplyOptions};
use engine::source::{Batch, Unreadable};
use model::{Content, ConversationId, ConversationKind, Millis, Surface};
use store::table::account::{NewAccount, TokenTimes};
use store::table::conversation::ListedConversation;
use store::table::message::IncomingMessage;
use store::table::{account as accounts, conversation, gap, message};
use store::{Store, StoreError, Tx};

/// A database with one account, linked at the beginning of time.
fn linked(tx: &mut Tx<'_>) -> Result<model::AccountId, StoreError> {
    let tokens =
        TokenTimes { issued_at_ms: 0, access_expires_at_ms: 1, refresh_expires_at_ms: 1, scopes: String::new() };
    let named = |name: &str| name.to_owned();
    let new = NewAccount { remote_id: named("b"), handle: named("h"), display_name: named("H"), avatar: None, tokens };
    accounts::link(tx, &new, 0)
}

fn listed(tx: &mut Tx<'_>, account: model::AccountId, n: i64) -> Result<ConversationId, StoreError> {
    let listed = ListedConversation {
        remote_id: format!("c{n}"),
        kind: ConversationKind::Chat,
        updated_ms: Some(100 + n),
        origin: None,
    };
    conversation::upsert_listed(tx, account, &listed)?;
    conversation::find(tx, account, &listed.remote_id)?.ok_or(StoreError::NotFound)
}

#[tokio::test]
async fn refused_conversations_are_all_tried_again_by_turns() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let tried = store
        .write(|tx| {
            let account = linked(tx)?;
            for n in 0..30 {
                let id = listed(tx, account, n)?;
                conversation::mark_refused(tx, id, 100 + n)?;
            }
            let mut tried = std::collections::BTreeSet::new();
            for _ in 0..2 {
                conversation::mark_refused_due(tx, account, 20)?;
                for known in conversation::due(tx, account, 50)? {
                    tried.insert(known.id);
                    conversation::mark_refused(tx, known.id, known.remote_updated_ms)?;
                }
            }
            Ok(tried.len())
        })
        .await
        .unwrap();
    assert_eq!(tried, 30);
    store.close().await;
}

const DAY_MS: Millis = 86_400_000;

fn line(n: i64, at_ms: Millis) -> IncomingMessage {
    IncomingMessage {
        remote_id: format!("r{n:02}"),
        sent_at_ms: at_ms,
        is_timed: true,
        outgoing: false,
        surface: Surface::Other,
        auto: None,
        content: Content::Text { body: format!("text {n}") },
        quoted_remote_id: None,
        reactions: Vec::new(),
        raw: "{}".to_owned(),
    }
}

/// A conversation that was read twice: the gaps that are shown in it, by the message they stand before.
async fn gaps_of(batches: Vec<Batch>, now_ms: Millis) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let gaps = store
        .write(move |tx| {
            let account = linked(tx)?;
            let id = listed(tx, account, 0)?;
            for batch in &batches {
                let rules = ApplyOptions {
                    now_ms,
                    call_ms: 1,
                    lag_ms: 60_000,
                    undecided_after_ms: 1,
                    updated_ms: 100,
                    reread_if_behind: false,
                };
                inbound::apply(tx, id, batch, rules)?;
                let again = inbound::apply(tx, id, batch, rules)?;
                assert!(!again.changed, "taken in twice it changes nothing");
            }
            gap::of_conversation(tx, id)?
                .into_iter()
                .map(|(gap, _)| Ok(message::get(tx, gap.before)?.remote_id.unwrap_or_default()))
                .collect::<Result<Vec<_>, StoreError>>()
        })
        .await
        .unwrap();
    store.close().await;
    gaps
}

fn page(lines: impl Iterator<Item = IncomingMessage>, full: bool) -> Batch {
    Batch { messages: lines.collect(), full, ..Batch::default() }
}

#[tokio::test]
async fn a_page_that_is_not_full_and_meets_nothing_is_not_taken_for_the_whole_conversation() {
    let at = |n: i64| 1_000_000 + n;
    let (old, new) = (page((0..5).map(|n| line(n, at(n))), false), page((30..49).map(|n| line(n, at(n))), false));
    assert_eq!(gaps_of(vec![old.clone(), new.clone()], at(60)).await, ["r30"]);
    // What TikTok has forgotten by then is not missing.
    assert_eq!(gaps_of(vec![old, new.clone()], at(60) + 90 * DAY_MS).await, Vec::<String>::new());
    assert_eq!(gaps_of(vec![new], at(60)).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_comes_without_an_id_leaves_a_gap_where_it_stood() {
    let at = |n: i64| 1_000_000 + n;
    let with = |nameless: Vec<Option<Millis>>| Batch {
        unreadable: nameless.into_iter().map(|at_ms| Unreadable { at_ms, raw: "{}".to_owned() }).collect(),
        ..page([0, 1, 2, 4].into_iter().map(|n| line(n, at(n))), false)
    };
    assert_eq!(gaps_of(vec![with(vec![Some(at(3))])], at(9)).await, ["r04"]);
    assert_eq!(gaps_of(vec![with(vec![Some(at(-1))])], at(9)).await, ["r00"]);
    assert_eq!(gaps_of(vec![with(vec![None])], at(9)).await, ["r00"]);
    // Once it has an id, it is shown.
    let all = page((0..5).map(|n| line(n, at(n))), false);
    assert_eq!(gaps_of(vec![with(vec![Some(at(3))]), all], at(9)).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_gap_stays_where_it_is_when_a_reply_turns_out_to_be_the_message_behind_it() {
    let at = |n: i64| 1_000_000 + n;
    let ours = |n: i64| IncomingMessage { outgoing: true, surface: Surface::Phone, ..line(n, at(n)) };
    let batches = [page([line(0, at(0))].into_iter(), false), page((30..50).map(ours), true)];
    // It has no id yet; it was taken for a later one; its own id was taken for another's.
    for (bound, answer) in [(None, "r30"), (Some("r45"), "r30"), (Some("r30"), "r99")] {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (gaps, batches) = (Vec::new(), batches.clone());
        let gaps: Vec<Option<String>> = store
            .write(move |tx| {
                let (account, mut gaps) = (linked(tx)?, gaps);
                let id = listed(tx, account, 0)?;
                let rules = ApplyOptions {
                    now_ms: at(60),
                    call_ms: 1,
                    lag_ms: 60_000,
                    undecided_after_ms: 1,
                    updated_ms: 1,
                    reread_if_behind: false,
                };
                for batch in &batches {
                    inbound::apply(tx, id, batch, rules)?;
                }
                let reply = match bound {
                    Some(bound) => message::find(tx, account, bound)?.ok_or(StoreError::NotFound)?.id,
                    None => message::insert_own(tx, account, id, &line(30, 0).content, None, at(60))?,
                };
                inbound::confirm(tx, account, reply, answer)?;
                for (gap, _) in gap::of_conversation(tx, id)? {
                    gaps.push(message::get(tx, gap.before)?.remote_id);
                }
                Ok(gaps)
            })
            .await
            .unwrap();
        assert_eq!(gaps, [Some("r30".to_owned())], "{bound:?} {answer}");
        store.close().await;
    }
}

/// What is known of a gap between a listed message of the second 100 and a pushed one of the second 200.
#[derive(Clone, Copy)]
struct Heard {
    from_ms: Option<Millis>,
    late_push_ms: Option<Millis>,
    second_is_pushed: bool,
    customer_is_pushed: bool,
    until_ms: Millis,
}

async fn closes(heard: Heard) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let closed = store
        .write(move |tx| {
            let account = linked(tx)?;
            let id = listed(tx, account, 0)?;
            let after = message::insert(tx, account, id, &line(1, 100_000), true)?;
            let ours = IncomingMessage { outgoing: true, ..line(2, 200_000) };
            let before = message::insert(tx, account, id, &ours, false)?;
            let said = message::insert(tx, account, id, &line(3, 300_000), false)?;
            gap::insert(tx, id, gap::Gap { before, after: Some(after) }, 0)?;
            accounts::set_heard_from(tx, account, heard.from_ms)?;
            if let Some(at_ms) = heard.late_push_ms {
                conversation::record_late_push(tx, id, at_ms)?;
            }
            if heard.second_is_pushed {
                message::mark_pushed(tx, before)?;
            }
            if heard.customer_is_pushed {
                message::mark_pushed(tx, said)?;
            }
            gap::close_heard(tx, id, heard.until_ms)
        })
        .await
        .unwrap();
    store.close().await;
    closed
}

#[tokio::test]
async fn a_gap_closes_only_where_the_relay_heard_everything_in_between() {
    let all = Heard {
        from_ms: Some(100_000),
        late_push_ms: None,
        second_is_pushed: true,
        customer_is_pushed: true,
        until_ms: 200_000,
    };
    assert!(closes(all).await);
    assert!(closes(Heard { late_push_ms: Some(100_000), ..all }).await, "a late push before it says nothing of it");
    for (why, not) in [
        ("since when it hears is not known", Heard { from_ms: None, ..all }),
        ("it did not hear yet", Heard { from_ms: Some(100_001), ..all }),
        ("a push came late", Heard { late_push_ms: Some(100_001), ..all }),
        ("the later message was not pushed", Heard { second_is_pushed: false, ..all }),
        ("this customer's messages are not pushed", Heard { customer_is_pushed: false, ..all }),
        ("something may be on its way", Heard { until_ms: 199_999, ..all }),
    ] {
        assert!(!closes(not).await, "{why}");
    }
}

#[tokio::test]
async fn what_was_not_heard_is_not_heard_later_either() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let known = store
        .write(|tx| {
            let account = linked(tx)?;
            accounts::set_via_relay(tx, account, true)?;
            let heard_from = |tx: &Tx<'_>| {
                let sql = "SELECT heard_from_ms FROM account";
                Ok::<_, StoreError>(tx.query_row(sql, [], |row| row.get::<_, Option<Millis>>(0))?)
            };
            let mut known = vec![heard_from(tx)?];
            accounts::restart_hearing(tx, 500)?;
            known.push(heard_from(tx)?);
            // An old event of the log, read again.
            accounts::set_heard_from(tx, account, Some(300))?;
            accounts::restart_hearing(tx, 400)?;
            known.push(heard_from(tx)?);
            accounts::set_heard_from(tx, account, None)?;
            known.push(heard_from(tx)?);
            Ok(known)
        })
        .await
        .unwrap();
    assert_eq!(known, [None, Some(500), Some(500), None]);
    store.close().await;
}
