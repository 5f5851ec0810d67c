//! Items generated and formatted by several threads: tokens stay in theirs, source comes back.

use std::{
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{Generator, layout};
use crate::model::Item;

/// As many items as one thread does while another is started.
const WORTH_A_THREAD: usize = 64;

/// More would wait for memory.
const MOST_THREADS: usize = 4;

/// How many items a thread takes at a time.
const PORTION: usize = 8;

/// What a thread's stack may grow to: as much as that of a program's first thread.
const STACK: usize = 8 << 20;

impl Generator<'_> {
    /// The source of each of `items`, which are of the file itself, in their order.
    pub(super) fn sources(&self, items: Vec<Item>) -> Vec<String> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
        let others = (items.len() / WORTH_A_THREAD).min(threads - 1);
        let portions: Vec<&[Item]> = items.chunks(PORTION).collect();
        let next = AtomicUsize::new(0);
        let mut done: Vec<(usize, Vec<String>)> = thread::scope(|scope| {
            let (model, settings) = (self.model, self.settings);
            let (portions, next) = (&portions[..], &next);
            let spawn = |_| {
                let (names, traits) = (Arc::clone(&self.names), Arc::clone(&self.traits));
                let work = move || Generator::with(model, settings, names, traits).take_portions(portions, next);
                // Without another thread this one does it all.
                thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok()
            };
            let others: Vec<_> = (0..others).filter_map(spawn).collect();
            let mut done = self.take_portions(portions, next);
            for other in others {
                done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            done
        });
        done.sort_unstable_by_key(|(at, _)| *at);
        done.into_iter().flat_map(|(_, sources)| sources).collect()
    }

    /// The source of portions, and which they are, until none is left.
    fn take_portions(&self, portions: &[&[Item]], next: &AtomicUsize) -> Vec<(usize, Vec<String>)> {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(portion) = portions.get(at) else { return done };
            done.push((at, portion.iter().map(|item| layout::format(self.item(*item))).collect()));
        }
    }
}
