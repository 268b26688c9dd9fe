use std::sync::Arc;

use super::*;

const LONG: Duration = Duration::from_secs(3_600);

/// Takes so many turns one after the other, and says when each came.
async fn turns(pace: &Pace, priority: Priority, device: &str, count: usize) -> Vec<Instant> {
    let mut at = Vec::new();
    for _ in 0..count {
        pace.turn(priority, device, LONG).await.unwrap();
        at.push(Instant::now());
    }
    at
}

/// Lets the tasks that were just spawned come to where they wait.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// A task that takes a turn and then writes its name down.
fn waiter(
    pace: &Arc<Pace>,
    order: &Arc<Mutex<Vec<String>>>,
    priority: Priority,
    device: &str,
    name: String,
) -> tokio::task::JoinHandle<()> {
    let (pace, order, device) = (Arc::clone(pace), Arc::clone(order), device.to_owned());
    tokio::spawn(async move {
        pace.turn(priority, &device, LONG).await.unwrap();
        order.lock().unwrap().push(name);
    })
}

#[tokio::test(start_paused = true)]
async fn no_second_holds_more_calls_than_the_pace() {
    let pace = Pace::new(10);
    for (priority, most) in [(Priority::Send, 10), (Priority::Open, 9), (Priority::Background, 7)] {
        let calls = turns(&pace, priority, "a", 60).await;
        for window in calls.windows(most + 1) {
            assert!(*window.last().unwrap() - window[0] >= Duration::from_secs(1), "{priority:?}");
        }
        let spent = *calls.last().unwrap() - calls[0];
        assert!(
            spent <= Duration::from_secs(60_u64.div_ceil(most as u64) + 1),
            "no slower: {spent:?} for {priority:?}"
        );
        tokio::time::advance(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_minute_holds_more_than_sixty_seconds_worth() {
    let pace = Pace::new(10);
    let calls = turns(&pace, Priority::Send, "a", 1_300).await;
    for window in calls.windows(601) {
        assert!(*window.last().unwrap() - window[0] >= MINUTE);
    }
}

#[tokio::test(start_paused = true)]
async fn a_send_goes_before_what_waited_longer_and_devices_take_turns() {
    let pace = Arc::new(Pace::new(10));
    turns(&pace, Priority::Send, "z", 10).await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for (priority, device, name) in [
        (Priority::Background, "a", "background"),
        (Priority::Open, "a", "open a1"),
        (Priority::Open, "a", "open a2"),
        (Priority::Open, "a", "open a3"),
        (Priority::Open, "b", "open b1"),
        (Priority::Open, "c", "open c1"),
        (Priority::Open, "b", "open b2"),
        (Priority::Send, "d", "send"),
    ] {
        tasks.push(waiter(&pace, &order, priority, device, name.to_owned()));
        settle().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    let expected = ["send", "open a1", "open b1", "open c1", "open a2", "open b2", "open a3", "background"];
    assert_eq!(*order.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn one_device_that_asks_for_hundreds_holds_up_no_other() {
    let pace = Arc::new(Pace::new(10));
    let order = Arc::new(Mutex::new(Vec::new()));
    turns(&pace, Priority::Background, "greedy", 7).await;
    let greedy: Vec<_> =
        (0..60).map(|_| waiter(&pace, &order, Priority::Background, "greedy", "greedy".to_owned())).collect();
    settle().await;
    let began = Instant::now();
    waiter(&pace, &order, Priority::Background, "modest", "modest".to_owned()).await.unwrap();
    assert!(began.elapsed() <= Duration::from_millis(1_100), "{:?}", began.elapsed());
    let (began, order_before) = (Instant::now(), order.lock().unwrap().len());
    assert!(order_before <= 8, "{order_before}");
    turns(&pace, Priority::Send, "human", 3).await;
    assert!(began.elapsed().is_zero(), "the background leaves three calls of each second: {:?}", began.elapsed());
    for task in greedy {
        task.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_full_says_when_to_come_again() {
    let pace = Arc::new(Pace::new(10));
    let order = Arc::new(Mutex::new(Vec::new()));
    pace.pause(Duration::from_secs(2));
    let waiting: Vec<_> = (0..64).map(|_| waiter(&pace, &order, Priority::Open, "a", "a".to_owned())).collect();
    settle().await;
    let full = pace.turn(Priority::Open, "a", LONG).await.unwrap_err();
    assert_eq!(full.wait, Duration::from_secs(7));
    let other = waiter(&pace, &order, Priority::Open, "b", "b".to_owned());
    settle().await;
    assert!(!other.is_finished(), "another device still may wait");
    for task in waiting {
        task.await.unwrap();
    }
    other.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_stops_waiting_takes_no_turn() {
    let pace = Arc::new(Pace::new(1));
    turns(&pace, Priority::Send, "a", 1).await;
    for _ in 0..5 {
        let gone = pace.turn(Priority::Send, "a", Duration::from_millis(10)).await.unwrap_err();
        assert!(gone.wait >= Duration::from_secs(1));
    }
    let began = Instant::now();
    turns(&pace, Priority::Send, "a", 1).await;
    assert!(began.elapsed() <= Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(pace.shared.lock().queue(Priority::Send).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn told_twice_within_a_minute_everyone_is_sent_away_for_five_minutes_and_comes_back_at_half_the_pace() {
    let pace = Arc::new(Pace::new(10));
    let (second, day) = (Duration::from_secs(1), Duration::from_secs(36_000));
    pace.slow_down(second, None, day);
    let began = Instant::now();
    turns(&pace, Priority::Send, "a", 1).await;
    assert_eq!(began.elapsed(), second, "a second is waited out");
    pace.pause(second);
    let waiting = pace.clone();
    let waiting = tokio::spawn(async move { waiting.turn(Priority::Send, "a", LONG).await });
    settle().await;
    pace.slow_down(second, None, day);
    assert_eq!(waiting.await.unwrap().unwrap_err().wait, MINUTE_PAUSE, "who waits is told at once");
    let told = pace.turn(Priority::Send, "a", LONG).await.unwrap_err();
    assert_eq!(told.wait, MINUTE_PAUSE);
    pace.slow_down(second, None, day);
    assert_eq!(
        pace.turn(Priority::Send, "a", LONG).await.unwrap_err().wait,
        MINUTE_PAUSE,
        "already waiting: not longer"
    );
    tokio::time::advance(MINUTE_PAUSE).await;
    let calls = turns(&pace, Priority::Send, "a", 20).await;
    let spent = *calls.last().unwrap() - calls[0];
    assert!((Duration::from_secs(3)..=Duration::from_secs(4)).contains(&spent), "five a second: {spent:?}");
    tokio::time::advance(6 * MINUTE).await;
    let calls = turns(&pace, Priority::Send, "a", 20).await;
    assert!(*calls.last().unwrap() - calls[0] <= second, "it is won back");
}

#[tokio::test(start_paused = true)]
async fn told_so_after_every_pause_it_is_the_days_limit_and_a_limit_that_is_named_is_believed() {
    let (second, day) = (Duration::from_secs(1), Duration::from_secs(36_000));
    let pace = Pace::new(10);
    for expected in [second, MINUTE_PAUSE, MINUTE_PAUSE, day, second, MINUTE_PAUSE] {
        pace.slow_down(second, None, day);
        let until = pace.shared.lock().paused_until.unwrap();
        assert_eq!(until - Instant::now(), expected);
        tokio::time::advance(expected).await;
    }
    for (named, expected) in [(RateLimit::Second, second), (RateLimit::Minute, MINUTE_PAUSE), (RateLimit::Day, day)] {
        let pace = Pace::new(10);
        pace.slow_down(second, Some(named), day);
        assert_eq!(pace.shared.lock().paused_until.unwrap() - Instant::now(), expected, "{named:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn maintenance_does_not_count_as_asking_too_fast() {
    let (second, day) = (Duration::from_secs(1), Duration::from_secs(36_000));
    let pace = Pace::new(10);
    pace.pause(MINUTE);
    assert_eq!(pace.turn(Priority::Send, "a", LONG).await.unwrap_err().wait, MINUTE);
    tokio::time::advance(MINUTE).await;
    pace.slow_down(second, None, day);
    assert_eq!(pace.shared.lock().paused_until.unwrap() - Instant::now(), second, "the first time it was told so");
}

#[tokio::test(start_paused = true)]
async fn three_relays_take_a_third_each() {
    let pace = Pace::new(10);
    pace.share_among(3);
    let calls = turns(&pace, Priority::Send, "a", 10).await;
    assert!(calls.windows(4).all(|window| window[3] - window[0] >= Duration::from_secs(1)));
    pace.share_among(1);
    tokio::time::advance(MINUTE).await;
    let calls = turns(&pace, Priority::Send, "a", 10).await;
    assert_eq!(calls[9], calls[0]);
}
