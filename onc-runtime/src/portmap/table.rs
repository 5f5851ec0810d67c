//! What a port mapper knows: entries, and whose they are. No I/O, no clock.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::Hash;
use std::str::FromStr;

use super::Process;

/// The entries of a port mapper, in the order in which they were made.
///
/// Its rules are those of rpcbind, which existing clients rely on; each is a test below. What it does not share with rpcbind
/// is that it is bounded: by [`Limits`].
#[derive(Clone, Debug, Default)]
pub struct Table {
    limits: Limits,
    entries: BTreeMap<u64, Entry>,
    /// Where the entries of a program are, in order.
    programs: HashMap<u32, Vec<u64>>,
    /// Where those of a program's version are, in order.
    versions: HashMap<(u32, u32), Vec<u64>>,
    /// How many entries each owner has.
    owners: HashMap<Owner, usize>,
    next: u64,
}

/// A program and version at one address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The program's number.
    pub program: u32,
    /// The version's number.
    pub version: u32,
    /// The transport's name. Any is taken: a port mapper need not know the transport itself.
    pub netid: Box<str>,
    /// The universal address, as it was registered.
    pub address: Box<str>,
    /// Who may remove it.
    pub owner: Owner,
    /// The process that made it, as far as the mapper can tell: on a Unix socket.
    pub process: Option<Process>,
}

/// Who made an entry, as far as the mapper can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// Root, or the mapper itself: may remove any entry.
    Superuser,
    /// This user.
    User(u32),
    /// Somebody on this host who came by the loopback interface.
    Unknown,
}

/// A text that is no [`Owner`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownOwner;

/// How much a [`Table`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Entries in all. Default: 8192.
    pub entries: usize,
    /// Entries of one owner other than root, so that nobody can take the places of all others. Default: 1024.
    pub entries_of_user: usize,
}

/// What became of an entry that was to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Set {
    /// It was made.
    Made,
    /// It is there already, at the same address.
    There,
    /// It is there already, and from now on is known to be of another process: a server that was started again.
    Renewed,
    /// The program, version and netid have another address: that has to be removed first.
    Taken,
    /// There is no room for it.
    Full,
    /// It has no netid or no address, or one that is too long or has control characters.
    Malformed,
}

/// What became of entries that were to be removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unset {
    /// So many were removed.
    pub removed: usize,
    /// So many belong to somebody else, and stay.
    pub kept: usize,
}

/// A change of a [`Table`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// [`Table::set`].
    Set(Entry),
    /// [`Table::unset`].
    Unset {
        /// Of this program,
        program: u32,
        /// this version
        version: u32,
        /// and this netid, or all if it is empty,
        netid: Box<str>,
        /// as far as this one may.
        by: Owner,
    },
    /// [`Table::remove`].
    Remove(Entry),
}

/// What became of a [`Change`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Of [`Change::Set`].
    Set(Set),
    /// Of [`Change::Unset`].
    Unset(Unset),
    /// Of [`Change::Remove`]: whether it was there.
    Remove(bool),
}

/// The longest netid. The longest known one has nine bytes.
const MAX_NETID: usize = 32;

/// The longest address: the longest path of a Unix socket has 108 bytes.
const MAX_ADDRESS: usize = 128;

impl Table {
    /// An empty table.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Makes an entry.
    pub fn set(&mut self, entry: Entry) -> Set {
        let Entry { program, version, netid, address, owner, process } = &entry;
        if !is_name(netid, MAX_NETID) || !is_name(address, MAX_ADDRESS) {
            return Set::Malformed;
        }
        if let Some(other) = self.exact_mut(*program, *version, netid) {
            if other.address != *address {
                return Set::Taken;
            }
            // Started again at the same port it is another process.
            if other.owner == *owner && process.is_some() && other.process != *process {
                other.process = *process;
                return Set::Renewed;
            }
            return Set::There;
        }
        let of_owner = self.owners.get(owner).copied().unwrap_or_default();
        if self.entries.len() >= self.limits.entries
            || (*owner != Owner::Superuser && of_owner >= self.limits.entries_of_user)
        {
            return Set::Full;
        }
        self.programs.entry(*program).or_default().push(self.next);
        self.versions.entry((*program, *version)).or_default().push(self.next);
        self.owners.insert(*owner, of_owner + 1);
        self.entries.insert(self.next, entry);
        self.next += 1;
        Set::Made
    }

