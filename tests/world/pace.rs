//! The engine's intervals, a hundred times shorter.

use std::time::Duration;

use desk::Timing;
use engine::timing::Budget;

/// Intervals for stories: the same order of events, in a fraction of the time.
pub fn quick() -> Timing {
    let ms = Duration::from_millis;
    Timing {
        open_conversation: ms(30),
        open_quiet: ms(100),
        quiet_after: ms(1_200),
        sweep_focused: ms(40),
        sweep_background: ms(40),
        sweep_idle: ms(100),
        idle_after: ms(6_000),
        sweep_whole: ms(2_000),
        backoff_first: ms(20),
        backoff_most: ms(200),
        renew_floor: ms(100),
        look: [20, 50, 100, 200, 400, 600, 900].map(ms).to_vec(),
        look_again: ms(200),
        undecided_after: ms(600),
        link: ms(3_000),
        rate_pause: ms(400),
        call: ms(3_000),
        // Stories about undoing set their own.
        undo: ms(0),
        fresh: ms(2_000),
        typing: ms(200),
        overdue: ms(5_000),
        wake: ms(100),
        tidy: ms(3_000),
        picture_again: ms(300),
        // As ever: how long it takes is the machine's affair.
        decode: Duration::from_secs(60),
        // Nobody waits a day for a story.
        picture_rest: ms(0),
        pictures: ms(50),
        leftovers: ms(36_000),
        // A day, as ever: no story loses a picture that it is not about.
        leftover_rest: Duration::from_secs(24 * 3600),
        put_aside: ms(300),
        lag: ms(1_000),
        automatic: ms(6_000),
        automatic_soon: ms(600),
        budget: Budget {
            per_second: 500,
            per_minute: 30_000,
            sends_per_second: 800,
            sends_per_minute: 50_000,
            backfills_per_second: 200,
        },
    }
}
