//! A recorder of metrics that tests can ask.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, LocalRecorderGuard, Metadata, Recorder, SharedString, Unit,
};

/// All numbers by name and labels: `name{label=value,…}`.
#[derive(Clone, Default)]
pub(crate) struct Numbers(Arc<Inner>);

#[derive(Default)]
struct Inner {
    counters: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    gauges: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    histograms: Mutex<BTreeMap<String, Arc<Values>>>,
    described: Mutex<BTreeSet<String>>,
}

#[derive(Default)]
struct Values(Mutex<Vec<f64>>);

impl Numbers {
    /// Records what this thread counts, until the guard is dropped.
    pub(crate) fn record(&self) -> LocalRecorderGuard<'_> {
        metrics::set_default_local_recorder(self)
    }

    /// A counter, 0 if nothing was counted.
    pub(crate) fn counter(&self, name: &str) -> u64 {
        let counters = self.0.counters.lock().expect("not poisoned");
        counters.get(name).map_or(0, |counter| counter.load(Ordering::Relaxed))
    }

    /// A gauge, if it was ever set.
    pub(crate) fn gauge(&self, name: &str) -> Option<f64> {
        let gauges = self.0.gauges.lock().expect("not poisoned");
        gauges.get(name).map(|gauge| f64::from_bits(gauge.load(Ordering::Relaxed)))
    }

    /// What a histogram was told.
    pub(crate) fn values(&self, name: &str) -> Vec<f64> {
        let histograms = self.0.histograms.lock().expect("not poisoned");
        histograms.get(name).map_or_else(Vec::new, |values| values.0.lock().expect("not poisoned").clone())
    }

    /// The names that were described.
    pub(crate) fn described(&self) -> BTreeSet<String> {
        self.0.described.lock().expect("not poisoned").clone()
    }

    /// Lets other tasks go on until it is so.
    pub(crate) async fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let waiting = async {
            while !is_so(self) {
                tokio::task::yield_now().await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(20), waiting).await.is_err() {
            let counters = self.0.counters.lock().expect("not poisoned");
            panic!("{what} has not happened; the counters are {counters:#?}");
        }
    }
}

fn name(key: &Key) -> String {
    let labels: Vec<String> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
    if labels.is_empty() { key.name().to_owned() } else { format!("{}{{{}}}", key.name(), labels.join(",")) }
}

impl Recorder for Numbers {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.0.described.lock().expect("not poisoned").insert(name.as_str().to_owned());
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, text: SharedString) {
        self.describe_counter(name, unit, text);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, text: SharedString) {
        self.describe_counter(name, unit, text);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let mut counters = self.0.counters.lock().expect("not poisoned");
        Counter::from_arc(Arc::clone(counters.entry(name(key)).or_default()))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let mut gauges = self.0.gauges.lock().expect("not poisoned");
        Gauge::from_arc(Arc::clone(gauges.entry(name(key)).or_default()))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let mut histograms = self.0.histograms.lock().expect("not poisoned");
        Histogram::from_arc(Arc::clone(histograms.entry(name(key)).or_default()))
    }
}

impl HistogramFn for Values {
    fn record(&self, value: f64) {
        self.0.lock().expect("not poisoned").push(value);
    }
}
