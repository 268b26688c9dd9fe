//! Search: letter by letter, script by script, with phrases and operators, and in one conversation.

use anyhow::{Context, Result};
use model::{ConversationId, MessageId};
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::json;
use store::search::{self, Query, Scope};
use store::table::message::first_id;

use super::MANY;
use crate::floor::Floor;
use crate::measure::{Case, timed};
use crate::script::{SCRIPTS, Script};
use crate::segment;
use crate::shop::Customer;
use crate::stage::{Stage, pick, request};

/// The hits of one search.
const HITS: u32 = 50;
/// The hits of one search in a conversation.
const THREAD_HITS: u32 = 1_000;
/// The last letter of the longest beginning.
const LONGEST: usize = 6;

/// What is typed, and what the floor is asked for it. Operators need facts the floor does not index: there it looks at
/// hits one after the other, or is not asked at all.
struct Question {
    typed: String,
    floor: Asked,
}

enum Asked {
    Words(String),
    In(String, ConversationId),
    Between(String, MessageId, MessageId),
    Nothing,
}

impl Asked {
    fn run(&self, floor: &Floor) -> Result<()> {
        match self {
            Self::Words(words) => floor.search(words, HITS)?,
            Self::In(words, id) => floor.search_in(words, *id, HITS)?,
            Self::Between(words, from, to) => floor.search_between(words, *from, *to, HITS)?,
            Self::Nothing => 0,
        };
        Ok(())
    }
}

impl Question {
    fn words(typed: String) -> Self {
        let floor = Asked::Words(segment::query(&typed));
        Self { typed, floor }
    }
}

pub(crate) fn cases<'a>(stage: &'a Stage<'a>) -> Vec<Case<'a>> {
    let mut cases = Vec::new();
    for length in 1..=LONGEST {
        cases.push(case(format!("search_{length}_letters"), stage, move |lot| {
            let script = any_script(lot);
            Ok(Question::words(beginning(script, length, lot)))
        }));
    }
    for script in &SCRIPTS {
        cases.push(case(format!("search_{}", script.name), stage, move |lot| {
            let length = lot.random_range(1..=LONGEST);
            Ok(Question::words(beginning(script, length, lot)))
        }));
    }
    cases.push(case("search_two_words", stage, |lot| {
        let script = any_script(lot);
        Ok(Question::words(format!("{} {}", script.word(lot), script.word(lot))))
    }));
    cases.push(case("search_phrase", stage, phrase));
    cases.push(case("search_unknown_word", stage, |lot| {
        Ok(Question::words(format!("{}qxq", any_script(lot).word(lot))))
    }));
    cases.extend(operators(stage));
    cases.push(in_thread(stage));
    cases
}

fn operators<'a>(stage: &'a Stage<'a>) -> Vec<Case<'a>> {
    let with = move |operator: String, lot: &mut StdRng| {
        let word = any_script(lot).word(lot);
        Question { floor: Asked::Words(segment::query(&word)), typed: format!("{operator} {word}") }
    };
    let first_name = move |lot: &mut StdRng| {
        let name = Customer::of(stage.seed, lot.random_range(1..1_000)).name();
        name.split_whitespace().next().unwrap_or_default().to_owned()
    };
    vec![
        case("search_from", stage, move |lot| Ok(with(format!("from:{}", first_name(lot)), lot))),
        case("search_from_me", stage, move |lot| Ok(with("from:me".to_owned(), lot))),
        case("search_in", stage, move |lot| Ok(with(format!("in:{}", first_name(lot)), lot))),
        case("search_tag", stage, move |lot| Ok(with("tag:VIP".to_owned(), lot))),
        case("search_image", stage, move |lot| {
            Ok(Question { typed: format!("has:image in:{} ", first_name(lot)), floor: Asked::Nothing })
        }),
        case("search_dates", stage, between),
        // A word that is everywhere, in a conversation that is nearly nowhere.
        case("search_common_in_rare", stage, move |lot| {
            let id = stage.any(lot)?;
            let name = stage.floor.borrow().name(id)?;
            let word = pick(&["the", "is", "order", "size"], lot)?;
            Ok(Question { typed: format!("in:\"{name}\" {word}"), floor: Asked::In(segment::query(word), id) })
        }),
    ]
}

