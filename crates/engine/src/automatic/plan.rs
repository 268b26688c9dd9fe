//! What is to be done so that a kind says something, with as few calls as TikTok's verbs allow: each call is a new review,
//! and customers do not see what is under review.

use model::{AuditStatus, AutoMessageType, AutoText};
use store::table::auto_message::ListedAutoMessage;

/// What is to be done, in this order. What can be sorted is sorted afterwards.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// These go first: there must be room for others.
    pub(super) delete: Vec<String>,
    /// These say something else, where they stand.
    pub(super) update: Vec<(String, AutoText)>,
    /// These are new, behind the others.
    pub(super) create: Vec<AutoText>,
}

impl Plan {
    fn calls(&self) -> usize {
        self.delete.len() + self.update.len() + self.create.len()
    }
}

/// More messages than this are not weighed against each other; TikTok allows six.
const MAX_MESSAGES: usize = 8;

/// What to do so that what there is now becomes what is wanted. Of a kind that can be sorted the order follows by sorting;
/// of another the order is that in which messages were made.
pub(super) fn plan(kind: AutoMessageType, now: &[ListedAutoMessage], wanted: &[AutoText]) -> Plan {
    if now.len() > MAX_MESSAGES || wanted.len() > MAX_MESSAGES {
        let delete = now.iter().map(|item| item.remote_id.clone()).collect();
        return Plan { delete, create: wanted.to_vec(), ..Plan::default() };
    }
    if kind.can_be_sorted() { any_order(now, wanted) } else { in_order(now, wanted) }
}

fn may_change(item: &ListedAutoMessage) -> bool {
    matches!(item.audit, AuditStatus::Approved | AuditStatus::Unknown)
}

/// What stays stays; of the rest as many as possible say something else.
fn any_order(now: &[ListedAutoMessage], wanted: &[AutoText]) -> Plan {
    let mut missing: Vec<AutoText> = wanted.to_vec();
    let mut over: Vec<&ListedAutoMessage> = Vec::new();
    for item in now {
        match missing.iter().position(|text| *text == item.text) {
            Some(place) => drop(missing.remove(place)),
            None => over.push(item),
        }
    }
    let mut plan = Plan::default();
    // Whatever has the same title first: TikTok takes none of it while the other is there.
    let (same, others): (Vec<&ListedAutoMessage>, Vec<&ListedAutoMessage>) =
        over.into_iter().partition(|item| missing.iter().any(|text| text.repeats(&item.text)));
    for item in same {
        match missing.iter().position(|text| may_change(item) && text.repeats(&item.text)) {
            Some(place) => plan.update.push((item.remote_id.clone(), missing.remove(place))),
            None => plan.delete.push(item.remote_id.clone()),
        }
    }
    for item in others {
        if may_change(item) && !missing.is_empty() {
            plan.update.push((item.remote_id.clone(), missing.remove(0)));
        } else {
            plan.delete.push(item.remote_id.clone());
        }
    }
    plan.create = missing;
    plan
}

/// Of all choices of messages that stay, the one with the fewest calls: they are the first of what is wanted, in order.
fn in_order(now: &[ListedAutoMessage], wanted: &[AutoText]) -> Plan {
    let choices = 0..1_usize << now.len();
    let plans = choices.filter_map(|chosen| staying(now, wanted, |place| chosen >> place & 1 == 1));
    plans.min_by_key(|plan| (plan.calls(), plan.delete.len())).unwrap_or_default()
}

