//! Chance that comes again: the same seed, the same rolls.

/// Rolls dice. xorshift64.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that are rolled from this seed on.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        // Seeds that follow each other are to have nothing in common.
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Other dice, for somebody else.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self::new(self.roll())
    }

    /// A number below `limit`; 0, if that is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.roll().checked_rem(limit).unwrap_or(0)
    }

    /// True so many times of a thousand.
    pub fn thousandths(&mut self, times: u32) -> bool {
        self.below(1000) < u64::from(times)
    }

    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // The low bits are the weakest.
        self.0 >> 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_rolls_the_same_and_another_one_differently() {
        let rolls = |seed| {
            let mut dice = Dice::new(seed);
            (0..100).map(|_| dice.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(rolls(1), rolls(1));
        assert_ne!(rolls(1), rolls(2));
        assert!(rolls(3).iter().all(|roll| *roll < 1000));
    }

    #[test]
    fn chances_are_about_what_they_are_said_to_be() {
        let mut dice = Dice::new(7);
        let hits = (0..10_000).filter(|_| dice.thousandths(200)).count();
        assert!((1800..2200).contains(&hits), "{hits}");
        assert!(!dice.thousandths(0) && dice.thousandths(1000));
    }
}
