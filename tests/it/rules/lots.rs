//! Any rules with any past: nobody is answered twice, no circle goes on, and what is kept for people is left to them. What
//! must hold is read from the rows themselves, by other questions than the rules ask.

use model::{AccountId, Content, ConversationId, Millis, Outgoing, WINDOW_MS};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use store::table::outbox::{self, BeginOutcome, OutboxState, actions};
use store::table::{account, agent, message, rule, setting};
use store::{StoreError, Tx};

use super::replay::{any_rule, hours};
use super::shop::{BEGIN, Event, HOUR, MINUTE, Said, Shop, link, past, take_in};

/// What cases came to, so that a test that looks at nothing is noticed.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    answers: u32,
    withdrawn: u32,
    refused: u32,
    circles: u32,
    kept: u32,
}

struct Case<'a, 'b> {
    tx: &'a mut Tx<'b>,
    account: AccountId,
    reserve: u32,
    now_ms: Millis,
    calls: Vec<model::MessageId>,
    seen: Seen,
}

impl Case<'_, '_> {
    fn number(&self, sql: &str) -> i64 {
        self.tx.query_row(sql, [self.account.0], |row| row.get(0)).unwrap()
    }

    /// The rules look at what is due; after each look everything must hold.
    fn look(&mut self) -> Result<(), StoreError> {
        while let Some(turned) = engine::rules::evaluate_next(self.tx, self.now_ms)? {
            if turned.replied {
                self.seen.answers += 1;
                self.must_be_in_order(turned.conversation, turned.message)?;
            }
        }
        Ok(())
    }

    /// A rule has just answered.
    fn must_be_in_order(&mut self, id: ConversationId, asked: model::MessageId) -> Result<(), StoreError> {
        let held = message::get(self.tx, asked)?;
        assert!(!held.outgoing, "only customers are answered");
        let (newest, left): (Millis, i64) = self.tx.query_row(
            "SELECT i.at, 10 - (SELECT count(*) FROM message m LEFT JOIN outbox o ON o.message_id = m.id
                 WHERE m.conversation_id = ?1 AND m.outgoing = 1 AND m.auto_type IS NULL AND m.sent_at_ms > i.at AND coalesce(o.state, '') NOT IN ('refused', 'stopped'))
             FROM (SELECT max(sent_at_ms) AS at FROM message WHERE conversation_id = ?1 AND outgoing = 0) i",
            [id.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        assert!(self.now_ms - newest < WINDOW_MS, "the window is open");
        assert!(left >= i64::from(self.reserve), "{left} are left of a reserve of {} since {newest}", self.reserve);
        let persons: i64 = self.tx.query_row(
            "SELECT count(*) FROM message m WHERE conversation_id = ?1 AND outgoing = 1 AND auto_type IS NULL AND sent_at_ms > ?2
             AND id NOT IN (SELECT message_id FROM rule_reply) AND id NOT IN (SELECT message_id FROM outbox WHERE state IN ('refused', 'stopped'))",
            (id.0, held.sent_at_ms),
            |row| row.get(0),
        )?;
        assert_eq!(persons, 0, "no person had answered");
        let twice = self.number(
            "SELECT count(*) FROM (SELECT f.message_id FROM rule_firing f JOIN rule_reply r ON r.firing_id = f.id
             WHERE f.account_id = ?1 GROUP BY f.message_id HAVING count(DISTINCT f.id) > 1)",
        );
        assert_eq!(twice, 0, "no message is answered twice");
        for (most, within_ms) in [(3, 10 * MINUTE), (10, 24 * HOUR)] {
            let lately: i64 = self.tx.query_row(
                "SELECT count(DISTINCT f.id) FROM rule_firing f JOIN rule_reply r ON r.firing_id = f.id WHERE f.conversation_id = ?1 AND f.at_ms > ?2",
                (id.0, self.now_ms - within_ms),
                |row| row.get(0),
            )?;
            assert!(lately <= most, "{lately} answers within {within_ms} ms");
        }
        Ok(())
    }

    /// A lane takes a step: TikTok takes the reply, refuses it, or it waits on.
    fn send(&mut self, id: ConversationId, lot: &mut StdRng) -> Result<(), StoreError> {
        let Some(head) = outbox::head(self.tx, id)?.filter(|head| head.state == OutboxState::Queued) else {
            return Ok(());
        };
        let by_rule = store::table::firing::sender(self.tx, head.message)?.is_some();
        match outbox::begin(self.tx, head.message, self.now_ms)? {
            BeginOutcome::Call(reply) if lot.random_bool(0.85) => {
                assert!(!self.calls.contains(&reply.message), "no reply is sent twice");
                self.calls.push(reply.message);
                if by_rule {
                    let opened = store::table::conversation::get(self.tx, id)?.window_opened_at_ms.unwrap();
                    assert!(self.now_ms < opened + WINDOW_MS, "nothing goes out by rule into a closed window");
                }
                engine::inbound::confirm(self.tx, self.account, reply.message, &format!("ours-{}", reply.message.0))?;
            }
            BeginOutcome::Call(reply) => {
                let refusal = model::Refusal {
                    reason: model::RefusalReason::MessagingRules,
                    code: 40064,
                    message: String::new(),
                    request_id: String::new(),
                    at_ms: self.now_ms,
                };
                outbox::refuse(self.tx, reply.message, &refusal)?;
                self.seen.refused += 1;
            }
            BeginOutcome::Stopped if by_rule => {
                assert!(outbox::get(self.tx, head.message)?.is_none(), "it is nobody's trouble");
                self.seen.withdrawn += 1;
            }
            BeginOutcome::Stopped | BeginOutcome::Gone => {}
        }
        Ok(())
    }
}