fn staying(now: &[ListedAutoMessage], wanted: &[AutoText], stays: impl Fn(usize) -> bool) -> Option<Plan> {
    let mut plan = Plan::default();
    let kept: Vec<&ListedAutoMessage> =
        now.iter().enumerate().filter(|(place, _)| stays(*place)).map(|(_, item)| item).collect();
    if kept.len() > wanted.len() {
        return None;
    }
    for (item, text) in kept.iter().zip(wanted) {
        if item.text == *text {
            continue;
        }
        // TikTok refuses what another one says at that time.
        let repeats = |other: &&ListedAutoMessage| other.remote_id != item.remote_id && other.text.repeats(text);
        if !may_change(item) || kept.iter().any(repeats) {
            return None;
        }
        plan.update.push((item.remote_id.clone(), text.clone()));
    }
    let gone = now.iter().enumerate().filter(|(place, _)| !stays(*place));
    plan.delete = gone.map(|(_, item)| item.remote_id.clone()).collect();
    plan.create = wanted.iter().skip(kept.len()).cloned().collect();
    Some(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A letter is a title; each of a to c has another answer in the second half of the alphabet, n to p.
    fn text(letter: &str) -> AutoText {
        let title = match letter {
            "n" => "a",
            "o" => "b",
            "p" => "c",
            title => title,
        };
        AutoText { title: title.to_owned(), body: letter.to_owned() }
    }

    fn texts(bodies: &str) -> Vec<AutoText> {
        bodies.chars().map(|body| text(&body.to_string())).collect()
    }

    /// Each letter a message; small ones may be changed, capital ones are under review.
    fn items(bodies: &str) -> Vec<ListedAutoMessage> {
        let one = |(place, body): (usize, char)| ListedAutoMessage {
            remote_id: place.to_string(),
            text: text(&body.to_ascii_lowercase().to_string()),
            audit: if body.is_uppercase() { AuditStatus::Reviewing } else { AuditStatus::Approved },
            raw: String::new(),
        };
        bodies.chars().enumerate().map(one).collect()
    }

    /// Does as planned, as TikTok does it: what it would refuse fails.
    fn done(kind: AutoMessageType, now: &[ListedAutoMessage], plan: &Plan) -> Vec<AutoText> {
        let mut items = now.to_vec();
        for id in &plan.delete {
            items.retain(|item| item.remote_id != *id);
        }
        for (id, text) in &plan.update {
            assert!(!items.iter().any(|item| item.remote_id != *id && item.text.repeats(text)), "a duplicate");
            let item = items.iter_mut().find(|item| item.remote_id == *id).expect("it is there");
            assert!(may_change(item));
            item.text = text.clone();
        }
        let mut said: Vec<AutoText> = items.into_iter().map(|item| item.text).collect();
        for text in &plan.create {
            assert!(!said.iter().any(|other| other.repeats(text)), "a duplicate");
            assert!(said.len() < kind.max_count(), "one too many");
            said.push(text.clone());
        }
        said
    }

    /// All words of letters with different titles, up to so long.
    fn words(letters: &str, most: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut from = 0;
        for _ in 0..most {
            let to = all.len();
            for place in from..to {
                let word = all[place].clone();
                let title = |letter: char| text(&letter.to_ascii_lowercase().to_string()).title;
                let fresh = letters.chars().filter(|letter| !word.chars().any(|other| title(other) == title(*letter)));
                all.extend(fresh.map(|letter| format!("{word}{letter}")).collect::<Vec<_>>());
            }
            from = to;
        }
        all
    }

    #[test]
    fn whatever_there_was_becomes_what_is_wanted_in_its_order() {
        let kind = AutoMessageType::SuggestedQuestion;
        for now in words("abcdno", 3) {
            for reviewing in 0..1_usize << now.len() {
                let mixed = now.char_indices().map(|(place, letter)| {
                    if reviewing >> place & 1 == 1 { letter.to_ascii_uppercase() } else { letter }
                });
                let now = items(&mixed.collect::<String>());
                for wanted in words("abcdno", 3) {
                    let wanted = texts(&wanted);
                    let plan = plan(kind, &now, &wanted);
                    assert_eq!(done(kind, &now, &plan), wanted, "{now:?} {plan:?}");
                    assert!(plan.calls() <= now.len() + wanted.len());
                }
            }
        }
    }

    #[test]
    fn prompts_say_what_is_wanted_before_they_are_sorted() {
        let kind = AutoMessageType::ChatPrompt;
        for now in words("abCden", 3) {
            for wanted in words("abcdefop", 4) {
                let plan = plan(kind, &items(&now), &texts(&wanted));
                let mut said = done(kind, &items(&now), &plan);
                let mut wanted = texts(&wanted);
                said.sort_by(|one, other| one.body.cmp(&other.body));
                wanted.sort_by(|one, other| one.body.cmp(&other.body));
                assert_eq!(said, wanted, "{plan:?}");
            }
        }
    }

    #[test]
    fn one_changed_word_is_one_call_and_none_is_none() {
        for kind in [AutoMessageType::SuggestedQuestion, AutoMessageType::ChatPrompt] {
            assert_eq!(plan(kind, &items("abc"), &texts("abc")), Plan::default());
            let changed = plan(kind, &items("abc"), &texts("axc"));
            assert_eq!(changed, Plan { update: vec![("1".to_owned(), text("x"))], ..Plan::default() });
            let made = plan(kind, &items("ab"), &texts("abc"));
            assert_eq!(made, Plan { create: texts("c"), ..Plan::default() });
            let gone = plan(kind, &items("abc"), &texts("ac"));
            assert_eq!(gone, Plan { delete: vec!["1".to_owned()], ..Plan::default() });
        }
        let under_review = plan(AutoMessageType::SuggestedQuestion, &items("aBc"), &texts("axc"));
        assert_eq!(under_review.calls(), 3, "b goes, c says x, c is made: {under_review:?}");
    }
}
