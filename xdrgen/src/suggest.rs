//! "Did you mean": the name most like a mistyped one.

/// Letters at the end that are one slip.
const MOST_LEFT_OFF: usize = 2;

/// The candidate that is nearest to `name`, if one is near enough to have been meant; of several the first in the alphabet,
/// whatever their order.
pub(crate) fn similar<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer names are machine's work, and the measure takes quadratic time.
    if name.len() > 64 {
        return None;
    }
    let most = match name.chars().count() {
        // One letter is as near to any other.
        0 | 1 => 0,
        letters => (letters / 3).max(1),
    };
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name && candidate.len() <= 64)
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= most.max(MOST_LEFT_OFF))
        .filter_map(|candidate| {
            let distance = match candidate.strip_prefix(name) {
                // Its end was left off: `uint32`.
                Some(end) if end.len() <= MOST_LEFT_OFF => 1,
                _ if candidate.eq_ignore_ascii_case(name) => 0,
                _ => distance(name, candidate),
            };
            (distance <= most).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, remove, replace or swap with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (at, row) in rows.iter_mut().enumerate() {
        row[0] = at;
    }
    for (at, cell) in rows[0].iter_mut().enumerate() {
        *cell = at;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn near_names_are_found() {
        assert_eq!(similar("fattr", ["fattr3", "wcc_attr"]), Some("fattr3"));
        assert_eq!(similar("Nfsstat3", ["nfsstat3"]), Some("nfsstat3"));
        assert_eq!(similar("inlcude", ["include", "ifdef"]), Some("include"));
    }

    #[test]
    fn an_end_is_left_off_at_once() {
        assert_eq!(similar("int32", ["int", "int32_t"]), Some("int32_t"));
        assert_eq!(similar("uint64", ["uint", "uint64_t"]), Some("uint64_t"));
        assert_eq!(similar("int", ["int32_t"]), None);
    }

    #[test]
    fn of_equally_near_names_it_is_always_the_same() {
        assert_eq!(similar("size1", ["size3", "size2"]), Some("size2"));
        assert_eq!(similar("size1", ["size2", "size3"]), Some("size2"));
    }

    #[test]
    fn far_names_are_not() {
        assert_eq!(similar("mode", ["fattr3", "nfsstat3"]), None);
        assert_eq!(similar("x", ["y3z"]), None);
        assert_eq!(similar("x", ["y", "X"]), Some("X"));
        assert_eq!(similar("x", ["y"]), None);
    }
}
