//! A stream that is open while PostgreSQL fails over and gives a number a second time.

use std::sync::Arc;
use std::time::Duration;

use super::client::Desktop;
use super::{Relay, StreamSettings};
use crate::database::{Database, DatabaseAddress};
use crate::log::Appended;
use crate::testing::postgres::{blocking, pair};
use crate::testing::{PATIENCE, context, hint, pair as pair_device};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_stream_misses_nothing_when_a_failover_gives_a_number_twice() {
    let (primary, standby) = pair().await;
    let address = DatabaseAddress::Postgres(primary.address_with(&standby, "postgres"));
    let relay = Relay::of(context(Database::open(&address).await.unwrap()).await, StreamSettings::default()).await;
    let token = pair_device(&relay.context, "nok").await;
    let mut desktop = Desktop::open(&relay.url, &token, None).await;
    let epoch = desktop.hello().await.from.epoch;
    relay.append_many(3).await;
    assert_eq!(desktop.sequences(3).await, [1, 2, 3]);

    let (away, asked) = (Arc::clone(&standby), Arc::clone(&primary));
    blocking(move || away.stop()).await;
    let log = relay.context.log.clone();
    let lost = tokio::spawn(async move { log.append(hint("lost"), PATIENCE).await });
    blocking(move || asked.cancel_waiter()).await;
    assert!(lost.await.unwrap().is_err());
    let lost = desktop.event().await.id;
    assert_eq!((lost.epoch.as_str(), lost.sequence), (epoch.as_str(), 4));

    let (dead, promoted) = (Arc::clone(&primary), Arc::clone(&standby));
    blocking(move || {
        dead.kill();
        promoted.launch();
        promoted.promote();
    })
    .await;
    let id = loop {
        match relay.context.log.append(hint("instead"), Duration::from_secs(5)).await {
            Ok(Appended::New(id)) => break id,
            Ok(Appended::Known) => panic!("it is new"),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    assert_eq!(id.sequence, 4, "the number is given again");
    // On the same connection: the new epoch is told, and what may be another event comes again.
    let start = desktop.hello().await;
    assert_eq!((&start.from.epoch, start.from.sequence), (&id.epoch, 0));
    assert_eq!(desktop.sequences(3).await, [1, 2, 3]);
    assert_eq!(desktop.event().await.id, id);
}
