//! Detects that the computer slept, came to another network, or had its clock set: no timer tells that.
//!
//! Timers stand still while a computer sleeps, so a listing that was due in thirty seconds is due thirty seconds after
//! hours of sleep, and a pause until midnight would last until the morning. And a reply that waits "until 14:02" would wait
//! a year if the clock were put back by one. So the two clocks are compared now and then; where they disagree, TikTok is
//! asked at once, and its own time settles which is right.

use std::net::{IpAddr, UdpSocket};
use std::time::{Duration, Instant, SystemTime};

use crate::context::Context;

/// Clocks that differ by less than this between two looks agree.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(2);

/// Compares the clock with the timer now and then.
#[derive(Debug)]
pub(crate) struct ClockWatch {
    context: Context,
    before: Observation,
}

impl ClockWatch {
    pub(crate) fn new(context: Context) -> Self {
        Self { context, before: Observation::now() }
    }

    /// Waits until the computer woke from sleep, came to another network, or had its clock set. By then the pace has gone on
    /// for the time slept, and a clock that was set back is corrected until TikTok says what time it is.
    pub(crate) async fn resumed(&mut self) {
        loop {
            tokio::time::sleep(self.context.timing().wake).await;
            let now = Observation::now();
            let ahead_ms = now.ahead_of(&self.before);
            let moved = now.address != self.before.address && now.address.is_some();
            self.before = now;
            if ahead_ms != 0 {
                tracing::info!(ahead_ms, "the clock has jumped: the computer slept, or its clock was set");
                self.context.caller().client().forget_clock();
                if ahead_ms < 0 {
                    // Nothing sleeps backwards: the clock was set, and until TikTok says otherwise time goes on as it was.
                    let clock = self.context.clock();
                    clock.set_offset_ms(clock.offset_ms().saturating_sub(ahead_ms));
                }
            }
            if ahead_ms > 0 {
                // It may also have been the clock alone. Then TikTok is asked too soon, and says so again.
                self.context.caller().skip_pause(Duration::from_millis(ahead_ms.unsigned_abs()));
            }
            if ahead_ms != 0 {
                self.context.signals().rules.notify_one();
            }
            if ahead_ms != 0 || moved {
                return;
            }
        }
    }
}

/// Clock, timer and network at one moment.
#[derive(Debug, Clone, Copy)]
struct Observation {
    timer: Instant,
    wall: SystemTime,
    /// Which of this computer's addresses leads outside; nothing is sent to find out.
    address: Option<IpAddr>,
}

impl Observation {
    fn now() -> Self {
        Self { timer: Instant::now(), wall: SystemTime::now(), address: address() }
    }

    /// How far the clock on the wall went beyond the timer since an earlier look, in ms; 0 if they agree.
    fn ahead_of(&self, before: &Observation) -> i64 {
        let timer = i128::try_from(self.timer.saturating_duration_since(before.timer).as_millis()).unwrap_or(0);
        let wall = match self.wall.duration_since(before.wall) {
            Ok(on) => i128::try_from(on.as_millis()).unwrap_or(0),
            Err(back) => -i128::try_from(back.duration().as_millis()).unwrap_or(0),
        };
        let ahead = wall - timer;
        if ahead.unsigned_abs() <= CLOCK_TOLERANCE.as_millis() { 0 } else { i64::try_from(ahead).unwrap_or(0) }
    }
}

/// Asking the system for a route sends nothing: connecting a datagram socket only chooses the way.
fn address() -> Option<IpAddr> {
    // An address for documentation (RFC 5737): no machine has it.
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later(look: &Observation, timer: u64, wall: i64) -> i64 {
        let moved = Duration::from_secs(wall.unsigned_abs());
        let wall = if wall < 0 { look.wall - moved } else { look.wall + moved };
        let timer = look.timer + Duration::from_secs(timer);
        Observation { timer, wall, address: None }.ahead_of(look)
    }

    #[test]
    fn sleep_and_a_clock_that_was_set_are_told_from_time_going_by() {
        let look = Observation::now();
        assert_eq!(later(&look, 10, 10), 0);
        assert_eq!(later(&look, 10, 11), 0, "a clock that is corrected by a second");
        assert_eq!(later(&look, 10, 8 * 3600), (8 * 3600 - 10) * 1000, "a night's sleep");
        assert_eq!(later(&look, 10, -365 * 86_400), (-365 * 86_400 - 10) * 1000, "put back by a year");
        assert_eq!(later(&look, 10, 365 * 86_400), (365 * 86_400 - 10) * 1000, "put on by a year");
    }
}
