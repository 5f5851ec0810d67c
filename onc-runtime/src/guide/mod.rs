//! From hello to deployment.
//!
//! | chapter | |
//! |---|---|
//! | 1. [`hello`] | a server and a client |
//! | 2. [`values`] | arguments and results, types of one's own, the three kinds of failure |
//! | 3. [`deadlines`] | how long a call may take, and what becomes of one that is given up |
//! | 4. [`repeats`] | lost connections; what is sent again, and what never is; UDP and the duplicate request cache |
//! | 5. [`limits`] | what a server and a client hold out against, and which setter is whose |
//! | 6. [`callers`] | credentials on both sides; flavours of one's own |
//! | 7. [`transports`] | TCP, UDP, Unix sockets, memory, TLS; several at once; IPv6 and reserved ports |
//! | 8. [`middleware`] | interceptors, and layers of `tower`: limits, retries, load balancing |
//! | 9. [`one_way`] | calls that nobody waits for, many in one write |
//! | 10. [`broadcast`] | one call to every server of a network |
//! | 11. [`both_ways`] | a server that calls its clients |
//! | 12. [`without_async`] | threads in place of tasks |
//! | 13. [`testing`] | mocks, simulated failures, servers and port mappers of the test's own |
//! | 14. [`observing`] | spans, the ten steps of a call, numbers |
//! | 15. [`deploying`] | port mapper, systemd, an orderly end |
//!
//! The examples share a calculator, `doc/calc.x` of this crate:
//!
//! ```text
#![doc = include_str!("../../doc/calc.x")]
//! ```

pub mod both_ways;
pub mod broadcast;
pub mod callers;
pub mod deadlines;
pub mod deploying;
pub mod hello;
pub mod limits;
pub mod middleware;
pub mod observing;
pub mod one_way;
pub mod repeats;
pub mod testing;
pub mod transports;
pub mod values;
pub mod without_async;
