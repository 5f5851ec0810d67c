//! The port mapper as programs: versions 2, 3 and 4 over one [`Table`].

mod answers;
mod caller;
mod reach;
mod rules;
mod v2;
mod v3;
mod v4;

pub use self::rules::Rules;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::service::RegistryBuilder;

use super::protocol::{PmapV2Server, RpcbV3Server, RpcbV4Server};
use super::statistics::Statistics;
use super::{Table, table};

/// The port mapper's three versions, over one [`Table`]. Cheap to clone; clones are the same port mapper.
///
/// [`add_to`](Self::add_to) makes any server a port mapper. Ready-made, with its sockets: [`Portmapper`](super::Portmapper).
#[derive(Clone)]
pub struct Programs {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    rules: Rules,
}

/// What the calls change.
struct State {
    table: Table,
    statistics: Statistics,
    /// Counts the changes of the table.
    changes: u64,
}

impl Programs {
    /// A port mapper that begins with what `table` has.
    #[must_use]
    pub fn new(table: Table, rules: Rules) -> Self {
        let state = State { table, statistics: Statistics::default(), changes: 0 };
        Self { shared: Arc::new(Shared { state: Mutex::new(state), rules }) }
    }

    /// Adds versions 2, 3 and 4 to a server's programs.
    pub fn add_to(&self, programs: &mut RegistryBuilder) {
        programs
            .add(PmapV2Server::new(self.clone()))
            .add(RpcbV3Server::new(self.clone()))
            .add(RpcbV4Server::new(self.clone()));
    }

    /// All entries as they are now.
    #[must_use]
    pub fn entries(&self) -> Vec<table::Entry> {
        self.state().table.entries().cloned().collect()
    }

    /// Makes an entry, as SET does.
    pub fn set(&self, entry: table::Entry) -> table::Set {
        self.state().change(|table| table.set(entry), |set| *set == table::Set::Made)
    }

    /// Removes an entry if it is still there as it is here.
    pub fn remove(&self, entry: &table::Entry) -> bool {
        self.state().change(|table| table.remove(entry), |removed| *removed)
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
    /// Runs `change`, and counts it if `changed` says so.
    fn change<T>(&mut self, change: impl FnOnce(&mut Table) -> T, changed: impl FnOnce(&T) -> bool) -> T {
        let outcome = change(&mut self.table);
        if changed(&outcome) {
            self.changes += 1;
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