fn between(lot: &mut StdRng) -> Result<Question> {
    let word = any_script(lot).word(lot);
    let (year, month) = (2025, lot.random_range(1..=11));
    // 1 January 2025, and months as long as they are on average: the floor need not be exact to cost the same.
    let day = |month: i64| first_id(1_735_689_600_000 + (month - 1) * 2_629_746_000);
    Ok(Question {
        typed: format!("{word} on:{year}-{month:02} "),
        floor: Asked::Between(segment::query(&word), day(month), day(month + 1)),
    })
}

/// Two words as they stand in a sentence; of unspaced scripts some characters.
fn phrase(lot: &mut StdRng) -> Result<Question> {
    let sentence = any_script(lot).sentence(lot);
    let words: Vec<&str> = sentence.split_whitespace().take(2).collect();
    let words: String = words.join(" ").chars().take(24).collect();
    let floor = Asked::Words(format!("\"{}\"", segment::words(&words).join(" ")));
    Ok(Question { typed: format!("\"{words}\""), floor })
}

fn any_script(lot: &mut StdRng) -> &'static Script {
    Script::of(lot.random())
}

/// The first letters of something written in this script.
fn beginning(script: &Script, length: usize, lot: &mut StdRng) -> String {
    loop {
        let text = if script.is_spaced() { script.word(lot) } else { script.sentence(lot) };
        let letters: String = text.chars().filter(|c| !c.is_whitespace()).take(length).collect();
        if letters.chars().count() == length {
            return letters;
        }
    }
}

fn case<'a>(
    name: impl Into<String>,
    stage: &'a Stage<'a>,
    draw: impl Fn(&mut StdRng) -> Result<Question> + Copy + 'a,
) -> Case<'a> {
    let drawn = move |lot: &mut StdRng| (0..MANY).map(|_| draw(lot)).collect::<Result<Vec<_>>>();
    let case = Case::new(name)
        .store(move |lot| {
            let scope = Scope { account: Some(stage.account), conversation: None };
            timed(drawn(lot)?, |question| {
                let query = Query::parse(&question.typed);
                stage.store().read_now(|sql| search::find(sql, &query, &scope, HITS))?;
                Ok(())
            })
        })
        .desk(move |lot| {
            let questions = drawn(lot)?.into_iter().map(|question| {
                let args =
                    json!({ "account": stage.account, "text": question.typed, "limit": HITS, "timeZone": "UTC", "utcOffsetMin": 0 });
                request("search", args)
            });
            stage.ask(questions.collect())
        });
    if matches!(draw(&mut rand::SeedableRng::seed_from_u64(1)), Ok(Question { floor: Asked::Nothing, .. })) {
        return case;
    }
    case.floor(move |lot| timed(drawn(lot)?, |question| question.floor.run(&stage.floor.borrow())))
}

/// Next and previous in the giant.
fn in_thread<'a>(stage: &'a Stage<'a>) -> Case<'a> {
    let drawn = |lot: &mut StdRng| -> Vec<String> {
        let latin = Script::of(0);
        (0..MANY / 3).map(|_| latin.word(lot)).collect()
    };
    Case::new("search_in_thread")
        .floor(move |lot| {
            timed(drawn(lot), |word| {
                let hits = stage.floor.borrow().search_in(&segment::query(&word), stage.giant, THREAD_HITS);
                hits.context(word).map(|_| ())
            })
        })
        .store(move |lot| {
            timed(drawn(lot), |word| {
                let query = Query::parse(&word);
                stage.store().read_now(|sql| search::in_thread(sql, stage.giant, &query, THREAD_HITS))?;
                Ok(())
            })
        })
        .desk(move |lot| {
            let words = drawn(lot).into_iter();
            let ask = |word| {
                request(
                    "findInThread",
                    json!({ "conversation": stage.giant, "text": word, "timeZone": "UTC", "utcOffsetMin": 0 }),
                )
            };
            stage.ask(words.map(ask).collect())
        })
}
