//! What happens at Maison Bloom in the first minutes of a lively sandbox, which a script of the past cannot show: a
//! customer whose content TikTok does not push, one who comes through a link, a video, a reaction that is removed.

use super::{
    maison_bloom::{AMARA, DELIVERY, EMIL},
    script::{
        HEART,
        ScriptedAct::{self, Says, Video},
        staged,
    },
};
use crate::comment::Comment;
use crate::world::{
    World,
    conversation::{Message, Reaction, ReactionKind, Referral},
    voice::Voice,
};

/// One step of an arrival.
#[derive(Debug, Clone, Copy)]
enum ArrivalStep {
    Does(ScriptedAct),
    /// Comes through a link with this reference, which prefilled this text.
    FromLink(&'static str, &'static str),
    Reads,
    /// Comments under a video, and would say this to an answer by message.
    Comments(&'static str, &'static [&'static str]),
    /// Gives the shop's last message a heart.
    Loves,
    /// Takes it back.
    Regrets,
}

use ArrivalStep::{Comments, Does, FromLink, Loves, Reads, Regrets};

/// She and Rizky have never written; they comment.
const ANONG: &str = "อนงค์ ใจดี";
const RIZKY: &str = "Rizky Pratama";
const TEO: &str = "Teo Marin";
const LOOKBOOK: &str = "Hi! I saw the spring lookbook, which colours do you have?";

/// Seconds after the opening at a calm speed, the customer, and the step. TikTok greets newcomers and answers its
/// suggested question, as long as the shop has these on.
const ARRIVALS: &[(u64, &str, ArrivalStep)] = &[
    (25, EMIL, Reads),
    (31, EMIL, Does(Says("Noch eine Frage: gibt es das Hemd auch in Blau?"))),
    (40, ANONG, Comments("ตัวนี้ราคาเท่าไหร่คะ มีไซซ์ S ไหม 🙏", &["ขอบคุณค่ะ สั่งยังไงคะ", "โอเคค่ะ 🤎"])),
    (48, TEO, FromLink("spring-lookbook", LOOKBOOK)),
    (55, TEO, Does(Says(LOOKBOOK))),
    (63, TEO, Does(Says(DELIVERY))),
    (80, AMARA, Reads),
    (84, AMARA, Loves),
    (97, AMARA, Does(Video("the dress in the wind"))),
    (112, AMARA, Regrets),
    (140, RIZKY, Comments("Berapa harganya kak? Bisa kirim ke Surabaya?", &["Siap kak, aku pesan yang moss ya"])),
];

/// When each of them is due, in seconds.
pub(super) fn times() -> impl Iterator<Item = u64> {
    ARRIVALS.iter().map(|(after_s, ..)| *after_s)
}

/// Lets one of them happen.
pub(super) fn happen(world: &mut World, place: usize, at_ms: i64) {
    let Some((_, name, step)) = ARRIVALS.get(place) else {
        return;
    };
    let Some(account) = world.accounts.iter().position(|account| account.handle == "maisonbloom") else {
        return;
    };
    let at = world.conversation_with(account, name);
    let heart = Reaction { kind: ReactionKind::Emoji(HEART.to_owned()), by_customer: true, at_ms };
    match step {
        Reads => world.read(at, at_ms),
        Comments(text, answers) => {
            if let Some(there) = world.conversations.get_mut(at) {
                there.voice = Some(Voice::new(answers, &[]));
            }
            world.comment(at, Comment::saying(text), at_ms);
        }
        FromLink(reference, prefilled) => {
            let referral =
                Referral::ShortLink { reference: (*reference).to_owned(), prefilled: (*prefilled).to_owned() };
            world.refer(at, referral, at_ms);
        }
        Does(act) => {
            let there = world.conversations.get(at);
            let told: Vec<String> =
                there.iter().flat_map(|there| &there.messages).map(|message| message.id.clone()).collect();
            let (side, new) = staged(world, at, &told, *act);
            let at_ms = world.after_last(at, at_ms);
            world.write(at, side, at_ms, new);
        }
        Loves => {
            if let Some(message_id) = last_of_the_shop(world, at, false) {
                world.react(at, &message_id, heart);
            }
        }
        Regrets => {
            if let Some(message_id) = last_of_the_shop(world, at, true) {
                world.take_reaction_back(at, &message_id, heart);
            }
        }
    }
}

/// The shop's last message, or the last one that was reacted to.
fn last_of_the_shop(world: &World, at: usize, reacted: bool) -> Option<String> {
    let there = world.conversations.get(at)?;
    let of_the_shop = |message: &&Message| message.by_business() && (!reacted || !message.reactions.is_empty());
    there.messages.iter().rev().find(of_the_shop).map(|message| message.id.clone())
}