    /// Removes the entry of a program, version and netid; of all netids if that is empty. Root may remove any, others only
    /// their own.
    pub fn unset(&mut self, program: u32, version: u32, netid: &str, by: Owner) -> Unset {
        let mut unset = Unset::default();
        for at in self.places(program, version) {
            let Some(entry) = self.entries.get(&at) else { continue };
            if !(netid.is_empty() || entry.netid.eq_ignore_ascii_case(netid)) {
                continue;
            }
            if by == Owner::Superuser || entry.owner == by {
                self.take(at);
                unset.removed += 1;
            } else {
                unset.kept += 1;
            }
        }
        unset
    }

    /// Removes an entry if it is still there as it is here, whoever asks and whatever process made it: its server has died.
    pub fn remove(&mut self, entry: &Entry) -> bool {
        let places = self.places(entry.program, entry.version);
        let is = |other: &Entry| other.owner == entry.owner && other.names(entry);
        match places.into_iter().find(|at| self.entries.get(at).is_some_and(is)) {
            Some(at) => {
                self.take(at);
                true
            }
            None => false,
        }
    }

    /// Makes a change.
    pub fn apply(&mut self, change: Change) -> Outcome {
        match change {
            Change::Set(entry) => Outcome::Set(self.set(entry)),
            Change::Unset { program, version, netid, by } => Outcome::Unset(self.unset(program, version, &netid, by)),
            Change::Remove(entry) => Outcome::Remove(self.remove(&entry)),
        }
    }

    /// The entry of exactly this program, version and netid.
    #[must_use]
    pub fn exact(&self, program: u32, version: u32, netid: &str) -> Option<&Entry> {
        let places = self.versions.get(&(program, version))?;
        let mut entries = places.iter().filter_map(|at| self.entries.get(at));
        entries.find(|entry| entry.netid.eq_ignore_ascii_case(netid))
    }

    fn exact_mut(&mut self, program: u32, version: u32, netid: &str) -> Option<&mut Entry> {
        let Self { entries, versions, .. } = self;
        let is = |entry: &Entry| entry.netid.eq_ignore_ascii_case(netid);
        let at = versions.get(&(program, version))?.iter().find(|at| entries.get(at).is_some_and(is))?;
        entries.get_mut(at)
    }

    /// The entry of a program and netid: of this version if there is one, otherwise the last that was made of another: that
    /// one's server will answer with the versions that it has.
    #[must_use]
    pub fn any_version(&self, program: u32, version: u32, netid: &str) -> Option<&Entry> {
        let is = |entry: &&Entry| entry.netid.eq_ignore_ascii_case(netid);
        self.exact(program, version, netid).or_else(|| self.of_program(program).rev().find(is))
    }

    /// The entries of a program, the oldest first.
    pub fn of_program(&self, program: u32) -> impl DoubleEndedIterator<Item = &Entry> {
        self.programs.get(&program).into_iter().flatten().filter_map(|at| self.entries.get(at))
    }

    /// All entries, the oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Where the entries of a program's version are.
    fn places(&self, program: u32, version: u32) -> Vec<u64> {
        self.versions.get(&(program, version)).cloned().unwrap_or_default()
    }

    /// Removes the entry that is there.
    fn take(&mut self, at: u64) {
        let Some(Entry { program, version, owner, .. }) = self.entries.remove(&at) else { return };
        forget(&mut self.programs, program, at);
        forget(&mut self.versions, (program, version), at);
        if let Some(count) = self.owners.get_mut(&owner) {
            *count -= 1;
            if *count == 0 {
                self.owners.remove(&owner);
            }
        }
    }
}

/// Removes one of the places that are kept under a key, and the key with the last of them.
fn forget<K: Hash + Eq>(index: &mut HashMap<K, Vec<u64>>, key: K, at: u64) {
    let Some(places) = index.get_mut(&key) else { return };
    if let Ok(found) = places.binary_search(&at) {
        places.remove(found);
    }
    if places.is_empty() {
        index.remove(&key);
    }
}

impl Entry {
    /// They say the same, whoever made them.
    fn names(&self, other: &Self) -> bool {
        let Self { program, version, netid, address, .. } = other;
        self.program == *program && self.version == *version && self.netid == *netid && self.address == *address
    }
}

/// Not empty, not too long, and safe to be shown on a terminal.
fn is_name(text: &str, max: usize) -> bool {
    !text.is_empty() && text.len() <= max && !text.chars().any(char::is_control)
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 8192, entries_of_user: 1024 }
    }
}

impl Set {
    /// What the caller is told: the entry is there now.
    #[must_use]
    pub fn succeeded(self) -> bool {
        matches!(self, Self::Made | Self::There | Self::Renewed)
    }
}

