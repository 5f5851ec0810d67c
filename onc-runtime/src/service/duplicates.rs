//! The duplicate request cache: a call that comes twice is executed once.
//!
//! Over UDP a client that hears nothing sends its call again. Was only the reply lost, then executing the call again would
//! be wrong for every procedure that is not idempotent: the repeat is answered with the reply to the first one. A repeat of
//! a call that still runs is dropped: the reply will come.
//!
//! No I/O and no clock: the time is an argument.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::observe;
use crate::rpc::{CallHeader, Interface, ProcedureInfo};

use super::Registry;

/// How much a [`DuplicateCache`] remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DuplicateLimits {
    /// Calls, those included that still run.
    pub(crate) entries: usize,
    /// Bytes of replies.
    pub(crate) bytes: usize,
    /// How long after a call was answered, or came again, it is still known.
    pub(crate) age: Duration,
}

/// The calls of a server that must not be executed again. Clones are the same cache.
#[derive(Clone, Debug)]
pub(crate) struct DuplicateCache {
    inner: Arc<Mutex<Duplicates>>,
}

/// What the cache knows of a call.
#[derive(Debug)]
pub(crate) enum Seen {
    /// Nothing: it is to be executed, and its reply to be given to the ticket.
    New(Ticket),
    /// It is being executed: this one is to be dropped.
    Running,
    /// It was answered with this message; nothing, if that was too large to be kept.
    Answered(Option<Bytes>),
    /// There is no room: so many calls run. It is to be dropped, and the client will send it again.
    Full,
}

/// What is to be done with a call.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It is to be executed; with a ticket, the reply is to be remembered.
    Execute(Option<Ticket>),
    /// It is a repeat, and was answered with this.
    Repeat(Bytes),
    /// It is a repeat, and gets no answer now.
    Drop,
}

/// A call that is being executed. Dropped without an answer, the call is forgotten.
#[derive(Debug)]
pub(crate) struct Ticket {
    cache: DuplicateCache,
    call: Option<Identity>,
}

/// What makes two calls the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Identity {
    peer: SocketAddr,
    xid: u32,
    program: u32,
    version: u32,
    procedure: u32,
    /// Of the whole message. There are clients whose xids begin anew with each socket, so that an xid alone says little.
    checksum: u64,
}

#[derive(Debug)]
struct Duplicates {
    limits: DuplicateLimits,
    calls: HashMap<Identity, State>,
    /// The answered calls in the order in which they are forgotten, each once, with the time that was known when it was put
    /// here: a repeat may have made it later.
    answered: VecDeque<(Identity, Instant)>,
    /// Of the replies.
    bytes: usize,
    hasher: RandomState,
}

#[derive(Debug)]
enum State {
    Running,
    Answered { reply: Option<Bytes>, until: Instant },
}

