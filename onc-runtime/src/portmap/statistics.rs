//! What a port mapper has done: version 4's GETSTAT.

use super::protocol::{
    self, AddressStatistics, CallStatistics, STATISTICS_PROCEDURES, STATISTICS_VERSIONS, StatisticsByVersion,
};

/// Programs, versions and netids that lookups are counted of, in each version of the protocol: whoever asks chooses them, so
/// that there must be an end to it. Later ones are not counted.
const MAX_ADDRESSES: usize = 256;

/// A call that is to be handed on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Called {
    pub(super) prog: u32,
    pub(super) vers: u32,
    pub(super) proc: u32,
    /// By INDIRECT.
    pub(super) indirect: bool,
}

/// The counters of a port mapper. They stay at their greatest value when they reach it.
#[derive(Clone, Debug, Default)]
pub(super) struct Statistics {
    versions: StatisticsByVersion,
}

impl Statistics {
    /// Counts a call of a procedure.
    pub(super) fn call(&mut self, version: u32, procedure: u32) {
        let counter = usize::try_from(procedure).ok().and_then(|at| self.of(version)?.calls.get_mut(at));
        if let Some(counter) = counter {
            *counter = counter.saturating_add(1);
        }
    }

    /// Counts an entry made.
    pub(super) fn set(&mut self, version: u32) {
        if let Some(of) = self.of(version) {
            of.set = of.set.saturating_add(1);
        }
    }

    /// Counts an entry removed.
    pub(super) fn unset(&mut self, version: u32) {
        if let Some(of) = self.of(version) {
            of.unset = of.unset.saturating_add(1);
        }
    }

    /// Counts a lookup.
    pub(super) fn lookup(&mut self, version: u32, prog: u32, vers: u32, netid: &str, found: bool) {
        let Some(of) = self.of(version) else { return };
        let is = |at: &AddressStatistics| at.prog == prog && at.vers == vers && at.netid == netid;
        let new = || AddressStatistics { prog, vers, netid: netid.into(), ..Default::default() };
        let Some(counted) = find_or_add(&mut of.addresses, is, new) else { return };
        let counter = if found { &mut counted.success } else { &mut counted.failure };
        *counter = counter.saturating_add(1);
    }

    /// Counts a call that was to be handed on, by INDIRECT or not.
    pub(super) fn handed_on(&mut self, version: u32, called: Called, netid: &str, success: bool) {
        let Some(of) = self.of(version) else { return };
        let Called { prog, vers, proc, indirect } = called;
        let is = |at: &CallStatistics| at.prog == prog && at.vers == vers && at.proc == proc && at.netid == netid;
        let new = || CallStatistics { prog, vers, proc, netid: netid.into(), ..Default::default() };
        let Some(counted) = find_or_add(&mut of.handed_on, is, new) else { return };
        let counter = if success { &mut counted.success } else { &mut counted.failure };
        *counter = counter.saturating_add(1);
        counted.indirect = counted.indirect.saturating_add(indirect.into());
    }

    /// All of them, as GETSTAT answers.
    pub(super) fn all(&self) -> StatisticsByVersion {
        self.versions.clone()
    }

    fn of(&mut self, version: u32) -> Option<&mut protocol::Statistics> {
        let at = version.checked_sub(protocol::PMAP_V2)?;
        self.versions.get_mut(usize::try_from(at).ok()?)
    }
}

/// The counters of what `is` says; new ones if there are none, while there is room.
fn find_or_add<T>(all: &mut Vec<T>, is: impl Fn(&T) -> bool, new: impl FnOnce() -> T) -> Option<&mut T> {
    let at = all.iter().position(is).or_else(|| {
        let room = all.len() < MAX_ADDRESSES;
        // The newest first, as rpcbind has them.
        room.then(|| all.insert(0, new())).map(|()| 0)
    })?;
    all.get_mut(at)
}

const _: () = assert!(STATISTICS_VERSIONS == 3 && STATISTICS_PROCEDURES == 13, "rpcinfo -m expects these");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_version_and_ignores_what_there_is_no_room_for() {
        let mut statistics = Statistics::default();
        statistics.call(2, 3);
        statistics.call(4, 12);
        statistics.call(4, 12);
        for (version, procedure) in [(4, 13), (4, u32::MAX), (1, 3), (5, 3), (0, 0), (u32::MAX, 0)] {
            statistics.call(version, procedure);
        }
        statistics.set(3);
        statistics.unset(3);
        let [v2, v3, v4] = statistics.all();
        assert_eq!((v2.calls[3], v4.calls[12]), (1, 2));
        assert_eq!((v2.calls.iter().sum::<i32>(), v3.calls.iter().sum::<i32>()), (1, 0));
        assert_eq!((v3.set, v3.unset, v4.set), (1, 1, 0));
    }

    #[test]
    fn a_flood_of_lookups_is_counted_up_to_a_limit() {
        let mut statistics = Statistics::default();
        for program in 0..10_000 {
            statistics.lookup(4, program, 1, "tcp", true);
            statistics.lookup(4, 0, 1, "tcp", false);
        }
        let [_, _, v4] = statistics.all();
        assert_eq!(v4.addresses.len(), MAX_ADDRESSES);
        let (first, others) = v4.addresses.split_last().expect("some");
        assert_eq!((first.success, first.failure), (1, 10_000));
        assert!(others.iter().all(|counted| (counted.success, counted.failure) == (1, 0)));
        for prog in 0..1000 {
            statistics.handed_on(4, Called { prog, vers: 1, proc: 0, indirect: prog == 3 }, "udp", prog == 4);
        }
        let [_, _, v4] = statistics.all();
        assert_eq!(v4.handed_on.len(), MAX_ADDRESSES);
        let counted = |prog: u32| {
            let at = v4.handed_on.iter().position(|at| at.prog == prog).expect("it is counted");
            (v4.handed_on[at].success, v4.handed_on[at].failure, v4.handed_on[at].indirect)
        };
        assert_eq!([counted(3), counted(4), counted(5)], [(0, 1, 1), (1, 0, 0), (0, 1, 0)]);
    }
}
