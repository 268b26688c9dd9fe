//! Saved replies in files: out, in again, and what is in a stranger's file.

use desk::FaultCode;
use serde_json::{Value, json};
use tests::World;

use super::{found, save, told};
use crate::pictures::{drawing, photo};

/// What no table should stumble over.
const AWKWARD: [(&str, &str, &str); 5] = [
    ("=1+1", "@SUM", "=HYPERLINK(\"http://x\")\n+1, -1"),
    ("Quotes \"and\", commas; tabs", "q;", "a \"b\", c;\td\n\n\"\"\n e "),
    ("尺寸 👨‍👩‍👧‍👦 السلام", "ไซซ์", "ค่าส่ง {{customer|คุณลูกค้า}} \u{200F}عربي"),
    ("Twice", "", "one"),
    ("Twice", "", "two"),
];

async fn export(world: &World, format: &str) -> Vec<u8> {
    let folder = world.folder().join("out");
    world.host.set_downloads(Some(folder.clone()));
    let saved = world.ask_json("exportSavedReplies", json!({ "format": format, "name": "Saved replies" })).await;
    let place = saved["place"].as_str().unwrap().to_owned();
    assert!(place.starts_with("out/Saved replies 20") && place.ends_with(&format!(".{format}")), "{place}");
    let path = folder.join(place.trim_start_matches("out/"));
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    bytes
}

async fn import(world: &World, format: &str, bytes: &[u8]) -> Value {
    let text = std::str::from_utf8(bytes).unwrap();
    world.ask_json("importSavedReplies", json!({ "format": format, "text": text })).await
}

async fn unreadable(world: &World, format: &str, text: &str) -> String {
    let fault = world.try_ask_json("importSavedReplies", json!({ "format": format, "text": text })).await.unwrap_err();
    assert_eq!(fault.code, FaultCode::ImportUnreadable);
    fault.detail.unwrap()
}

fn counts(report: &Value) -> (u64, u64, u64, usize) {
    let count = |name: &str| report[name].as_u64().unwrap();
    (count("added"), count("replaced"), count("unchanged"), report["refused"].as_array().unwrap().len())
}

#[tokio::test]
async fn what_was_exported_is_imported_word_for_word_and_exported_again_byte_for_byte() {
    let (world, other) = (World::unlinked().await, World::unlinked().await);
    for (name, shortcut, body) in AWKWARD {
        save(&world, name, shortcut, body).await;
    }
    for format in ["csv", "json"] {
        let first = export(&world, format).await;
        assert_eq!(counts(&import(&world, format, &first).await), (0, 0, 5, 0), "{format}: here nothing changes");
        assert_eq!(export(&world, format).await, first, "{format}");
        let expected = if format == "csv" { (5, 0, 0, 0) } else { (0, 0, 5, 0) };
        assert_eq!(counts(&import(&other, format, &first).await), expected, "{format}: elsewhere it is new once");
        assert_eq!(export(&other, format).await, first, "{format}: and the same");
    }
    let text = String::from_utf8(export(&world, "csv").await).unwrap();
    assert!(
        text.starts_with("\u{FEFF}\"name\",\"shortcut\",\"category\",\"text\",\"uses\"\r\n\"'=1+1\",\"'@SUM\","),
        "{text}"
    );
}

