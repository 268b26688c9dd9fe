//! Images up, images and videos down.

use reqwest::multipart::{Form, Part};
use wire::FailureCode;

use super::shop::{ACCOUNT, Got, Shop, token};
use crate::testing::{TestDatabase, on_both_engines};

on_both_engines!(
    a_file_comes_with_the_accounts_token,
    a_file_that_breaks_off_is_not_taken_for_whole,
    an_image_goes_up_as_it_came,
    an_image_that_is_too_large_does_not,
    an_upload_names_its_account_first,
);

const UPLOAD: &str = "/v1/tiktok/business/message/media/upload/";

impl Shop {
    fn media(&self, url: &str) -> String {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("account", ACCOUNT)
            .append_pair("url", url)
            .finish();
        format!("/v1/media?{query}")
    }

    fn file(&self, name: &str) -> String {
        self.media(&format!("http://{}/media/{name}", self.tiktok.address))
    }

    async fn upload(&self, form: Form) -> Got {
        let request = self.http.post(format!("{}{UPLOAD}", self.url)).header("access-token", token("nok"));
        Got::of(request.multipart(form).send().await.unwrap()).await
    }
}

async fn a_file_comes_with_the_accounts_token(database: TestDatabase) {
    let shop = Shop::open(database).await;
    for size in [0, 1, 100_000, 5 << 20] {
        let got = shop.get("nok", &shop.file(&size.to_string())).await;
        assert_eq!((got.code(), got.body.len()), (None, size));
        assert_eq!(got.headers["content-type"], "video/mp4");
        assert_eq!(got.headers["content-length"], size.to_string());
        let asked = shop.tiktok.lock().requests.pop().unwrap();
        assert_eq!(asked.headers["x-user"], "act.canary-0");
        assert!(!asked.headers.contains_key("authorization") && !asked.headers.contains_key("access-token"));
    }
    for (path, expected) in [
        (shop.file("gone"), FailureCode::NotFound),
        (shop.file(&(201 << 20).to_string()), FailureCode::BadRequest),
        (shop.media("http://127.0.0.1:9/media/1"), FailureCode::BadRequest),
        (shop.media("https://p16.tiktokcdn.com/a"), FailureCode::BadRequest),
        (shop.media("http://169.254.169.254/latest/meta-data"), FailureCode::BadRequest),
        (shop.media("file:///etc/passwd"), FailureCode::BadRequest),
        (shop.media(&format!("http://u:p@{}/media/1", shop.tiktok.address)), FailureCode::BadRequest),
        ("/v1/media?account=_000shop".to_owned(), FailureCode::BadRequest),
        ("/v1/media?account=_000other&url=https://a/".to_owned(), FailureCode::NeedsLinking),
    ] {
        assert_eq!(shop.get("nok", &path).await.code(), Some(expected), "{path}");
    }
    assert_eq!(shop.get("stranger", &shop.file("1")).await.code(), Some(FailureCode::NotPaired));
}

async fn a_file_that_breaks_off_is_not_taken_for_whole(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let request = shop.http.get(format!("{}{}", shop.url, shop.file("broken-20000000"))).bearer_auth(token("nok"));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.is_err());
}

async fn an_image_goes_up_as_it_came(database: TestDatabase) {
    let shop = Shop::open(database).await;
    for size in [1, 300_000, 3 << 20] {
        let image: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        let form = Form::new().text("business_id", ACCOUNT).text("media_type", "IMAGE");
        let form = form.part("file", Part::bytes(image.clone()).file_name("a.png").mime_str("image/png").unwrap());
        assert_eq!(shop.upload(form).await.code(), None);
        let asked = shop.tiktok.lock().requests.pop().unwrap();
        assert!(asked.body.windows(image.len()).any(|window| window == image));
        assert_eq!(asked.headers["access-token"], "act.canary-0");
        assert_eq!(asked.headers["content-length"], asked.body.len().to_string(), "nothing is sent in chunks");
        let kind = asked.headers["content-type"].to_str().unwrap();
        let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
        assert!(asked.body.starts_with(format!("--{boundary}\r\n").as_bytes()));
        assert!(asked.body.ends_with(format!("--{boundary}--\r\n").as_bytes()));
    }
}

async fn an_image_that_is_too_large_does_not(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let form = Form::new().text("business_id", ACCOUNT).part("file", Part::bytes(vec![b'x'; 4 << 20]));
    let request = shop.http.post(format!("{}{UPLOAD}", shop.url)).bearer_auth(token("nok")).multipart(form);
    // The connection may be cut before the answer was read.
    if let Ok(response) = request.send().await {
        assert_eq!(Got::of(response).await.code(), Some(FailureCode::BadRequest));
    }
    // Without a length only the counting tells.
    let chunks = (0..64).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 64 << 10]));
    let endless = Part::stream(reqwest::Body::wrap_stream(futures_util::stream::iter(chunks)));
    let form = Form::new().text("business_id", ACCOUNT).part("file", endless);
    let request = shop.http.post(format!("{}{UPLOAD}", shop.url)).bearer_auth(token("nok")).multipart(form);
    if let Ok(response) = request.send().await {
        assert!(Got::of(response).await.code().is_some());
    }
    assert!(shop.tiktok.lock().requests.is_empty());
}

async fn an_upload_names_its_account_first(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let file = || Part::bytes(vec![b'x'; 100_000]);
    for (form, expected) in [
        (Form::new().part("file", file()).text("business_id", ACCOUNT), FailureCode::BadRequest),
        (Form::new().part("file", file()), FailureCode::BadRequest),
        (Form::new().text("business_id", "_000other").part("file", file()), FailureCode::NeedsLinking),
    ] {
        assert_eq!(shop.upload(form).await.code(), Some(expected));
    }
    let got = shop.post("nok", UPLOAD, &serde_json::json!({ "business_id": ACCOUNT })).await;
    assert_eq!(got.code(), Some(FailureCode::BadRequest));
    assert!(shop.tiktok.lock().requests.is_empty());
    // A token that does not do any more is renewed for the next upload: a stream cannot be sent again.
    shop.tiktok.expire();
    let form = || Form::new().text("business_id", ACCOUNT).part("file", file());
    let failure = shop.upload(form()).await.failure().unwrap();
    assert_eq!((failure.code, failure.retry_after_ms), (FailureCode::SlowDown, Some(100)));
    assert_eq!(shop.upload(form()).await.code(), None);
}