fn play(tx: &mut Tx<'_>, saved: &[model::SavedReplyId], seed: u64) -> Result<Seen, StoreError> {
    let mut lot = StdRng::seed_from_u64(seed);
    let account = link(tx, &format!("business {seed}"))?;
    for (id, _) in rule::all(tx)? {
        rule::remove(tx, id)?;
    }
    for _ in 0..lot.random_range(1..8) {
        rule::save(tx, None, &any_rule(&mut lot, saved))?;
    }
    let reserve = [0, 3, 3, 8, 9, 10][lot.random_range(0..6)];
    setting::set(tx, engine::rules::RESERVE_SETTING, &reserve.to_string())?;
    rule::set_hours(tx, account, lot.random::<bool>().then(hours).as_ref())?;
    let me = agent::me(tx)?.id;
    let mut case = Case { tx, account, reserve, now_ms: BEGIN, calls: Vec::new(), seen: Seen::default() };
    let words = past(seed, 60, 2);
    let mut talk = words.iter().filter(|event| matches!(event.said, Said::Customer(_))).cycle();
    let mut conversations = [None, None];
    for _ in 0..lot.random_range(10..60) {
        let customer = lot.random_range(0..2);
        case.now_ms += match lot.random_range(0..12) {
            0..=6 => lot.random_range(50..3_000),
            7..=9 => lot.random_range(MINUTE..30 * MINUTE),
            10 => lot.random_range(HOUR..10 * HOUR),
            _ => lot.random_range(46 * HOUR..50 * HOUR),
        };
        let event = |said: Said, at_ms: Millis| Event { at_ms, customer, said };
        let known = conversations[customer as usize];
        match (lot.random_range(0..12), known) {
            (0..=5, _) => {
                // Now and then one comes in long after it was written.
                let late = if lot.random_bool(0.1) { lot.random_range(MINUTE..3 * HOUR) } else { 0 };
                let said = talk.next().map_or(Said::Welcome, |event| event.said.clone());
                let written = event(said, case.now_ms - late);
                conversations[customer as usize] = take_in(case.tx, account, &written, case.now_ms)?;
            }
            (6, Some(_)) => drop(take_in(case.tx, account, &event(Said::Person, case.now_ms), case.now_ms)?),
            (7, Some(id)) => {
                let text = [Outgoing::Text { body: "an agent answers".to_owned() }];
                actions::queue_all(case.tx, id, &text, None, case.now_ms, None, case.now_ms)?;
            }
            (8, _) => rule::set_runs_here(case.tx, account, lot.random_bool(0.7))?,
            (9, _) => agent::set_away(case.tx, me, lot.random())?,
            // The customer's machine answers whatever ours says.
            (10, Some(_)) => {
                for _ in 0..20 {
                    case.now_ms += lot.random_range(500..5_000);
                    let said = Said::Customer(Content::Text { body: "hello price 退货".to_owned() });
                    let before = case.seen.answers;
                    take_in(case.tx, account, &event(said, case.now_ms), case.now_ms)?;
                    case.look()?;
                    for id in conversations.into_iter().flatten() {
                        case.send(id, &mut lot)?;
                    }
                    case.seen.circles += u32::from(case.seen.answers > before);
                }
            }
            _ => {}
        }
        if lot.random_bool(0.8) {
            case.look()?;
        }
        for id in conversations.into_iter().flatten() {
            if lot.random_bool(0.6) {
                case.send(id, &mut lot)?;
            }
        }
    }
    case.seen.kept =
        u32::try_from(case.number(
            "SELECT count(*) FROM rule_firing WHERE account_id = ?1 AND no_reply IN ('\"reserve\"', '\"loop\"')",
        ))
        .unwrap();
    let outgoing = case.number(
        "SELECT count(*) FROM rule_firing f JOIN message m ON m.id = f.message_id WHERE f.account_id = ?1 AND m.outgoing = 1",
    );
    assert_eq!(outgoing, 0, "rules never look at what was sent");
    let seen = case.seen;
    account::mark_unlinked(tx, account, BEGIN)?;
    tx.execute("DELETE FROM rule_due", [])?;
    Ok(seen)
}

#[tokio::test]
async fn whatever_the_rules_and_the_past_nobody_is_answered_twice_or_in_a_circle_or_from_the_reserve() {
    let cases: u64 = std::env::var("RULE_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(150);
    let first: u64 = std::env::var("RULE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let shop = Shop::open().await;
    let mut all = Seen::default();
    for seed in first..first + cases {
        let saved = shop.saved.clone();
        let seen = shop.store.write(move |tx| play(tx, &saved, seed)).await;
        let seen = seen.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        all.answers += seen.answers;
        all.withdrawn += seen.withdrawn;
        all.refused += seen.refused;
        all.circles += seen.circles;
        all.kept += seen.kept;
    }
    eprintln!("{cases} cases: {all:?}");
    let few = u32::try_from(cases / 20).unwrap();
    assert!(
        all.answers > 10 * few && all.withdrawn > 0 && all.refused > few && all.circles > few && all.kept > few,
        "the cases reach what they are about: {all:?}"
    );
}
