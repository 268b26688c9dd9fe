//! Operators, people, order and rebuilding, told on a small shop.

use model::{AccountId, Change, Content, ConversationId, MediaState, PersonId, Reaction};

use super::recall::{Shelf, link, open, say, text};
use crate::search::plan::Plan;
use crate::search::{Found, Problem, ProblemKind, Query, Scope, find_more, is_rebuilding, merge, rebuild};
use crate::table::{message, tag};

const DAY: i64 = 86_400_000;
/// 2026-11-05.
const NOW: i64 = 20_762 * DAY + DAY / 2;

struct Shop {
    shelf: Shelf,
    accounts: [AccountId; 2],
    nadia: ConversationId,
}

impl Shop {
    /// Two accounts; each message's body is its name, or the one given for what has no body.
    async fn new() -> Self {
        let shelf = Shelf::new();
        let (accounts, nadia) = shelf
            .store
            .write(|tx| {
                let (one, two) = (link(tx, "one")?, link(tx, "two")?);
                let nadia = open(tx, one, "Nadia Rahman", Some("nadia.r"))?;
                let nick = open(tx, one, "Nick", Some("nickname"))?;
                let other = open(tx, two, "Nadia Other", None)?;
                let day = |ago: i64| NOW - ago * DAY;
                say(tx, one, nadia, day(9), false, text("linen shirt one"))?;
                say(tx, one, nadia, day(8), true, text("linen shirt two"))?;
                say(
                    tx,
                    one,
                    nadia,
                    day(7),
                    false,
                    Content::Image { media_id: "m".into(), media: MediaState::Pending },
                )?;
                let liked = say(tx, one, nick, day(6), false, text("shirt of linen three https://a.de/x"))?;
                message::set_reactions(
                    tx,
                    liked,
                    &[Reaction { emoji: "❤".into(), picture: None, from: model::Direction::Out }],
                )?;
                say(tx, one, nick, day(1), true, text("linens four"))?;
                say(tx, two, other, day(0), false, text("linen five"))?;
                let post = Content::SharePost { embed_url: "u".into(), item_id: None };
                say(tx, two, other, day(0) + 1, false, post)?;
                tag::add(tx, nadia, "VIP")?;
                tag::add(tx, nick, "Vip return")?;
                Ok(([one, two], nadia))
            })
            .await
            .unwrap();
        Self { shelf, accounts, nadia }
    }

    fn ask(&self, typed: &str) -> Found {
        self.shelf.find(&Query::parse(typed).dated(NOW, |_| 0), Scope::default(), 50)
    }

    /// The last words of what was found; kinds of what has no words.
    fn hits(&self, typed: &str) -> String {
        names(&self.ask(typed))
    }
}

