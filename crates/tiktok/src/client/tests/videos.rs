//! The account's own posts, friendly and hostile.

use super::{
    answer,
    server::{Server, ok, token},
};
use crate::Timestamp;
use crate::{Endpoint, Error, Reason, UnknownWhy, business::video::ListVideos};

fn list(cursor: Option<&str>, max_count: u8) -> ListVideos {
    ListVideos { business_id: "_000EXAMPLEopenid".to_owned(), cursor: cursor.map(str::to_owned), max_count }
}

#[test]
fn a_page_of_posts_is_read() {
    let page = answer(&list(None, 20), "videos.json").unwrap();
    assert_eq!((page.videos.len(), page.unreadable, page.has_more), (2, 0, true));
    assert_eq!(page.cursor.as_deref(), Some("1789900000123"));
    let post = &page.videos[0];
    assert_eq!(post.item_id, "7361234567890123457");
    assert_eq!(post.created_at, Timestamp::of_ms(1_790_000_000_000), "TikTok writes seconds");
    assert_eq!(post.caption.as_deref(), Some("Autumn linen #new"));
    assert!(post.thumbnail_url.as_deref().unwrap().ends_with("x-expires=1790003600"));
    assert_eq!(post.share_url.as_deref(), Some("https://www.tiktok.com/@shop_a/video/7361234567890123457"));
    assert_eq!(post.embed_url.as_deref(), Some("https://www.tiktok.com/player/v1/7361234567890123457"));
    assert_eq!(page.videos[1].caption, None, "no words are no caption");
    let printed = format!("{page:?}");
    assert!(!printed.contains("linen") && !printed.contains("https"), "{printed}");
}

#[test]
fn numbers_keep_every_digit_whichever_way_they_come() {
    let page = answer(&list(None, 20), "videos-numbers-as-text.json").unwrap();
    assert_eq!((page.videos.len(), page.unreadable, page.has_more), (2, 0, true));
    assert_eq!(page.cursor.as_deref(), Some("9007199254740993"), "above 2^53, exact");
    assert_eq!(page.videos[0].item_id, "7361234567890123457", "a bare number");
    assert_eq!(page.videos[0].created_at, Timestamp::of_ms(1_790_000_000_000));
    assert_eq!(page.videos[1].item_id, "9223372036854775808", "beyond i64");
    assert_eq!(page.videos[1].created_at, Timestamp::of_ms(1_790_000_000_123), "should it be ms one day");
    assert!(page.videos[0].share_url.is_none() && page.videos[0].thumbnail_url.is_none());
}

#[test]
fn bad_entries_do_not_lose_a_page_of_posts() {
    let page = answer(&list(None, 20), "videos-hostile.json").unwrap();
    assert_eq!(page.unreadable, 5, "null, a string, no id, an empty id, an object for an id");
    let [post] = page.videos.as_slice() else { panic!("one post") };
    assert_eq!((post.item_id.as_str(), post.created_at), ("7361234567890123402", None));
    assert!(post.caption.is_none() && post.thumbnail_url.is_none());
    assert!(post.share_url.is_none() && post.embed_url.is_none());
    assert!(!page.has_more && page.cursor.is_none());
}

#[test]
fn no_posts_is_an_answer_and_no_permission_a_refusal_of_this_call_only() {
    for name in ["videos-none.json", "revoke.json"] {
        let page = answer(&list(None, 20), name).unwrap();
        assert!(page.videos.is_empty() && page.unreadable == 0 && !page.has_more, "{name}");
    }
    let refused = answer(&list(None, 20), "error-no-permission.json").unwrap_err();
    assert!(matches!(refused, Error::Refused { code: 40_001, reason: Reason::NotPermitted, .. }), "{refused}");
    let error = answer(&list(None, 20), "truncated.json").unwrap_err();
    assert!(matches!(error, Error::Unknown { why: UnknownWhy::Garbled { .. }, .. }), "{error}");
}

#[tokio::test]
async fn posts_are_asked_for_as_documented() {
    let server = Server::start(vec![ok("videos.json"), ok("videos-none.json")]).await;
    let client = server.client();
    let page = client.call(&token(), list(None, 20)).await.unwrap();
    client.call(&token(), list(page.cursor.as_deref(), 200)).await.unwrap();
    let heard = server.heard();
    let line = |index: usize| heard[index].lines().next().unwrap_or_default().to_owned();
    let fields = "%5B%22item_id%22%2C%22create_time%22%2C%22caption%22%2C%22thumbnail_url%22%2C%22share_url%22%2C%22embed_url%22%5D";
    let asked =
        format!("GET /open_api/v1.3/business/video/list/?business_id=_000EXAMPLEopenid&fields={fields}&max_count=20");
    assert_eq!(line(0), format!("{asked} HTTP/1.1"));
    assert_eq!(line(1), format!("{asked}&cursor=1789900000123 HTTP/1.1"));
    assert_eq!(list(None, 0).query()[2], ("max_count", "1".to_owned()));
}
