//! What a port mapper has done: version 4's GETSTAT.

use super::protocol::{self, AddressStatistics, STATISTICS_PROCEDURES, STATISTICS_VERSIONS, StatisticsByVersion};

/// Programs, versions and netids that lookups are counted of, in each version of the protocol: whoever asks chooses them, so
/// that there must be an end to it. Later ones are not counted.
const MAX_ADDRESSES: usize = 256;

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
        let known = of.addresses.iter().position(|at| at.prog == prog && at.vers == vers && at.netid == netid);
        let at = known.unwrap_or_else(|| {
            if of.addresses.len() < MAX_ADDRESSES {
                of.addresses.push(AddressStatistics { prog, vers, netid: netid.into(), ..Default::default() });
            }
            of.addresses.len() - 1
        });
        let counted = &mut of.addresses[at];
        if counted.prog == prog && counted.vers == vers && counted.netid == netid {
            let counter = if found { &mut counted.success } else { &mut counted.failure };
            *counter = counter.saturating_add(1);
        }
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
        assert_eq!((v4.addresses[0].success, v4.addresses[0].failure), (1, 10_000));
        assert!(v4.addresses[1..].iter().all(|counted| (counted.success, counted.failure) == (1, 0)));
    }
}
