//! How long to wait before connecting is tried again.

use std::time::Duration;

use crate::rpc::random_xid;

/// The pauses between attempts that fail: each twice as long as the last one, and a random part of that, so that the clients of a
/// server that comes back do not come all at once.
#[derive(Debug)]
pub(super) struct BackOff {
    longest: Duration,
}

impl BackOff {
    /// The first pause at its longest.
    const FIRST: Duration = Duration::from_millis(50);
    /// None is longer.
    const MOST: Duration = Duration::from_secs(5);

    pub(super) fn new() -> Self {
        Self { longest: Self::FIRST }
    }

    /// The pause before the next attempt: between half of the longest and the longest.
    pub(super) fn pause(&mut self) -> Duration {
        let longest = self.longest;
        self.longest = (longest * 2).min(Self::MOST);
        let random = f64::from(random_xid()) / f64::from(u32::MAX);
        longest.mul_f64(0.5 + random / 2.0)
    }

    /// The server has answered: the next pause is the first one.
    pub(super) fn reset(&mut self) {
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Future, ready};
    use std::io;
    use std::pin::Pin;
    use std::sync::{Arc, Mutex};
    use std::task::Waker;

    use tokio::time::{Instant, sleep};

    use super::super::driver::{Connector, Driver, Settings};
    use super::super::link::Link;
    use super::super::queue::{Channel, Expiry, Terms};
    use super::super::stream::StreamLink;
    use super::*;
    use crate::error::{ConnectError, Error};
    use crate::xdr::Limits;

    /// The longest pauses, in milliseconds.
    const LONGEST: [u128; 9] = [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000];

    #[test]
    fn pauses_double_up_to_five_seconds_and_begin_anew() {
        let mut back_off = BackOff::new();
        for _ in 0..2 {
            for longest in LONGEST {
                let pause = back_off.pause().as_millis();
                assert!((longest / 2..=longest).contains(&pause), "{pause} of {longest}");
            }
            back_off.reset();
        }
    }

    #[test]
    fn two_clients_do_not_pause_for_the_same_time() {
        let [first, second] = [(); 2].map(|()| {
            let mut back_off = BackOff::new();
            [(); 8].map(|()| back_off.pause())
        });
        assert_ne!(first, second);
    }

    /// Notes when it was asked to connect, which is never possible.
    struct Nowhere(Arc<Mutex<Vec<Instant>>>);

    impl Connector for Nowhere {
        fn connect(&mut self) -> Pin<Box<dyn Future<Output = Result<Link, Error>> + Send>> {
            self.0.lock().expect("not poisoned").push(Instant::now());
            let source = io::ErrorKind::ConnectionRefused.into();
            Box::pin(ready(Err(Error::Connect(Arc::new(ConnectError { address: "nowhere".into(), source })))))
        }

        fn asks_for(&self) -> Option<u32> {
            None
        }

        fn elsewhere(&mut self) -> Pin<Box<dyn Future<Output = Option<Link>> + Send>> {
            Box::pin(ready(None))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_server_is_tried_less_and_less_often_while_a_call_waits() {
        let settings = Settings {
            datagrams: false,
            timeout: Duration::from_secs(3600),
            max_record_size: 1000,
            limits: Limits::default(),
            max_calls: 10,
            max_unsent: 1000,
            idle_timeout: Duration::MAX,
            server: None,
        };
        let channel = Channel::new(settings);
        channel.join();
        let (near, _) = tokio::io::duplex(100);
        let attempts = Arc::default();
        let link = Link::Stream(StreamLink::new(near, 1000));
        let driver = Driver::new(Arc::clone(&channel), link, Some(Box::new(Nowhere(Arc::clone(&attempts)))));
        let driving = tokio::spawn(driver);
        // The loss is noticed, and paused for; nobody is tried for whom nobody asks.
        sleep(Duration::from_secs(60)).await;
        assert!(attempts.lock().expect("not poisoned").is_empty());

        let terms = Terms { expiry: Expiry::Default, idempotent: false, again: false };
        channel.submit(Waker::noop(), terms, |_, _| Ok(())).expect("room");
        sleep(Duration::from_secs(60)).await;
        let attempts = attempts.lock().expect("not poisoned").clone();
        let pauses = attempts.windows(2).map(|pair| (pair[1] - pair[0]).as_millis());
        // The first pause was that after the loss.
        for (pause, longest) in pauses.clone().zip(LONGEST.into_iter().skip(1)) {
            // A timer of tokio's is at most a millisecond late.
            assert!((longest / 2..=longest + 1).contains(&pause), "{pause} of {longest}");
        }
        assert!((17..=30).contains(&pauses.len()), "{} pauses in a minute", pauses.len());
        driving.abort();
    }
}
