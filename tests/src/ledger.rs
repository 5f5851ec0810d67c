//! The service of `x/ledger.x`: it knows how often each call was executed.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use onc_runtime::{Bytes, Context, Fault};

/// What xdrgen makes of `x/ledger.x`.
pub mod generated {
    onc_runtime::include_xdr!("ledger");
}

use generated::{LedgerV1, Receipt};

/// What has been executed. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    times: HashMap<u64, u32>,
    journal: Option<File>,
}

impl Ledger {
    /// A ledger that is written to a file too, entry by entry, before anybody is told: it survives the process.
    ///
    /// # Errors
    ///
    /// As opening a file.
    pub fn in_file(path: &Path) -> io::Result<Self> {
        let journal = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { inner: Arc::new(Mutex::new(Inner { times: HashMap::new(), journal: Some(journal) })) })
    }

    /// How often each ticket was entered, by the file of a ledger. A line that was not finished is no entry.
    ///
    /// # Errors
    ///
    /// As reading a file.
    pub fn read(path: &Path) -> io::Result<HashMap<u64, u32>> {
        let mut times = HashMap::new();
        let mut lines = BufReader::new(File::open(path)?);
        let mut line = String::new();
        while lines.read_line(&mut line)? > 0 {
            if let Some(ticket) = line.strip_suffix('\n').and_then(|ticket| ticket.parse().ok()) {
                *times.entry(ticket).or_default() += 1;
            }
            line.clear();
        }
        Ok(times)
    }

    /// How often a ticket was entered; it is forgotten.
    #[must_use]
    pub fn take(&self, ticket: u64) -> u32 {
        self.lock().times.remove(&ticket).unwrap_or(0)
    }

    /// All that has not been taken.
    #[must_use]
    pub fn rest(&self) -> HashMap<u64, u32> {
        self.lock().times.clone()
    }

    fn enter(&self, ticket: u64) -> io::Result<u32> {
        let mut inner = self.lock();
        if let Some(journal) = &mut inner.journal {
            // One write: whoever is killed leaves whole lines.
            journal.write_all(format!("{ticket}\n").as_bytes())?;
        }
        let times = inner.times.entry(ticket).or_default();
        *times += 1;
        Ok(*times)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LedgerV1 for Ledger {
    async fn enter(&self, _cx: &Context, ticket: u64) -> Result<Receipt, Fault> {
        // Some take their time, so that a repeat comes while they run; before or after they are entered.
        let pause = Duration::from_millis(ticket % 8);
        if ticket.is_multiple_of(3) {
            tokio::time::sleep(pause).await;
        }
        let times = Ledger::enter(self, ticket).map_err(Fault::system)?;
        if ticket % 3 == 1 {
            tokio::time::sleep(pause).await;
        }
        Ok(Receipt { ticket, times })
    }

    async fn echo(&self, _cx: &Context, payload: Bytes) -> Result<Bytes, Fault> {
        Ok(payload)
    }
}