impl Unset {
    /// What the caller is told: nothing is left of what was to be removed. It need not have been there.
    #[must_use]
    pub fn succeeded(self) -> bool {
        self.kept == 0
    }
}

impl Outcome {
    /// The table is not what it was.
    #[must_use]
    pub fn changed(self) -> bool {
        match self {
            Self::Set(set) => matches!(set, Set::Made | Set::Renewed),
            Self::Unset(unset) => unset.removed > 0,
            Self::Remove(removed) => removed,
        }
    }

    /// What became of an entry that was to be made; of another change, that none was.
    pub(super) fn set(self) -> Set {
        if let Self::Set(set) = self { set } else { Set::Malformed }
    }

    /// What became of entries that were to be removed.
    pub(super) fn unset(self) -> Unset {
        if let Self::Unset(unset) = self { unset } else { Unset::default() }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Superuser => f.write_str("superuser"),
            Self::User(uid) => uid.fmt(f),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl FromStr for Owner {
    type Err = UnknownOwner;

    fn from_str(text: &str) -> Result<Self, UnknownOwner> {
        match text {
            "superuser" => Ok(Self::Superuser),
            "unknown" => Ok(Self::Unknown),
            uid => uid.parse().map(Self::User).map_err(|_| UnknownOwner),
        }
    }
}

impl fmt::Display for UnknownOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an owner is `superuser`, `unknown`, or the number of a user")
    }
}

