//! Searching as the page asks for it.

use model::{AccountId, CardKind, Content, ConversationId, ConversationKind, Millis, Surface};
use serde_json::json;
use store::table::conversation::Listed;
use store::table::message::News;
use store::table::person::PersonNews;
use store::table::{conversation, message, person};
use store::{StoreError, Tx};
use tests::World;

fn listed(tx: &mut Tx<'_>, account: AccountId, name: &str) -> Result<ConversationId, StoreError> {
    let news = PersonNews { remote_id: format!("p {name}"), name: Some(name.to_owned()), ..PersonNews::default() };
    let person = person::upsert(tx, account, &news)?.id;
    let remote_id = format!("c {name}");
    let listed = Listed { remote_id: remote_id.clone(), kind: ConversationKind::Chat, updated_ms: 1, origin: None };
    conversation::upsert_listed(tx, account, &listed)?;
    let id = conversation::find(tx, account, &remote_id)?.ok_or(StoreError::NotFound)?;
    conversation::set_person(tx, id, person)?;
    Ok(id)
}

fn says(
    tx: &Tx<'_>,
    account: AccountId,
    id: ConversationId,
    at_ms: Millis,
    content: Content,
) -> Result<(), StoreError> {
    let news = News {
        remote_id: format!("{id} {at_ms}"),
        sent_at_ms: at_ms,
        outgoing: false,
        surface: Surface::Other,
        auto: None,
        content,
        quoted_remote_id: None,
        reactions: Vec::new(),
        raw: "{}".to_owned(),
    };
    message::insert(tx, account, id, &news, true).map(|_| ())
}

#[tokio::test]
async fn a_card_found_by_its_button_is_marked_there() {
    let world = World::start().await;
    let (account, now) = (world.account(), world.tiktok.now_ms());
    let card = Content::Card {
        kind: Some(CardKind::Button),
        title: "Anything else? 🙏".to_owned(),
        buttons: vec!["No".to_owned(), "A refund".to_owned()],
    };
    let ana = world
        .desk()
        .engine()
        .store()
        .write(move |tx| {
            let ana = listed(tx, account, "Ana")?;
            says(tx, account, ana, now, card)?;
            conversation::refresh(tx, ana)?;
            Ok(ana)
        })
        .await
        .unwrap();
    let asked = json!({ "conversation": ana, "before": null, "after": null, "limit": 20, "find": "refund" });
    let page = world.ask("listMessages", asked).await;
    // In UTF-16 code units of the title and the buttons, a space before each.
    assert_eq!(page["messages"][0]["marks"], json!([{ "start": 17 + 1 + 2 + 1 + 2, "len": 6 }]));
}
