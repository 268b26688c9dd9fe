//! The targets: each takes any bytes and must neither panic, nor hang, nor break its promise.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, resume_unwind};

use engine::picture::Purpose;
use store::search::{self, Query};
use tiktok::business::webhook::{self, Envelope};
use tiktok::business::{auto_message, capability, conversation, direct_reply, media, message, profile, video};
use tiktok::{ClientSecret, Endpoint};

use crate::door::door;

/// What is done with an input.
pub(crate) type Target = fn(&[u8]);

/// The targets by name, which is also the folder of their corpus, and how many inputs the bounded run makes for each.
pub(crate) const TARGETS: [(&str, Target, u32); 5] = [
    ("picture", picture, 2_000),
    ("webhook", webhook, 50_000),
    ("door", door, 2_000),
    ("answer", answer, 20_000),
    ("query", query, 20_000),
];

/// The target that the environment names.
#[cfg(feature = "libfuzzer")]
#[expect(clippy::expect_used, reason = "without a target there is nothing to do")]
pub(crate) fn chosen() -> Target {
    let name = std::env::var("DESKBELL_FUZZ_TARGET").expect("DESKBELL_FUZZ_TARGET names a target");
    TARGETS.iter().find(|target| target.0 == name).expect("the target exists").1
}

thread_local! {
    /// Whether a library that decodes pictures is at work, whose panics are contained by its process.
    static DECODES: Cell<bool> = const { Cell::new(false) };
    /// Whether the panic under way is such a library's.
    static IS_CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Takes panics of libraries that decode pictures as what they are: contained by the decoder's process (decision 17). Ours are
/// faults, wherever they happen.
pub(crate) fn expect_panics_of_decoders() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
        let is_ours = panic.location().is_none_or(|place| !place.file().contains("registry"));
        IS_CONTAINED.set(DECODES.get() && !is_ours);
        if !IS_CONTAINED.get() {
            usual(panic);
        }
    }));
}

#[expect(clippy::panic, reason = "a broken promise is what is looked for")]
fn picture(input: &[u8]) {
    for (purpose, most) in [(Purpose::Keep, 1600), (Purpose::Send, 2560)] {
        DECODES.set(true);
        let outcome = catch_unwind(AssertUnwindSafe(|| purpose.decode(input)));
        DECODES.set(false);
        match outcome {
            Ok(Ok(picture)) => {
                let held = &picture.held;
                if held.width > most || held.height > most || held.width == 0 || held.height == 0 {
                    panic!("{purpose:?} made a picture of {}x{}", held.width, held.height);
                }
                // What we made can be read, by the same rules as a stranger's.
                if let Err(problem) = purpose.decode(&picture.bytes) {
                    panic!("{purpose:?} made a picture that cannot be read: {problem}");
                }
            }
            Ok(Err(_)) => {}
            Err(panic) if IS_CONTAINED.get() => drop(panic),
            Err(panic) => resume_unwind(panic),
        }
    }
}

fn webhook(input: &[u8]) {
    if let Ok(envelope) = Envelope::read(input) {
        drop(format!("{envelope:?}"));
    }
    if let Ok(text) = std::str::from_utf8(input) {
        // The signature's header is a stranger's too.
        let _ = webhook::verify(text, input, &[&ClientSecret::new("secret")], 0);
        let _ = tiktok::expires_at_s(text);
    }
}

/// An answer's `data` as each endpoint reads it.
fn answer(input: &[u8]) {
    let whole: Option<serde_json::Value> = serde_json::from_slice(input).ok();
    let data = whole.as_ref().and_then(|answer| answer.get("data")).map(ToString::to_string);
    let data = data.as_deref().map_or(input, str::as_bytes);
    read::<conversation::ListConversations>(data);
    read::<message::ListMessages>(data);
    read::<message::SendMessage>(data);
    read::<capability::GetCapabilities>(data);
    read::<profile::GetBusiness>(data);
    read::<video::ListVideos>(data);
    read::<media::DownloadLink>(data);
    read::<media::UploadMedia>(data);
    read::<auto_message::ListAutoMessages>(data);
    read::<direct_reply::GetDirectReply>(data);
}

fn read<E: Endpoint>(data: &[u8]) {
    drop(serde_json::from_slice::<E::Reply>(data));
}

/// The first line is what was typed, the rest a text to find it in.
#[expect(clippy::panic, reason = "a broken promise is what is looked for")]
fn query(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (typed, text) = text.split_once('\n').unwrap_or((&text, &text));
    let query = Query::parse(typed).dated(1_700_000_000_000, |_| 3_600_000);
    let _ = query.is_empty();
    drop(search::words(text));
    drop(search::patterns(typed));
    drop(search::fold(text));
    let length = u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX);
    let mut end = 0;
    for mark in search::marks(typed, text) {
        if mark.start < end || mark.len == 0 || mark.start + mark.len > length {
            panic!("a mark from {} of {} after {end} in a text of {length}", mark.start, mark.len);
        }
        end = mark.start + mark.len;
    }
}
