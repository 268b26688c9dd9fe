//! The history over HTTP, on both databases.

use reqwest::Method;
use serde_json::Value as Json;
use wire::api::History;

use super::router;
use crate::testing::{PATIENCE, TestDatabase, call, fill, hint, on_both_engines, pair, serve};

on_both_engines!(a_new_desktop_reads_backwards_to_the_end, the_history_of_an_empty_log_is_empty);

async fn get(url: &str, token: &str, query: &str) -> (u16, Json) {
    call(Method::GET, &format!("{url}{}{query}", wire::paths::HISTORY), token, &Json::Null).await
}

async fn page(url: &str, token: &str, query: &str) -> History {
    let (status, page) = get(url, token, query).await;
    assert_eq!(status, 200, "{page}");
    serde_json::from_value(page).unwrap()
}

fn sequences(page: &History) -> Vec<u64> {
    page.events.iter().map(|event| event.id.sequence).collect()
}

async fn a_new_desktop_reads_backwards_to_the_end(database: TestDatabase) {
    let context = database.context().await;
    let url = format!("http://{}", serve(router(context.clone())).await);
    let token = pair(&context, "nok").await;
    fill(&context.database, 1_200).await;
    context.log.prune(101, 0).await.unwrap();

    let first = page(&url, &token, "").await;
    assert_eq!((first.events.len(), first.head.sequence, first.more), (200, 1_200, true));
    let mut read = sequences(&first);
    // What arrives meanwhile moves nothing.
    context.log.append(hint("meanwhile"), PATIENCE).await.unwrap();
    loop {
        let next = page(&url, &token, &format!("?before={}&limit=499", read.last().unwrap())).await;
        assert_eq!(next.head.sequence, 1_201);
        read.extend(sequences(&next));
        if !next.more {
            break;
        }
    }
    assert_eq!(read, (101..=1_200).rev().collect::<Vec<_>>());
    // Limits are bounds, not mistakes.
    assert_eq!(page(&url, &token, "?limit=0").await.events.len(), 1);
    assert_eq!(page(&url, &token, "?limit=4000000000").await.events.len(), 500);
    assert_eq!(sequences(&page(&url, &token, "?before=18446744073709551615&limit=1").await), [1_201]);
    assert_eq!(page(&url, &token, "?before=0").await.events, []);
    for query in ["?before=x", "?before=-1", "?limit=many"] {
        assert_eq!(get(&url, &token, query).await.0, 400, "{query}");
    }
    assert_eq!(get(&url, "stranger", "").await.0, 401);
}

async fn the_history_of_an_empty_log_is_empty(database: TestDatabase) {
    let context = database.context().await;
    let url = format!("http://{}", serve(router(context.clone())).await);
    let token = pair(&context, "nok").await;
    let page = page(&url, &token, "").await;
    assert_eq!((page.events.len(), page.more, page.head.sequence), (0, false, 0));
}