fn names(found: &Found) -> String {
    let name = |hit: &crate::search::Hit| match hit
        .excerpt
        .split(' ')
        .find(|word| !word.is_empty() && "one two three four five".contains(word))
    {
        Some(word) => word.to_owned(),
        None => format!("{:?}", hit.kind),
    };
    found.messages.iter().map(name).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn operators_and_exclusions_narrow_what_words_find() {
    let shop = Shop::new().await;
    for (typed, wanted) in [
        ("linen", "five three two one four"),
        ("linen shirt", "two one three"),
        ("\"linen shirt\"", "two one"),
        ("-shirt linen", "five four"),
        ("-\"linen shirt\" linen", "five three four"),
        ("-linen", "SharePost four Image"),
        ("from:nadia", "SharePost five Image one"),
        ("from:\"Nadia Rahman\" linen", "one"),
        ("from:nad.r", ""),
        ("from:@nadia.r", "Image one"),
        ("from:me", "four two"),
        ("from:us from:nick", "four three two"),
        ("linen -from:me", "five three one"),
        ("-from:nadia linen", "three two four"),
        ("in:rahman", "Image two one"),
        ("in:rahman in:nick -has:image", "four three two one"),
        ("in:rahman from:me", "two"),
        ("has:image", "Image"),
        ("has:photos", "Image"),
        ("has:post", "SharePost"),
        ("has:link", "three"),
        ("has:reaction linen", "three"),
        ("has:video", ""),
        ("tag:vip ", "Image two one"),
        ("tag:vip", "four three Image two one"),
        ("tag:\"vip return\" linen", "three four"),
        ("-tag:VIP linen", "five three four"),
        ("on:today", "SharePost five"),
        ("linen before:2026-11", "three two one"),
        ("after:2026-10 linen", "five four"),
        ("before:today -before:2026-10-28 linen", "three two four"),
        ("-on:2026-10-30 -on:yesterday linen", "five two one"),
        ("on:2026-10-29 ", "Image"),
        ("on:2026-10-30", "three"),
        ("", ""),
        ("- \" : *", ""),
    ] {
        assert_eq!(shop.hits(typed), wanted, "{typed}");
    }
}

#[tokio::test]
async fn a_scope_is_one_account_or_one_conversation() {
    let shop = Shop::new().await;
    let find = |typed: &str, scope: Scope| shop.shelf.find(&Query::parse(typed), scope, 50);
    let two = Scope { account: Some(shop.accounts[1]), conversation: None };
    assert_eq!(names(&find("linen", two)), "five");
    assert_eq!(names(&find("from:nadia", two)), "SharePost five");
    assert_eq!(names(&find("-linen", two)), "SharePost");
    assert_eq!(find("nadia", two).people.len(), 1);
    let nadia = Scope { account: None, conversation: Some(shop.nadia) };
    assert_eq!(names(&find("linen", nadia)), "two one");
    assert_eq!(names(&find("from:nadia tag:vip", nadia)), "Image one");
    assert_eq!(names(&find("from:nick", nadia)), "");
    assert!(find("nadia", nadia).people.is_empty());
    let in_thread = |typed: &str| {
        let query = Query::parse(typed).dated(NOW, |_| 0);
        shop.shelf.store.read_now(|sql| crate::search::in_thread(sql, shop.nadia, &query, 9)).unwrap()
    };
    assert_eq!(in_thread("shirt -from:me in:nick").messages.len(), 1);
    assert_eq!(in_thread("linen -on:2026-10-28").messages.len(), 1);
    let odd = in_thread("linen on:soon from:nick ");
    let kinds: Vec<ProblemKind> = odd.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!((odd.messages.len(), kinds), (0, vec![ProblemKind::BadDate]));
}

#[tokio::test]
async fn today_and_yesterday_are_known_in_a_conversation_too() {
    let shop = Shop::new().await;
    let (one, nadia) = (shop.accounts[0], shop.nadia);
    shop.shelf
        .store
        .write(move |tx| {
            say(tx, one, nadia, NOW - DAY, false, text("linen yesterday"))?;
            say(tx, one, nadia, NOW, false, text("linen today"))
        })
        .await
        .unwrap();
    let count = |typed: &str| {
        let query = Query::parse(typed).dated(NOW, |_| 0);
        shop.shelf.store.read_now(|sql| crate::search::in_thread(sql, nadia, &query, 9)).unwrap().messages.len()
    };
    assert_eq!((count("linen"), count("linen on:today"), count("linen on:yesterday")), (4, 1, 1));
}

#[tokio::test]
async fn a_reply_that_waited_is_found_on_the_day_it_went_out() {
    let shop = Shop::new().await;
    let (one, nadia) = (shop.accounts[0], shop.nadia);
    let pressed = NOW - 3 * DAY + 8 * 3_600_000;
    shop.shelf
        .store
        .write(move |tx| {
            let id = message::insert_own(tx, one, nadia, &text("linen at last"), None, pressed)?;
            message::set_time(tx, id, pressed + 12 * 3_600_000)?;
            // What a customer wrote on the evening before stays there.
            say(tx, one, nadia, pressed, false, text("linen at last?")).map(|_| ())
        })
        .await
        .unwrap();
    let found = |typed: &str| -> Vec<bool> { shop.ask(typed).messages.iter().map(|hit| hit.outgoing).collect() };
    assert_eq!(found("linen last on:2026-11-03 "), [true]);
    assert_eq!(found("linen last on:2026-11-02 "), [false]);
    assert_eq!(found("linen last after:2026-11-02 before:2026-11-04 "), [true]);
    assert_eq!(found("linen last -on:2026-11-02 "), [true]);
    assert_eq!(found("linen last "), [false, true]);
}

#[tokio::test]
async fn what_tiktok_made_of_a_reply_is_what_is_found() {
    let shop = Shop::new().await;
    let (one, nadia) = (shop.accounts[0], shop.nadia);
    shop.shelf
        .store
        .write(move |tx| {
            let id = message::insert_own(tx, one, nadia, &text("abc"), None, NOW)?;
            let listed = message::IncomingMessage {
                remote_id: "its id".into(),
                sent_at_ms: NOW,
                is_timed: true,
                outgoing: true,
                surface: model::Surface::Deskbell,
                auto: None,
                content: text("abd"),
                quoted_remote_id: None,
                reactions: vec![Reaction { emoji: "❤".into(), picture: None, from: model::Direction::In }],
                raw: "{}".into(),
            };
            message::assign_remote_id(tx, id, "its id", Some(&listed), true)?;
            assert_eq!(message::get(tx, id)?.reactions, listed.reactions);
            Ok(())
        })
        .await
        .unwrap();
    let count = |typed: &str| shop.ask(typed).messages.len();
    assert_eq!((count("abd"), count("abc"), count("abd has:reaction ")), (1, 0, 1));
}

#[tokio::test]
async fn people_are_found_by_name_and_handle() {
    let shop = Shop::new().await;
    let people = |typed: &str| -> Vec<String> {
        let marked = |hit: crate::search::PersonHit| {
            format!("{}{:?}", hit.name, hit.marks.iter().map(|mark| (mark.start, mark.len)).collect::<Vec<_>>())
        };
        shop.ask(typed).people.into_iter().map(marked).collect()
    };
    assert_eq!(people("nad"), ["Nadia Other[(0, 3)]", "Nadia Rahman[(0, 3)]"]);
    assert_eq!(people("nadia rah"), ["Nadia Rahman[(0, 5), (6, 3)]"]);
    assert_eq!(people("n"), ["Nadia Other[(0, 1)]", "Nick[(0, 1)]", "Nadia Rahman[(0, 1)]"]);
    assert_eq!(people("nickn"), ["Nick[]"]);
    assert_eq!(people("from:nick linen"), ["Nick[(0, 4)]"]);
    assert_eq!(people("-nick"), Vec::<String>::new());
    let account = shop.accounts[0];
    shop.shelf
        .store
        .write(move |tx| {
            let renamed = crate::table::person::PersonUpdate {
                remote_id: "person Nick".into(),
                name: Some("Niklas".into()),
                ..Default::default()
            };
            crate::table::person::upsert(tx, account, &renamed)?;
            crate::search::forget_person(tx, PersonId(1))
        })
        .await
        .unwrap();
    assert_eq!(people("nik"), ["Niklas[(0, 3)]"]);
    assert_eq!(people("nickname"), ["Niklas[]"], "the handle is still theirs");
    assert_eq!(people("rahman"), Vec::<String>::new());
}

#[tokio::test]
async fn whoever_is_called_what_was_typed_comes_before_those_whose_name_begins_so() {
    let shelf = Shelf::new();
    shelf
        .store
        .write(|tx| {
            let one = link(tx, "one")?;
            for (n, name) in ["Ana", "Ana Busy"].into_iter().enumerate() {
                let id = open(tx, one, name, None)?;
                say(tx, one, id, NOW - 365 * DAY + n as i64, false, text("hello"))?;
                crate::table::conversation::refresh(tx, id)?;
            }
            for n in 0..61 {
                let id = open(tx, one, &format!("Anabel {n}"), None)?;
                say(tx, one, id, NOW + n, false, text("hello"))?;
                crate::table::conversation::refresh(tx, id)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let people = |typed: &str| -> Vec<String> {
        shelf.find(&Query::parse(typed), Scope::default(), 50).people.into_iter().map(|hit| hit.name).take(3).collect()
    };
    assert_eq!(people("Ana"), ["Ana Busy", "Ana", "Anabel 60"]);
    assert_eq!(people("from:ana"), ["Ana Busy", "Ana", "Anabel 60"]);
    assert_eq!(people("anab"), ["Anabel 60", "Anabel 59", "Anabel 58"]);
}

#[tokio::test]
async fn what_cannot_be_understood_is_said_and_the_rest_counts() {
    let shop = Shop::new().await;
    let problem = |kind, operator: &str, value: &str| Problem { kind, operator: operator.into(), value: value.into() };
    for (typed, hits, problems) in [
        ("from:zoe linen", "", vec![problem(ProblemKind::UnknownPerson, "from", "zoe")]),
        ("-in:zoe \"linen five\"", "five", vec![problem(ProblemKind::UnknownPerson, "in", "zoe")]),
        ("from:zoe from:nick", "three", vec![problem(ProblemKind::UnknownPerson, "from", "zoe")]),
        ("tag:gold linen", "", vec![problem(ProblemKind::UnknownTag, "tag", "gold")]),
        ("has:gold five", "five", vec![problem(ProblemKind::BadHas, "has", "gold")]),
        ("before:2026-13 five", "five", vec![problem(ProblemKind::BadDate, "before", "2026-13")]),
        ("from: five", "five", vec![]),
        ("has:im", "", vec![]),
    ] {
        let found = shop.ask(typed);
        assert_eq!((names(&found).as_str(), &found.problems), (hits, &problems), "{typed}");
    }
}

/// Every answer to a search, until it has looked through everything or has enough.
fn asking_on(shop: &Shop, typed: &str) -> (Vec<i64>, usize) {
    let query = Query::parse(typed).dated(NOW, |_| 0);
    let mut found = shop.shelf.find(&query, Scope::default(), 50);
    let mut times: Vec<i64> = found.messages.iter().map(|hit| hit.sent_at_ms).collect();
    let mut asked = 1;
    while let Some(below) = found.resume {
        assert!(found.more && times.len() < 50);
        let more = |sql: &rusqlite::Connection| find_more(sql, &query, &Scope::default(), below, 50);
        found = shop.shelf.store.read_now(more).unwrap();
        assert!(found.people.is_empty(), "people were looked for already");
        times.extend(found.messages.iter().map(|hit| hit.sent_at_ms));
        asked += 1;
    }
    (times, asked)
}

#[tokio::test]
async fn what_a_crowd_wrote_long_ago_is_found_however_much_was_written_since() {
    let shop = Shop::new().await;
    let one = shop.accounts[0];
    let old = NOW - 365 * DAY;
    shop.shelf
        .store
        .write(move |tx| {
            for n in 0..1_100 {
                let id = open(tx, one, &format!("Zora {n}"), None)?;
                say(tx, one, id, old + n, false, text(if n == 7 { "linen rarely" } else { "linen" }))?;
                crate::table::conversation::refresh(tx, id)?;
                tag::add(tx, id, "Many")?;
                if n < 600 {
                    tag::add(tx, id, "Christmas 2025")?;
                }
            }
            let busy = open(tx, one, "Busy", None)?;
            for n in 0..20_001 {
                say(tx, one, busy, NOW - DAY + n, n % 2 == 0, text("linen"))?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let newest = |from: i64, count: i64| -> Vec<i64> { (0..count).map(|n| old + from - n).collect() };
    // Of a middling crowd a look is taken, and whoever asks on is told all: the index is asked in turns, to the end.
    assert_eq!(asking_on(&shop, "tag:\"Christmas 2025\" linen"), (newest(599, 50), 2));
    assert_eq!(asking_on(&shop, "tag:\"Christmas 2025\""), (newest(599, 50), 2));
    assert_eq!(asking_on(&shop, "tag:\"Christmas 2025\" rarely"), (newest(7, 1), 1));
    assert_eq!(asking_on(&shop, "tag:\"Christmas 2025\" linen on:today"), (vec![], 2));
    // Of a large one hits are looked at, some thousand for each answer.
    assert_eq!(asking_on(&shop, "tag:many linen"), (newest(1_099, 50), 4));
    assert_eq!(asking_on(&shop, "from:zora linen"), (newest(1_099, 50), 2), "what came in is asked of the index");
    assert_eq!(asking_on(&shop, "in:zora rarely"), (newest(7, 1), 1));
    assert_eq!(asking_on(&shop, "linen -in:busy -tag:\"Christmas 2025\" before:2026-10").0, newest(1_099, 50));
    // Whatever is asked, no answer looks at more.
    for typed in ["tag:\"Christmas 2025\" linen", "tag:many linen", "-from:zora linen", "linen before:today"] {
        let query = Query::parse(typed).dated(NOW, |_| 0);
        let words: Vec<String> = query.wanted().map(crate::search::term::Term::expression).collect();
        let looked_at = |sql: &rusqlite::Connection| {
            let plan = Plan::of(sql, &query, &Scope::default())?;
            Ok(plan.walk(sql, &words, &(i64::MIN..=i64::MAX), 50)?.looked_at)
        };
        let looked_at = shop.shelf.store.read_now(looked_at).unwrap();
        assert!((1..=6_000).contains(&looked_at), "{typed}: {looked_at}");
    }
}

#[tokio::test]
async fn too_many_people_to_ask_the_index_for_are_looked_at_hit_by_hit() {
    let shop = Shop::new().await;
    let one = shop.accounts[0];
    shop.shelf
        .store
        .write(move |tx| {
            for n in 0..600 {
                let id = open(tx, one, &format!("Zora {n}"), None)?;
                say(tx, one, id, NOW + n, n % 2 == 1, text(format!("linen z{n}")))?;
                if n < 550 {
                    tag::add(tx, id, "Many")?;
                }
            }
            Ok(())
        })
        .await
        .unwrap();
    let count = |typed: &str| {
        let found = shop.shelf.find(&Query::parse(typed), Scope::default(), 1000);
        assert!(found.problems.is_empty() && !found.more);
        found.messages.len()
    };
    assert_eq!(count("from:zora"), 300);
    assert_eq!(count("in:zora"), 600);
    assert_eq!(count("in:zora in:nick"), 602);
    assert_eq!(count("from:zora from:me linen"), 602);
    assert_eq!(count("-from:zora linen"), 305);
    assert_eq!(count("-in:zora linen"), 5);
    assert_eq!(count("tag:many "), 550);
    assert_eq!(count("-tag:many linen"), 55);
    let few = shop.shelf.find(&Query::parse("linen"), Scope::default(), 10);
    assert!(few.messages.len() == 10 && few.more);
    assert_eq!(few.messages[0].excerpt, "linen z599");
    // Of the newest few hundred the better ones come first, however many there are.
    let nadia = shop.nadia;
    shop.shelf.store.write(move |tx| say(tx, one, nadia, NOW + 550, false, text("z linen"))).await.unwrap();
    let first = |typed: &str| {
        let found = shop.shelf.find(&Query::parse(typed), Scope::default(), 10);
        found.messages.into_iter().take(2).map(|hit| hit.excerpt).collect::<Vec<_>>()
    };
    assert_eq!(first("z"), ["z linen", "linen z599"]);
    assert_eq!(first("z lin"), ["z linen"]);
    assert_eq!(first("linen z"), ["linen z599", "linen z598"]);
}

#[tokio::test]
async fn the_index_is_filled_again_in_slices_newest_first_and_nothing_twice() {
    let shop = Shop::new().await;
    let mut changes = shop.shelf.store.changes();
    let one = shop.accounts[0];
    let nadia = shop.nadia;
    shop.shelf
        .store
        .write(move |tx| {
            // As after a migration.
            tx.execute("DELETE FROM search", [])?;
            tx.execute("DELETE FROM search_person", [])?;
            tx.execute("INSERT INTO setting (name, value) VALUES ('search_rebuild', ?1)", [i64::MAX.to_string()])?;
            assert!(is_rebuilding(tx)?);
            say(tx, one, nadia, NOW - 10 * DAY, false, text("linen old one")).map(|_| ())
        })
        .await
        .unwrap();
    let mut slices = Vec::new();
    loop {
        let more = shop.shelf.store.write(|tx| rebuild(tx, 2)).await.unwrap();
        slices.push(format!("{}/{}", shop.ask("nadia").people.len(), shop.ask("linen").messages.len()));
        if !more {
            break;
        }
    }
    // Saved replies and people first, then messages from the newest; the one that came meanwhile was there all the time.
    assert_eq!(slices, ["0/1", "1/1", "2/1", "2/1", "2/2", "2/4", "2/5", "2/6", "2/6"]);
    assert_eq!(shop.hits("linen"), "five three two one one four");
    let rebuilding_now = shop.shelf.store.read_now(is_rebuilding).unwrap();
    assert!(!rebuilding_now);
    assert!(!shop.shelf.store.write(|tx| rebuild(tx, 2)).await.unwrap(), "there is nothing left to do");
    let said = std::iter::from_fn(|| changes.try_recv().ok()).filter(|change| *change == Change::Settings).count();
    assert_eq!(said, 1, "only its end is news");
    let mut merges = 0;
    while shop.shelf.store.write(|tx| merge(tx, 8)).await.unwrap() {
        merges += 1;
        assert!(merges < 100, "merging must come to an end");
    }
    assert!(merges > 0);
    assert_eq!(shop.hits("linen"), "five three two one one four");
}