impl DuplicateCache {
    pub(crate) fn new(limits: DuplicateLimits) -> Self {
        let inner = Duplicates {
            limits,
            calls: HashMap::new(),
            answered: VecDeque::new(),
            bytes: 0,
            hasher: RandomState::new(),
        };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// Looks a received call up, and remembers it as one that runs if it is new. `message` is all of it.
    pub(crate) fn begin(&self, now: Instant, peer: SocketAddr, header: &CallHeader<'_>, message: &[u8]) -> Seen {
        let mut inner = self.lock();
        let call = Identity {
            peer,
            xid: header.xid,
            program: header.program,
            version: header.version,
            procedure: header.procedure,
            checksum: inner.hasher.hash_one(message),
        };
        match inner.begin(now, call) {
            Known::New => Seen::New(Ticket { cache: self.clone(), call: Some(call) }),
            Known::Running => Seen::Running,
            Known::Answered(reply) => Seen::Answered(reply),
            Known::Full => Seen::Full,
        }
    }

    /// Decides what is to be done with a message of `peer` that has this header. `now` is asked for the time if that matters.
    pub(crate) fn admit(
        &self,
        registry: &Registry,
        now: impl FnOnce() -> Instant,
        peer: SocketAddr,
        header: &CallHeader<'_>,
        message: &[u8],
    ) -> Admission {
        if !concerns(registry, header) {
            return Admission::Execute(None);
        }
        let (outcome, known, admission) = match self.begin(now(), peer, header, message) {
            Seen::New(ticket) => return Admission::Execute(Some(ticket)),
            Seen::Running => ("running", "it still runs", Admission::Drop),
            Seen::Answered(Some(reply)) => ("answered", "the first reply is sent again", Admission::Repeat(reply)),
            Seen::Answered(None) => ("too_large", "its reply was too large to be kept", Admission::Drop),
            Seen::Full => {
                ("full", "no room in the duplicate request cache; `max_duplicates` raises it", Admission::Drop)
            }
        };
        observe::duplicate(outcome);
        tracing::debug!(target: "onc::server", %peer, xid = header.xid, known, "a call is not executed");
        admission
    }

    fn lock(&self) -> MutexGuard<'_, Duplicates> {
        // Nothing in here panics but for want of memory.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// The call was answered with this message.
    pub(crate) fn answered(mut self, now: Instant, reply: &[u8]) {
        if let Some(call) = self.call.take() {
            self.cache.lock().answered(now, call, reply);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            self.cache.lock().calls.remove(&call);
        }
    }
}

/// Whether a call has to go through the cache: not if executing it twice does no harm.
fn concerns(registry: &Registry, header: &CallHeader<'_>) -> bool {
    if header.procedure == 0 {
        return false;
    }
    let is_called =
        |interface: &&'static Interface| interface.program == header.program && interface.version == header.version;
    let Some(interface) = registry.interfaces().find(is_called) else { return false };
    let idempotent = |procedure: &ProcedureInfo| procedure.idempotent;
    !interface.procedure(header.procedure).is_some_and(idempotent)
}

enum Known {
    New,
    Running,
    Answered(Option<Bytes>),
    Full,
}

impl Duplicates {
    fn begin(&mut self, now: Instant, call: Identity) -> Known {
        self.forget_old(now);
        match self.calls.get_mut(&call) {
            Some(State::Running) => return Known::Running,
            Some(State::Answered { reply, until }) => {
                *until = now + self.limits.age;
                return Known::Answered(reply.clone());
            }
            None => {}
        }
        if self.calls.len() >= self.limits.entries && !self.forget_first() {
            return Known::Full;
        }
        self.calls.insert(call, State::Running);
        Known::New
    }

    fn answered(&mut self, now: Instant, call: Identity, reply: &[u8]) {
        let until = now + self.limits.age;
        let Some(state @ State::Running) = self.calls.get_mut(&call) else { return };
        let kept = (reply.len() <= self.limits.bytes).then(|| Bytes::copy_from_slice(reply));
        self.bytes += kept.as_ref().map_or(0, Bytes::len);
        *state = State::Answered { reply: kept, until };
        self.answered.push_back((call, until));
        while self.bytes > self.limits.bytes && self.forget_first() {}
    }

    /// Forgets what is past its age.
    fn forget_old(&mut self, now: Instant) {
        while self.answered.front().is_some_and(|(_, until)| *until <= now) {
            let Some((call, _)) = self.answered.pop_front() else { return };
            match self.calls.get(&call) {
                Some(State::Answered { until, .. }) if *until > now => self.answered.push_back((call, *until)),
                _ => self.remove(&call),
            }
        }
    }

    /// Forgets the answered call that has been there longest; false: there is none.
    fn forget_first(&mut self) -> bool {
        let Some((call, _)) = self.answered.pop_front() else { return false };
        self.remove(&call);
        true
    }

