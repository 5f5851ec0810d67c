//! Text with marks put in that were forgotten, so that what is wrong behind them is found too.

use std::borrow::Cow;

/// The text of a definition, and what was put in.
pub(super) struct Repaired<'a> {
    /// What the grammar reads.
    pub(super) text: Cow<'a, str>,
    /// Where the definition starts in the preprocessor's text.
    start: usize,
    /// Where marks were put in, in bytes of `text`, in order, each with its length.
    inserted: Vec<(usize, usize)>,
}

impl<'a> Repaired<'a> {
    /// `text` as it stands at the byte `start` of the preprocessor's text.
    pub(super) fn new(text: &'a str, start: usize) -> Self {
        Self { text: Cow::Borrowed(text), start, inserted: Vec::new() }
    }

    /// Puts `mark` behind the token that ends at the byte `end` of the preprocessor's text.
    pub(super) fn insert(&mut self, end: usize, mark: &str) {
        // Behind the token's blank, with a blank of its own.
        let mut at = end + 1 - self.start;
        for (before, length) in &self.inserted {
            if *before <= at {
                at += length;
            }
        }
        let place = self.inserted.partition_point(|(before, _)| *before < at);
        self.text.to_mut().insert_str(at, &format!("{mark} "));
        let length = mark.len() + 1;
        for (before, _) in &mut self.inserted[place..] {
            *before += length;
        }
        self.inserted.insert(place, (at, length));
    }

    /// Makes blanks of the bytes from `start` to `end` of the preprocessor's text. Before anything is put in.
    pub(super) fn blank(&mut self, start: usize, end: usize) {
        debug_assert!(self.inserted.is_empty());
        self.text.to_mut().replace_range(start - self.start..end - self.start, &" ".repeat(end - start));
    }

    /// The byte of the preprocessor's text that the byte `at` of this text is; of a mark that was put in: what follows.
    pub(super) fn original(&self, at: usize) -> usize {
        let mut removed = 0;
        for (before, length) in &self.inserted {
            if at < before + length {
                return self.start + at.min(*before) - removed;
            }
            removed += length;
        }
        self.start + at - removed
    }
}

#[cfg(test)]
mod tests {
    use super::Repaired;

    #[test]
    fn places_stay_what_they_were() {
        let mut repaired = Repaired::new("aa bb cc ", 100);
        repaired.insert(105, ";");
        repaired.insert(102, ",");
        assert_eq!(repaired.text, "aa , bb ; cc ");
        let original = |word: &str| repaired.original(repaired.text.find(word).expect("it is there"));
        assert_eq!([original("aa"), original("bb"), original("cc")], [100, 103, 106]);
        assert_eq!([original(","), original(";")], [103, 106]);
        assert_eq!(repaired.original(repaired.text.len()), 109);
    }
}