#[tokio::test]
async fn pictures_and_uses_travel_in_json_and_a_table_leaves_pictures_alone() {
    let (world, other) = (World::unlinked().await, World::unlinked().await);
    let mut told = told("Colours", "", "");
    // Lossless, so that it is the same wherever it is taken in anew.
    let png = drawing(40, 30);
    let held = world.desk().attach(None::<model::ConversationId>, png).await.unwrap();
    told["text"]["attachment"] = json!(held.key);
    world.ask_json("saveSavedReply", told.clone()).await;
    told["text"]["name"] = json!("Photo");
    let photo = world.desk().attach(None::<model::ConversationId>, photo(320, 200)).await.unwrap();
    told["text"]["attachment"] = json!(photo.key);
    world.ask_json("saveSavedReply", told).await;
    let file = export(&world, "json").await;
    assert_eq!(counts(&import(&world, "json", &file).await), (0, 0, 2, 0), "a photo that is here stays as it is");
    assert_eq!(export(&world, "json").await, file);
    assert_eq!(counts(&import(&other, "json", &file).await), (2, 0, 0, 0));
    let there = other.ask_json("findSavedReplies", json!({ "query": "", "limit": 9 })).await;
    assert_eq!(there[0]["attachment"]["key"], json!(held.key));
    assert!(other.desk().media(&held.key).await.is_some());
    assert_eq!((&there[1]["attachment"]["width"], &there[1]["attachment"]["height"]), (&json!(320), &json!(200)));

    let table = export(&world, "csv").await;
    assert_eq!(counts(&import(&world, "csv", &table).await), (0, 0, 2, 0), "the pictures are still there");
    let more = "name,text,uses\nColours,See above.,7\nColours,,\nOther,,\n";
    let report = import(&world, "csv", more.as_bytes()).await;
    assert_eq!(counts(&report), (0, 1, 0, 2), "{report}");
    assert_eq!(report["refused"][1], json!({ "place": 4, "name": "Other", "problem": "empty" }));
    let colours = &world.ask_json("findSavedReplies", json!({ "query": "colours", "limit": 1 })).await[0];
    assert_eq!((&colours["uses"], &colours["attachment"]["key"]), (&json!(7), &json!(held.key)));
}

#[tokio::test]
async fn what_cannot_be_taken_from_a_file_is_told_with_its_place_and_the_rest_is_kept() {
    let world = World::unlinked().await;
    save(&world, "Hello", "hi", "Hello!").await;
    let table = "name;text;shortcut\r\nHello;Hi!;hi\r\n;x;\r\nA;b;HI\r\n\"B\"x;y;\r\nC;{{open;\r\nD;d;\r\n";
    let report = import(&world, "csv", table.as_bytes()).await;
    assert_eq!(counts(&report), (1, 1, 0, 4), "{report}");
    let told: Vec<String> = report["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {} {}", one["place"], one["name"].as_str().unwrap(), one["problem"].as_str().unwrap()))
        .collect();
    assert_eq!(told, ["5 B unreadable", "3  noName", "4 A shortcutTaken", "6 C bracesOpen"]);
    assert_eq!(found(&world, "").await, ["D", "Hello"]);

    let replies = json!([
        { "name": "E", "text": "e", "unknown": 1 }, { "name": 7, "text": "x" }, "text", null, [],
        { "name": "F", "text": "f", "picture": { "mime": "image/png", "base64": "%%%" } },
        { "name": "G", "text": "g", "picture": { "mime": "image/png", "base64": "aGVsbG8=" } },
        { "name": "H", "text": "h", "uses": -1 },
    ]);
    let file = json!({ "format": "deskbell saved replies", "version": 1, "replies": replies }).to_string();
    let report = import(&world, "json", file.as_bytes()).await;
    assert_eq!(counts(&report), (1, 0, 0, 7), "{report}");
}

#[tokio::test]
async fn a_file_that_is_something_else_changes_nothing_and_is_refused_in_words() {
    let world = World::unlinked().await;
    let rows: String = (0..100_000).map(|n| format!("n{n},t\n")).collect();
    let huge = format!("name,text\nx,{}\n", "y".repeat(8 * 1024 * 1024));
    let newer = json!({ "format": "deskbell saved replies", "version": 2, "replies": [] }).to_string();
    let deep =
        format!("{{\"format\": \"deskbell saved replies\", \"version\": 1, \"replies\": {}", "[".repeat(100_000));
    for (format, text, expected) in [
        ("csv", "", "columns"),
        ("csv", "a,b\n1,2\n", "columns"),
        ("csv", "name,text\na,b\nc,\"d\ne,f\n", "quotes:3"),
        ("csv", &format!("name,text\n{rows}"), "tooMany"),
        ("csv", &huge, "tooLarge"),
        ("json", "", "json:1"),
        ("json", "{\n\"format\": oops", "json:2"),
        ("json", "[]", "format"),
        ("json", &newer, "format"),
        ("json", &deep, "json:1"),
    ] {
        let text: &str = text;
        assert_eq!(unreadable(&world, format, text).await, expected, "{format} {}", text.get(..40).unwrap_or(text));
    }
    assert_eq!(found(&world, "").await, Vec::<String>::new());
}
