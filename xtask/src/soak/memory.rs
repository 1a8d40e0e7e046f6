//! What a process took, over time.
//!
//! Knows: samples, and quarters of a run. Does not know where they come from.

use std::time::Duration;

/// The parts in which a run is looked at.
const QUARTERS: usize = 4;
/// As much more, as a part and in KiB, is still called the same: allocators give back in steps.
const SAME_PART: f64 = 0.1;
const SAME_KIB: f64 = 4096.0;

/// Samples in the order of their times.
#[derive(Debug, Default)]
pub(super) struct Memory(Vec<(Duration, u64)>);

/// A quarter of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    mean_kib: f64,
    most_kib: u64,
}

impl Memory {
    /// A sample. A process that has just ended has no memory, and counts for nothing.
    pub(super) fn add(&mut self, at: Duration, kib: u64) {
        if kib > 0 {
            self.0.push((at, kib));
        }
    }

    /// Whether the last quarter takes more than the one before.
    pub(super) fn grows(&self) -> bool {
        let parts = self.parts();
        match parts.as_slice() {
            [.., before, last] => {
                let more = last.mean_kib - before.mean_kib;
                more > SAME_KIB && more > before.mean_kib * SAME_PART
            }
            _ => false,
        }
    }

    /// A row for each quarter.
    pub(super) fn table(&self) -> String {
        let names = ["first", "second", "third", "last"];
        let rows = self.parts().into_iter().zip(names).map(|(part, name)| {
            let mean = part.mean_kib / 1024.0;
            let most = mebibytes(part.most_kib);
            format!("| {name} quarter | {mean:.1} | {most:.1} |\n")
        });
        rows.collect()
    }

    fn parts(&self) -> Vec<Part> {
        let size = self.0.len().div_ceil(QUARTERS).max(1);
        let parts = self.0.chunks(size).map(|samples| {
            let sizes = samples.iter().map(|(_, kib)| *kib);
            let count = u32::try_from(samples.len()).map_or(f64::MAX, f64::from);
            Part {
                mean_kib: sizes.clone().map(in_f64).sum::<f64>() / count,
                most_kib: sizes.max().unwrap_or_default(),
            }
        });
        parts.collect()
    }
}

pub(super) fn mebibytes(kib: u64) -> f64 {
    in_f64(kib) / 1024.0
}

/// Far below the sizes at which anything is lost.
fn in_f64(kib: u64) -> f64 {
    u32::try_from(kib).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(kib: impl Iterator<Item = u64>) -> Memory {
        let mut memory = Memory::default();
        for (second, kib) in kib.enumerate() {
            memory.add(Duration::from_secs(second as u64), kib);
        }
        memory
    }

    #[test]
    fn what_settles_does_not_grow_and_what_rises_does() {
        let settled = memory((0..400).map(|at| 20_000 + at.min(100) * 200));
        assert!(!settled.grows(), "{}", settled.table());
        let leaking = memory((0..400).map(|at| 20_000 + at * 200));
        assert!(leaking.grows(), "{}", leaking.table());
        // A little is not told from noise.
        assert!(!memory((0..400).map(|at| 20_000 + at * 5)).grows());
        assert!(!Memory::default().grows());
    }

    #[test]
    fn each_quarter_has_its_mean_and_its_most() {
        let table = memory([1024, 3072, 2048, 2048, 0, 4096].into_iter()).table();
        assert_eq!(
            table,
            "| first quarter | 2.0 | 3.0 |\n| second quarter | 2.0 | 2.0 |\n| third quarter | 4.0 | 4.0 |\n"
        );
    }
}
