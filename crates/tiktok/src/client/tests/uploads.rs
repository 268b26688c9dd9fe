//! A picture on its way up: what is written to the wire, and what every kind of answer means.

use super::{
    answer, fixture,
    server::{Deed, Server, ok, token},
};
use crate::{Endpoint, Error, UnknownWhy, UnreachableWhy, business::media::UploadMedia};
use bytes::Bytes;

pub(super) fn picture() -> UploadMedia {
    UploadMedia {
        business_id: "_000EXAMPLEopenid".to_owned(),
        file_name: "picture.png".to_owned(),
        mime: "image/png".to_owned(),
        bytes: Bytes::from_static(b"\x01PNG\r\n--not-a-boundary\r\n"),
    }
}

async fn error(deed: Deed) -> (Error, usize) {
    let server = Server::start(vec![deed]).await;
    let error = server.client().call(&token(), picture()).await.unwrap_err();
    (error, server.heard().len())
}

#[tokio::test]
async fn a_picture_goes_up_in_parts() {
    let server = Server::start(vec![ok("media-upload.json"), ok("media-upload.json")]).await;
    let client = server.client();
    let upload = picture();
    assert_eq!(client.call(&token(), upload.clone()).await.unwrap().media_id, "m-1");
    assert_eq!(client.call(&token(), upload).await.unwrap().media_id, "m-1", "built anew");
    let heard = server.heard();
    for request in &heard {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /open_api/v1.3/business/message/media/upload/ HTTP/1.1\r\n"), "{head}");
        let lower = head.to_lowercase();
        assert!(lower.contains("\r\naccess-token: act.canary") && !lower.contains("transfer-encoding"), "{head}");
        assert!(lower.contains(&format!("content-length: {}", body.len())), "{head}");
        let kind = "content-type: multipart/form-data; boundary=";
        let boundary = head.lines().find_map(|line| line.to_lowercase().strip_prefix(kind).map(str::to_owned)).unwrap();
        let expected = [
            ("Content-Disposition: form-data; name=\"business_id\"", "_000EXAMPLEopenid"),
            ("Content-Disposition: form-data; name=\"media_type\"", "IMAGE"),
            (
                "Content-Disposition: form-data; name=\"file\"; filename=\"picture.png\"\r\nContent-Type: image/png",
                "\u{1}PNG\r\n--not-a-boundary\r\n",
            ),
        ];
        let parts: String =
            expected.iter().map(|(head, value)| format!("--{boundary}\r\n{head}\r\n\r\n{value}\r\n")).collect();
        assert_eq!(body, format!("{parts}--{boundary}--\r\n"));
    }
    let first_line = |request: &String| request.split_once("\r\n\r\n").unwrap().1.lines().next().unwrap().to_owned();
    assert_ne!(first_line(&heard[0]), first_line(&heard[1]), "a boundary of its own each time");
}

#[tokio::test]
async fn a_files_name_stays_inside_its_quotes() {
    let server = Server::start(vec![ok("media-upload.json")]).await;
    let file_name = "a\"; name=\"b\\\r\nX-Canary: 1\r\n\r\nร้าน.png".to_owned();
    server.client().call(&token(), UploadMedia { file_name, ..picture() }).await.unwrap();
    let heard = server.heard().remove(0);
    assert!(heard.contains("filename=\"a_; name=_b___X-Canary: 1____ร้าน.png\"\r\n"), "{heard}");
}

#[tokio::test]
async fn a_kind_no_header_can_carry_never_leaves() {
    let server = Server::start(vec![ok("media-upload.json")]).await;
    for mime in ["", "picture", "image/png\r\nX-Canary: 1"] {
        let upload = UploadMedia { mime: mime.to_owned(), ..picture() };
        let error = server.client().call(&token(), upload).await.unwrap_err();
        assert!(matches!(error, Error::Unreachable { why: UnreachableWhy::NotBuilt, .. }), "{error}");
    }
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn only_an_id_proves_that_tiktok_has_it() {
    for name in ["media-upload-without-id.json", "revoke.json"] {
        let error = answer(&picture(), name).unwrap_err();
        let Error::Unknown { why, .. } = &error else { panic!("{name}: {error}") };
        assert_eq!(why, &UnknownWhy::NoRequiredData { path: "data.media_id" }, "{name}");
    }
    let garbled = || UnknownWhy::Garbled { path: ".".to_owned() };
    let away = "302 Found\r\nLocation: http://127.0.0.1:1/";
    for (deed, expected) in [
        (Deed::Answer("200 OK", fixture("not-found-page.html")), garbled()),
        (Deed::Answer("200 OK", fixture("truncated.json")), garbled()),
        (Deed::Answer("502 Bad Gateway", fixture("not-found-page.html")), UnknownWhy::Status(502)),
        (Deed::Answer(away, String::new()), UnknownWhy::Status(302)),
        (Deed::HangUp, UnknownWhy::HungUp),
        (Deed::Sulk, UnknownWhy::TimedOut),
    ] {
        let (error, heard) = error(deed).await;
        let Error::Unknown { why, .. } = error else { panic!("{error}") };
        assert_eq!((why, heard), (expected, 1));
    }
    let refused = answer(&picture(), "error-file-type.json").unwrap_err();
    assert!(matches!(refused, Error::Refused { code: 40_908, .. }), "{refused}");
}

#[tokio::test]
async fn a_large_picture_has_longer() {
    let server = Server::start(vec![Deed::Sulk]).await;
    let started = std::time::Instant::now();
    let upload = UploadMedia { bytes: Bytes::from(vec![b'x'; 64 * 1024]), ..picture() };
    let error = server.client().call(&token(), upload).await.unwrap_err();
    assert!(matches!(error, Error::Unknown { why: UnknownWhy::TimedOut, .. }), "{error}");
    assert!(started.elapsed().as_millis() >= 1400, "a second for 64 KiB, and the usual 400 ms");
}

#[test]
fn an_upload_prints_neither_its_name_nor_its_bytes() {
    let bytes = Bytes::from_static(b"canary");
    let upload = UploadMedia { file_name: "canary.png".to_owned(), bytes, ..picture() };
    let printed = format!("{upload:?} {:?}", upload.form());
    assert!(!printed.contains("canary") && !printed.contains("99, 97") && printed.contains("image/png"), "{printed}");
    assert!(upload.body().is_none(), "a form is all it has");
}