impl std::error::Error for UnknownOwner {}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: Owner = Owner::User(1000);
    const BOB: Owner = Owner::User(1001);

    fn entry(version: u32, netid: &str, address: &str, owner: Owner) -> Entry {
        Entry { program: 7, version, netid: netid.into(), address: address.into(), owner, process: None }
    }

    fn table(entries: impl IntoIterator<Item = Entry>) -> Table {
        let mut table = Table::default();
        for entry in entries {
            assert_eq!(table.set(entry), Set::Made);
        }
        table
    }

    #[test]
    fn the_same_entry_again_is_no_conflict_and_another_address_is_even_for_root() {
        let mut table = table([entry(1, "tcp", "0.0.0.0.8.1", ALICE)]);
        assert_eq!(table.set(entry(1, "tcp", "0.0.0.0.8.1", BOB)), Set::There);
        assert_eq!(table.set(entry(1, "tcp", "0.0.0.0.8.2", ALICE)), Set::Taken);
        assert_eq!(table.set(entry(1, "tcp", "0.0.0.0.8.2", Owner::Superuser)), Set::Taken);
        assert_eq!(table.exact(7, 1, "tcp"), Some(&entry(1, "tcp", "0.0.0.0.8.1", ALICE)));
        assert_eq!(table.set(entry(1, "udp", "0.0.0.0.8.2", BOB)), Set::Made);
        assert_eq!(table.set(entry(2, "tcp", "0.0.0.0.8.2", BOB)), Set::Made);
    }

    #[test]
    fn what_is_not_there_is_removed_with_success() {
        let unset = Table::default().unset(7, 1, "tcp", ALICE);
        assert!(unset.succeeded());
        assert_eq!(unset.removed, 0);
    }

    #[test]
    fn only_root_removes_what_is_not_its_own() {
        let mut table = table([entry(1, "tcp", "a", ALICE), entry(1, "udp", "a", BOB)]);
        assert!(!table.unset(7, 1, "tcp", BOB).succeeded());
        assert!(!table.unset(7, 1, "tcp", Owner::Unknown).succeeded());
        assert_eq!(table.len(), 2);
        assert_eq!(table.unset(7, 1, "", ALICE), Unset { removed: 1, kept: 1 });
        assert_eq!(table.entries().collect::<Vec<_>>(), [&entry(1, "udp", "a", BOB)]);
        assert!(table.unset(7, 1, "udp", Owner::Superuser).succeeded());
        assert!(table.is_empty() && table.programs.is_empty() && table.versions.is_empty() && table.owners.is_empty());
    }

    #[test]
    fn an_empty_netid_means_all_and_another_version_is_left_alone() {
        let mut table =
            table([entry(1, "tcp", "a", ALICE), entry(1, "local", "/a", ALICE), entry(2, "tcp", "a", ALICE)]);
        assert_eq!(table.unset(7, 1, "", ALICE), Unset { removed: 2, kept: 0 });
        assert_eq!(table.entries().collect::<Vec<_>>(), [&entry(2, "tcp", "a", ALICE)]);
        assert_eq!(table.unset(7, 1, "", ALICE), Unset::default());
        assert_eq!(table.unset(8, 2, "", ALICE), Unset::default());
    }

    #[test]
    fn another_version_is_found_only_when_it_may_be() {
        let table = table([entry(3, "tcp", "c", ALICE), entry(1, "tcp", "a", ALICE), entry(2, "udp", "b", ALICE)]);
        let address = |entry: Option<&Entry>| entry.map(|entry| entry.address.to_string());
        assert_eq!(address(table.exact(7, 2, "tcp")), None);
        assert_eq!(address(table.any_version(7, 2, "tcp")), Some("a".into()), "of the last that was registered");
        assert_eq!(address(table.any_version(7, 3, "tcp")), Some("c".into()));
        assert_eq!(address(table.any_version(7, 3, "local")), None);
        assert_eq!(address(table.any_version(8, 3, "tcp")), None);
        assert_eq!(address(table.exact(7, 2, "UDP")), Some("b".into()));
    }

    #[test]
    fn a_dead_server_is_removed_only_as_it_was() {
        let old = entry(1, "tcp", "a", ALICE);
        let mut table = table([old.clone()]);
        assert!(!table.remove(&entry(1, "tcp", "b", ALICE)));
        assert!(table.remove(&old));
        assert!(!table.remove(&old));
        assert!(table.is_empty());
    }

    #[test]
    fn the_process_is_the_one_that_made_the_entry_last() {
        let made_by = |pid, owner| Entry { process: Some(Process { pid, started: 1 }), ..entry(1, "tcp", "a", owner) };
        let mut table = table([made_by(7, ALICE)]);
        let pid = |table: &Table| table.exact(7, 1, "tcp").and_then(|entry| entry.process).map(|process| process.pid);
        assert_eq!(table.set(entry(1, "tcp", "a", ALICE)), Set::There);
        assert_eq!(pid(&table), Some(7), "one that is not known says nothing");
        assert_eq!(table.set(made_by(8, BOB)), Set::There);
        assert_eq!(pid(&table), Some(7), "it is not Bob's");
        assert_eq!(table.set(made_by(9, ALICE)), Set::Renewed);
        assert_eq!(pid(&table), Some(9));
        assert_eq!(table.set(made_by(9, ALICE)), Set::There);
        assert!(table.remove(&made_by(7, ALICE)), "the entry is the same");
    }

    #[test]
    fn a_flood_by_one_user_leaves_room_for_others() {
        let mut table = Table::new(Limits { entries: 10, entries_of_user: 4 });
        let outcomes: Vec<Set> = (0..6).map(|version| table.set(entry(version, "tcp", "a", BOB))).collect();
        assert_eq!(outcomes, [Set::Made, Set::Made, Set::Made, Set::Made, Set::Full, Set::Full]);
        assert_eq!(table.set(entry(9, "tcp", "a", ALICE)), Set::Made);
        for version in 10..15 {
            assert_eq!(table.set(entry(version, "tcp", "a", Owner::Superuser)), Set::Made);
        }
        assert_eq!(table.set(entry(15, "tcp", "a", Owner::Superuser)), Set::Full);
        assert_eq!(table.len(), 10);
        assert!(table.unset(7, 0, "tcp", BOB).succeeded());
        assert_eq!(table.set(entry(15, "tcp", "a", Owner::Superuser)), Set::Made, "what was removed makes room");
    }

    #[test]
    fn names_that_nobody_could_use_are_refused() {
        let mut table = Table::default();
        let (netid, address) = ("n".repeat(MAX_NETID + 1), "a".repeat(MAX_ADDRESS + 1));
        let wrong = [
            ("", "a"),
            ("tcp", ""),
            (netid.as_str(), "a"),
            ("tcp", address.as_str()),
            ("tcp", "a\n"),
            ("\u{1b}[2J", "a"),
        ];
        for (netid, address) in wrong {
            assert_eq!(table.set(entry(1, netid, address, ALICE)), Set::Malformed);
        }
        assert_eq!(table.set(entry(1, &netid[1..], &address[1..], ALICE)), Set::Made);
    }

    #[test]
    fn owners_are_written_as_rpcbind_writes_them() {
        for (owner, text) in [(Owner::Superuser, "superuser"), (Owner::Unknown, "unknown"), (ALICE, "1000")] {
            assert_eq!(owner.to_string(), text);
            assert_eq!(text.parse(), Ok(owner));
        }
        assert_eq!("somebody".parse::<Owner>(), Err(UnknownOwner));
    }
}
