//! Deskbell dies between any two steps, from a customer's message to the confirmed answer: the answer goes out once.

use engine::inbound::{self, ApplyOptions};
use engine::rules;
use engine::source::Batch;
use model::{Action, Content, KeywordMatch, MessageId, Millis, RuleSpec, SavedReplyText, Surface, Trigger};
use store::Store;
use store::table::message::IncomingMessage;
use store::table::outbox::{self, BeginOutcome, OutboxState};
use store::table::{conversation, firing, rule, saved_reply};

use super::shop::{BEGIN, Event, Said, link, take_in};

/// The steps before which it may die.
const STEPS: usize = 6;

/// TikTok, as far as it matters here: what it was sent.
#[derive(Default)]
struct TikTok {
    taken: Vec<(String, Millis)>,
}

/// A Deskbell that dies before its `dies`th step, once.
struct Mortal<'a> {
    folder: &'a std::path::Path,
    store: Option<Store>,
    step: usize,
    dies: usize,
}

impl Mortal<'_> {
    /// Whether it lives on to take the next step. What was committed stays.
    async fn lives(&mut self) -> bool {
        self.step += 1;
        self.step != self.dies + 1
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    async fn restart(&mut self, now_ms: Millis) {
        self.store.take().unwrap().close().await;
        let store = Store::open(self.folder).unwrap();
        store.write(move |tx| outbox::recover_after_crash(tx, now_ms)).await.unwrap();
        self.store = Some(store);
    }
}

fn asked(at_ms: Millis) -> Event {
    Event { at_ms, customer: 1, said: Said::Customer(Content::Text { body: "price?".to_owned() }) }
}

/// Lives as far as it gets; whether all was done.
async fn live(mortal: &mut Mortal<'_>, tiktok: &mut TikTok, account: model::AccountId, now_ms: Millis) -> bool {
    if !mortal.lives().await {
        return false;
    }
    mortal.store().write(move |tx| take_in(tx, account, &asked(BEGIN + 1_000), now_ms)).await.unwrap();
    if !mortal.lives().await {
        return false;
    }
    while mortal.store().write(move |tx| rules::evaluate_next(tx, now_ms)).await.unwrap().is_some() {}
    let id = mortal
        .store()
        .read(move |sql| conversation::find(sql, account, &format!("conversation-{}-1", account.0)))
        .await
        .unwrap()
        .unwrap();
    for _ in 0..10 {
        let head = mortal.store().read(move |sql| outbox::head(sql, id)).await.unwrap();
        let Some(head) = head else { return true };
        match head.state {
            OutboxState::Queued => {
                if !mortal.lives().await {
                    return false;
                }
                let begun = mortal.store().write(move |tx| outbox::begin(tx, head.message, now_ms)).await.unwrap();
                let BeginOutcome::Call(reply) = begun else { panic!("nobody stands in its way: {begun:?}") };
                if !mortal.lives().await {
                    return false;
                }
                tiktok.taken.push((reply.outgoing.text().unwrap().to_owned(), now_ms));
                if !mortal.lives().await {
                    return false;
                }
                let remote = format!("sent-{}", tiktok.taken.len());
                mortal.store().write(move |tx| inbound::confirm(tx, account, reply.message, &remote)).await.unwrap();
            }
            // It is looked for, never sent again.
            OutboxState::Checking => listed(mortal.store(), tiktok, id, head.message, now_ms).await,
            OutboxState::Undecided => return true,
            state => panic!("{state:?}"),
        }
    }
    panic!("it goes on for ever");
}

/// TikTok lists what it has.
async fn listed(store: &Store, tiktok: &TikTok, id: model::ConversationId, _reply: MessageId, now_ms: Millis) {
    let messages = (1..).zip(&tiktok.taken).map(|(n, (body, at_ms))| IncomingMessage {
        remote_id: format!("sent-{n}"),
        sent_at_ms: *at_ms + 1,
        is_timed: true,
        outgoing: true,
        surface: Surface::Api,
        auto: None,
        content: Content::Text { body: body.clone() },
        quoted_remote_id: None,
        reactions: Vec::new(),
        raw: "{}".to_owned(),
    });
    let batch = Batch { messages: messages.collect(), asked_at_ms: now_ms + 90_000, ..Batch::default() };
    let told = ApplyOptions {
        now_ms,
        call_ms: 10_000,
        lag_ms: 60_000,
        undecided_after_ms: 60_000,
        updated_ms: 0,
        reread_if_behind: false,
    };
    store.write(move |tx| inbound::apply(tx, id, &batch, told)).await.unwrap();
}

#[tokio::test]
async fn dying_between_any_two_steps_neither_loses_an_answer_nor_gives_it_twice() {
    for dies in 0..=STEPS {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let account = store
            .write(|tx| {
                let account = link(tx, "business")?;
                let text = SavedReplyText {
                    name: "Price".to_owned(),
                    shortcut: String::new(),
                    category: String::new(),
                    body: "It is 25.".to_owned(),
                    attachment: None,
                };
                let saved = saved_reply::save(tx, None, &text)?;
                let spec = RuleSpec {
                    name: "Price".to_owned(),
                    enabled: true,
                    trigger: Trigger::Keyword { words: vec!["price".to_owned()], matching: KeywordMatch::Word },
                    conditions: Vec::new(),
                    actions: vec![Action::Reply { saved }, Action::Tag { name: "Price".to_owned() }],
                    stop: false,
                };
                rule::save(tx, None, &spec)?;
                Ok(account)
            })
            .await
            .unwrap();
        let mut mortal = Mortal { folder: folder.path(), store: Some(store), step: 0, dies };
        let mut tiktok = TikTok::default();
        let mut now_ms = BEGIN + 2_000;
        let done = live(&mut mortal, &mut tiktok, account, now_ms).await;
        assert_eq!(done, dies >= 5, "it died before step {dies}");
        // Started again, it is told of the message once more, as any listing does.
        mortal.dies = usize::MAX - 1;
        now_ms += 30_000;
        mortal.restart(now_ms).await;
        assert!(live(&mut mortal, &mut tiktok, account, now_ms).await);
        mortal.restart(now_ms).await;
        assert!(live(&mut mortal, &mut tiktok, account, now_ms).await);

        let (log, due, left) = mortal
            .store()
            .read(move |sql| {
                let left: i64 = sql.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))?;
                let log = firing::of_account(sql, account, None, None, 10)?;
                Ok((log, rule::next_due_at(sql)?, left))
            })
            .await
            .unwrap();
        assert_eq!((log.len(), due), (1, None), "died before step {dies}: {log:?}");
        assert!(log[0].reply.is_some() && log[0].no_reply.is_none());
        // Died after the row said `sending` and before the call: TikTok never got it, and the agent is asked.
        let lost = dies == 3;
        assert_eq!(tiktok.taken.len(), usize::from(!lost), "died before step {dies}");
        assert_eq!(left, i64::from(lost), "died before step {dies}");
    }
}
