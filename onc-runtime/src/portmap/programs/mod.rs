//! The port mapper as programs: versions 2, 3 and 4 over one [`Table`].

mod answers;
mod caller;
mod forward;
mod listing;
mod reach;
mod rules;
mod v2;
mod v3;
mod v4;

pub use self::rules::{Indirect, Rules};

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::service::RegistryBuilder;

use self::listing::{Listed, Listings};
use super::journal::Journal;
use super::limiter::Limiter;
use super::protocol::{PmapV2Server, RpcbV3Server, RpcbV4Server};
use super::statistics::Statistics;
use super::table::{Change, Outcome};
use super::{Table, table};

/// The port mapper's three versions, over one [`Table`]. Cheap to clone; clones are the same port mapper.
///
/// [`add_to`](Self::add_to) makes any server a port mapper. Ready-made, with its sockets: [`Daemon`](super::Daemon).
#[derive(Clone)]
pub struct Programs {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    rules: Rules,
    limiter: Limiter,
    handing_on_limiter: Limiter,
    /// Calls that may be handed on at the same time.
    handing_on: Semaphore,
}

/// Calls that are handed on at the same time, at most.
const HANDED_ON_AT_ONCE: usize = 64;

/// What the calls change.
struct State {
    table: Table,
    statistics: Statistics,
    /// Counts the changes of the table.
    changes: u64,
    /// Where changes are written down before anybody is told of them.
    journal: Option<Journal>,
    listings: Listings,
}

impl Programs {
    /// A port mapper that begins with what `table` has.
    #[must_use]
    pub fn new(table: Table, rules: Rules) -> Self {
        let state = State {
            table,
            statistics: Statistics::default(),
            changes: 0,
            journal: None,
            listings: Listings::default(),
        };
        let shared = Shared {
            state: Mutex::new(state),
            rules,
            limiter: Limiter::new(rules.calls_per_second),
            handing_on_limiter: Limiter::new(rules.indirect_per_second),
            handing_on: Semaphore::new(HANDED_ON_AT_ONCE),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Writes every change to `journal` from now on, before whoever makes it is answered.
    #[must_use]
    pub fn with_journal(self, journal: Journal) -> Self {
        self.state().journal = Some(journal);
        self
    }

    /// No further changes are written: another port mapper may have the file.
    pub(super) fn close_journal(&self) {
        self.state().journal = None;
    }

    /// Adds versions 2, 3 and 4 to a server's programs.
    pub fn add_to(&self, programs: &mut RegistryBuilder) {
        programs
            .add(self.listed(PmapV2Server::new(self.clone())))
            .add(self.listed(RpcbV3Server::new(self.clone())))
            .add(self.listed(RpcbV4Server::new(self.clone())));
    }

    fn listed<P>(&self, program: P) -> Listed<P> {
        Listed { program, programs: Arc::new(self.clone()) }
    }

    /// All entries as they are now.
    #[must_use]
    pub fn entries(&self) -> Vec<table::Entry> {
        self.state().table.entries().cloned().collect()
    }

    /// Makes an entry, as SET does.
    pub fn set(&self, entry: table::Entry) -> table::Set {
        self.state().change(Change::Set(entry)).set()
    }

    /// Removes an entry if it is still there as it is here.
    pub fn remove(&self, entry: &table::Entry) -> bool {
        self.state().change(Change::Remove(entry.clone())).changed()
    }

    /// A number that is another one after each change of the entries.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.state().changes
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock but for want of memory, and the table is whole between two of its steps.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rules(&self) -> &Rules {
        &self.shared.rules
    }
}

impl State {
    /// Makes a change, and writes it down if it is one.
    fn change(&mut self, change: Change) -> Outcome {
        let outcome = self.table.apply(change.clone());
        if outcome.changed() {
            self.changes += 1;
            if let Some(journal) = &mut self.journal {
                journal.write(&change, &self.table);
            }
        }
        outcome
    }
}

impl fmt::Debug for Programs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Programs")
            .field("rules", &self.shared.rules)
            .field("entries", &self.state().table.len())
            .finish_non_exhaustive()
    }
}
