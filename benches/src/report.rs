//! The one line that a client of the harness prints.

use std::time::Duration;

/// What was measured.
#[derive(Debug)]
pub struct Report<'a> {
    /// The workload's name.
    pub workload: &'a str,
    /// Calls answered while it was measured.
    pub calls: u64,
    /// Calls answered in all.
    pub calls_total: u64,
    /// How long it was measured.
    pub time: Duration,
    /// Bytes of payload of the calls measured.
    pub bytes: u64,
    /// How long each call took, if that was measured, in nanoseconds.
    pub latencies: Vec<u32>,
}

impl Report<'_> {
    /// The line.
    #[must_use]
    pub fn into_json(mut self) -> String {
        self.latencies.sort_unstable();
        let micros = |percent: usize| match self.latencies.len() {
            0 => 0.0,
            count => f64::from(self.latencies[count * percent / 100]) / 1000.0,
        };
        format!(
            r#"{{"workload":"{}","calls":{},"calls_total":{},"secs":{:.6},"bytes":{},"p50_us":{:.2},"p99_us":{:.2}}}"#,
            self.workload,
            self.calls,
            self.calls_total,
            self.time.as_secs_f64(),
            self.bytes,
            micros(50),
            micros(99),
        )
    }
}
