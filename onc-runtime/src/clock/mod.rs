//! Time that is kept aside.
//!
//! A runtime in which a timer runs waits for its sockets with a time limit, which the kernel sets up and takes down for each
//! wait: half a microsecond on either side of every call. The timers behind deadlines, idle connections and the port mapper
//! always run and hardly ever end anything. On Linux a runtime of one thread [waits for them as for a socket](alarm); elsewhere
//! [a thread of their own](thread) keeps them, one for the process, which sleeps from one of their moments to the next. These lie
//! on a grid of ten milliseconds: the timers of thousands of connections would wake it for each of them.
//!
//! Where tokio's clock does not show the real time, as in tests that pause it, a timer runs in the runtime of its task, as
//! tokio's do.

#[cfg(target_os = "linux")]
mod alarm;
mod thread;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Timers that are kept aside are ready at moments so far apart, up to this later than they were set to.
const GRAIN: Duration = Duration::from_millis(10);

/// Ready at a moment, which can be changed, and from then on.
#[derive(Debug)]
pub(crate) struct Timer {
    moment: Instant,
    kept: Kept,
}

/// Who keeps a timer.
#[derive(Debug)]
enum Kept {
    /// The runtime of its task, as any timer of tokio's, while the clock is paused.
    Within(Pin<Box<Sleep>>),
    /// The thread.
    Aside(Pin<Box<Sleep>>),
    /// The runtime's own poll.
    #[cfg(target_os = "linux")]
    Alarm(alarm::Alarm),
}

impl Timer {
    /// Ready after this time.
    pub(crate) fn after(duration: Duration) -> Self {
        Self::at(from_now(duration))
    }

    fn at(moment: Instant) -> Self {
        Self { moment, kept: Kept::at(moment) }
    }

    /// Ready after this time from now, and not before.
    pub(crate) fn restart(&mut self, duration: Duration) {
        self.reset(from_now(duration));
    }

    /// When it is or was to be ready.
    pub(crate) fn deadline(&self) -> Instant {
        self.moment
    }

    /// Ready at this moment, and not before.
    pub(crate) fn reset(&mut self, moment: Instant) {
        self.moment = moment;
        match (&mut self.kept, time_is_real()) {
            (Kept::Within(sleep), false) => sleep.as_mut().reset(moment),
            (Kept::Aside(sleep), true) => sleep.as_mut().reset(on_grid(moment)),
            #[cfg(target_os = "linux")]
            (Kept::Alarm(alarm), true) => alarm.reset(on_grid(moment).into_std()),
            // The clock was paused, or goes again.
            _ => self.kept = Kept::at(moment),
        }
    }
}

impl Kept {
    fn at(moment: Instant) -> Self {
        if !time_is_real() {
            return Self::Within(Box::pin(sleep_until(moment)));
        }
        let on_grid = on_grid(moment);
        #[cfg(target_os = "linux")]
        if let Some(clock) = alarm::of_this_runtime() {
            return Self::Alarm(alarm::Alarm::at(clock, on_grid.into_std()));
        }
        match thread::runtime() {
            Some(keeper) => {
                // Whose context it is made in keeps it.
                let _context = keeper.enter();
                Self::Aside(Box::pin(sleep_until(on_grid)))
            }
            None => Self::Within(Box::pin(sleep_until(moment))),
        }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.kept {
            Kept::Within(sleep) | Kept::Aside(sleep) => sleep.as_mut().poll(cx),
            #[cfg(target_os = "linux")]
            Kept::Alarm(alarm) => alarm.poll(cx),
        }
    }
}

/// Called where a runtime is about to wait for sockets: its timers may be kept by what waits for them.
pub(crate) fn attach() {
    #[cfg(target_os = "linux")]
    alarm::attach();
}

/// What `future` comes to; `None`: it has come to nothing by `deadline`.
pub(crate) async fn until<F: Future>(deadline: Instant, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut timer = None;
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        let timer = timer.get_or_insert_with(|| Timer::at(deadline));
        Pin::new(timer).poll(cx).map(|()| None)
    })
    .await
}

fn from_now(duration: Duration) -> Instant {
    /// As good as never.
    const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);

    let now = Instant::now();
    now.checked_add(duration).unwrap_or_else(|| now + FAR)
}

/// The next moment at which timers are ready.
fn on_grid(moment: Instant) -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();

    let origin = *ORIGIN.get_or_init(Instant::now);
    let grains = moment.saturating_duration_since(origin).as_nanos().div_ceil(GRAIN.as_nanos());
    let since = u64::try_from(grains * GRAIN.as_millis()).map_or(Duration::MAX, Duration::from_millis);
    origin.checked_add(since).unwrap_or(moment)
}

/// Tokio's clock shows the real time.
fn time_is_real() -> bool {
    let before = std::time::Instant::now();
    let now = Instant::now().into_std();
    (before..=std::time::Instant::now()).contains(&now)
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Builder;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const SOON: Duration = Duration::from_millis(1);

    #[test]
    fn real_time_is_kept_aside_of_a_runtime_that_has_no_timers() {
        let runtime = Builder::new_current_thread().build().expect("a runtime without timers");
        runtime.block_on(async {
            let mut timer = Timer::after(SOON);
            assert!(matches!(timer.kept, Kept::Aside(_)));
            (&mut timer).await;
            timer.restart(SOON);
            (&mut timer).await;
            timer.restart(Duration::MAX);
            assert!(std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut timer).poll(cx))).await.is_pending());
        });
    }

    #[test]
    fn moments_that_are_close_are_one_and_none_is_early() {
        let now = on_grid(Instant::now()) + Duration::from_nanos(1);
        for late in [Duration::ZERO, SOON, GRAIN - Duration::from_nanos(1)] {
            assert_eq!(on_grid(now + late), now - Duration::from_nanos(1) + GRAIN);
        }
        assert_eq!(on_grid(now + GRAIN), now - Duration::from_nanos(1) + 2 * GRAIN);
        assert_eq!(on_grid(on_grid(now)), on_grid(now));
        let far = now + HOUR * 24 * 365 * 30;
        assert!(on_grid(far) >= far && on_grid(far) < far + GRAIN);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_paused_is_followed() {
        let begun = Instant::now();
        let mut timer = Timer::after(HOUR);
        assert!(matches!(timer.kept, Kept::Within(_)));
        (&mut timer).await;
        timer.restart(HOUR);
        timer.await;
        assert_eq!(begun.elapsed().as_secs(), 2 * HOUR.as_secs());
    }

    #[tokio::test]
    async fn a_clock_that_is_paused_later_is_followed_from_the_next_time_on() {
        let mut timers = [Timer::after(SOON), {
            attach();
            Timer::after(SOON)
        }];
        assert!(matches!(timers[0].kept, Kept::Aside(_)));
        #[cfg(target_os = "linux")]
        assert!(matches!(timers[1].kept, Kept::Alarm(_)));
        tokio::time::pause();
        for timer in &mut timers {
            (&mut *timer).await;
            timer.restart(HOUR);
            assert!(matches!(timer.kept, Kept::Within(_)));
            timer.await;
        }
    }
}