    fn remove(&mut self, call: &Identity) {
        if let Some(State::Answered { reply: Some(reply), .. }) = self.calls.remove(call) {
            self.bytes -= reply.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::{CallTemplate, Credential};

    const LIMITS: DuplicateLimits = DuplicateLimits { entries: 4, bytes: 100, age: Duration::from_secs(120) };

    fn message(xid: u32, procedure: u32, argument: u8) -> Vec<u8> {
        let mut message = Vec::new();
        let template = CallTemplate::new(7, 1, &Credential::None).expect("short");
        template.put_unmarked(&mut message, xid, procedure);
        message.extend([0, 0, 0, argument]);
        message
    }

    struct Simulated {
        cache: DuplicateCache,
        now: Instant,
    }

    impl Simulated {
        fn new(limits: DuplicateLimits) -> Self {
            Self { cache: DuplicateCache::new(limits), now: Instant::now() }
        }

        fn begin_from(&self, port: u16, message: &[u8]) -> Seen {
            let (header, _) = CallHeader::parse(message).expect("a call");
            self.cache.begin(self.now, SocketAddr::from(([192, 0, 2, 1], port)), &header, message)
        }

        fn begin(&self, message: &[u8]) -> Seen {
            self.begin_from(700, message)
        }

        fn ticket(&self, message: &[u8]) -> Ticket {
            match self.begin(message) {
                Seen::New(ticket) => ticket,
                other => panic!("{other:?}"),
            }
        }

        fn answer(&self, message: &[u8], reply: &[u8]) {
            self.ticket(message).answered(self.now, reply);
        }

        fn lengths(&self) -> (usize, usize, usize) {
            let inner = self.cache.lock();
            (inner.calls.len(), inner.answered.len(), inner.bytes)
        }
    }

    #[test]
    fn a_repeat_is_dropped_while_the_call_runs_and_then_gets_the_first_reply() {
        let cache = Simulated::new(LIMITS);
        let call = message(1, 2, 3);
        let ticket = cache.ticket(&call);
        assert!(matches!(cache.begin(&call), Seen::Running));
        ticket.answered(cache.now, b"first");
        for _ in 0..3 {
            assert!(matches!(cache.begin(&call), Seen::Answered(Some(reply)) if reply == "first"));
        }
    }

    #[test]
    fn another_peer_xid_procedure_or_argument_is_another_call() {
        let cache = Simulated::new(LIMITS);
        cache.answer(&message(1, 2, 3), b"first");
        assert!(matches!(cache.begin_from(701, &message(1, 2, 3)), Seen::New(_)));
        for other in [message(2, 2, 3), message(1, 3, 3), message(1, 2, 4)] {
            assert!(matches!(cache.begin(&other), Seen::New(_)));
        }
    }

    #[test]
    fn a_call_that_was_cut_off_may_be_executed() {
        let cache = Simulated::new(LIMITS);
        drop(cache.ticket(&message(1, 2, 3)));
        assert!(matches!(cache.begin(&message(1, 2, 3)), Seen::New(_)));
    }

    #[test]
    fn is_forgotten_with_age_counted_from_the_last_repeat() {
        let mut cache = Simulated::new(LIMITS);
        cache.answer(&message(1, 2, 3), b"first");
        cache.answer(&message(2, 2, 3), b"second");
        cache.now += Duration::from_secs(119);
        assert!(matches!(cache.begin(&message(1, 2, 3)), Seen::Answered(_)));
        cache.now += Duration::from_secs(1);
        assert!(matches!(cache.begin(&message(2, 2, 3)), Seen::New(_)));
        cache.now += Duration::from_secs(118);
        assert!(matches!(cache.begin(&message(1, 2, 3)), Seen::Answered(_)));
        cache.now += Duration::from_secs(120);
        assert!(matches!(cache.begin(&message(1, 2, 3)), Seen::New(_)));
        assert_eq!(cache.lengths(), (0, 0, 0));
    }

    #[test]
    fn holds_no_more_entries_than_allowed_and_forgets_the_oldest_answer_first() {
        let cache = Simulated::new(LIMITS);
        let running = cache.ticket(&message(0, 2, 3));
        for xid in 1..20 {
            cache.answer(&message(xid, 2, 3), b"reply");
            assert!(cache.lengths().0 <= LIMITS.entries);
        }
        assert!(matches!(cache.begin(&message(0, 2, 3)), Seen::Running), "what runs is never forgotten");
        assert!(matches!(cache.begin(&message(19, 2, 3)), Seen::Answered(_)));
        let others: Vec<_> = (100..103).map(|xid| cache.ticket(&message(xid, 2, 3))).collect();
        assert!(matches!(cache.begin(&message(200, 2, 3)), Seen::Full));
        drop((running, others));
        assert!(matches!(cache.begin(&message(200, 2, 3)), Seen::New(_)));
    }

    #[test]
    fn holds_no_more_bytes_than_allowed() {
        let cache = Simulated::new(LIMITS);
        for xid in 0..4 {
            cache.answer(&message(xid, 2, 3), &[1; 40]);
            assert!(cache.lengths().2 <= LIMITS.bytes);
        }
        assert!(matches!(cache.begin(&message(0, 2, 3)), Seen::New(_)));
        assert!(matches!(cache.begin(&message(3, 2, 3)), Seen::Answered(Some(_))));
        // What does not fit at all is known all the same: executing it again would be worse than no reply.
        cache.answer(&message(9, 2, 3), &[1; 101]);
        assert!(matches!(cache.begin(&message(9, 2, 3)), Seen::Answered(None)));
    }
}
