//! Figures of all rounds, summed up by row.

/// What one row cost in one round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) cpu_us: f64,
    pub(super) requests_per_second: f64,
    pub(super) p50_us: u64,
    pub(super) p99_us: u64,
    /// Cores that were busy with neither the gateway, the upstream nor the load.
    pub(super) foreign_cores: f64,
    pub(super) memory_kib: u64,
}

/// One row: a sample for each round, `None` where the round failed.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) what: String,
    pub(super) samples: Vec<Option<Sample>>,
}

/// Rounds with more foreign work than this say little.
pub(super) const FOREIGN_CORES_MAX: f64 = 0.3;

const HEAD: &[&str] = &[
    "row",
    "CPU µs per request, min / median / max",
    "ratio to nginx, min / median / max",
    "min/min",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "foreign cores",
    "MiB",
    "what is measured",
];

/// The table in Markdown. Ratios are taken to `base` in the same round.
pub(super) fn markdown(rows: &[Row], base: &str) -> String {
    let base = rows.iter().find(|row| row.name == base);
    let mut text = format!("| {} |\n|{}\n", HEAD.join(" | "), "---|".repeat(HEAD.len()));
    for row in rows {
        text.push_str(&format!("| {} |\n", line(row, base).join(" | ")));
    }
    text
}

fn line(row: &Row, base: Option<&Row>) -> Vec<String> {
    let samples: Vec<&Sample> = row.samples.iter().flatten().collect();
    if samples.is_empty() {
        let mut cells = vec![row.name.clone(), "failed".to_owned()];
        cells.extend(HEAD.iter().skip(3).map(|_| String::new()));
        cells.push(row.what.clone());
        return cells;
    }
    let all = |of: &dyn Fn(&Sample) -> f64| -> Vec<f64> {
        samples.iter().map(|sample| of(sample)).collect()
    };
    let cpu = all(&|sample| sample.cpu_us);
    let base_samples = base.map_or(&[][..], |base| &base.samples);
    let ratios: Vec<f64> = row
        .samples
        .iter()
        .zip(base_samples)
        .filter_map(|(own, base)| Some(own.as_ref()?.cpu_us / base.as_ref()?.cpu_us))
        .collect();
    let base_min = spread(
        &base_samples
            .iter()
            .flatten()
            .map(|sample| sample.cpu_us)
            .collect::<Vec<_>>(),
    )
    .map(|(min, _, _)| min);
    let min_min = spread(&cpu)
        .zip(base_min)
        .map_or_else(String::new, |((min, _, _), base)| {
            format!("{:.2}", min / base)
        });
    let worst_foreign = spread(&all(&|sample| sample.foreign_cores)).map_or(0.0, |(_, _, max)| max);
    vec![
        row.name.clone(),
        shown(&cpu, 1),
        shown(&ratios, 2),
        min_min,
        median(&all(&|sample| sample.requests_per_second), 0),
        median(&all(&|sample| milliseconds(sample.p50_us)), 2),
        median(&all(&|sample| milliseconds(sample.p99_us)), 2),
        format!(
            "{worst_foreign:.2}{}",
            if worst_foreign > FOREIGN_CORES_MAX {
                " (!)"
            } else {
                ""
            }
        ),
        median(&all(&|sample| mebibytes(sample.memory_kib)), 0),
        row.what.clone(),
    ]
}

#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds of one request are far below 2^52"
)]
fn milliseconds(us: u64) -> f64 {
    us as f64 / 1e3
}

#[expect(
    clippy::cast_precision_loss,
    reason = "kibibytes of one process are far below 2^52"
)]
fn mebibytes(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

fn shown(values: &[f64], digits: usize) -> String {
    spread(values).map_or_else(String::new, |(min, median, max)| {
        format!("{min:.digits$} / {median:.digits$} / {max:.digits$}")
    })
}

fn median(values: &[f64], digits: usize) -> String {
    spread(values).map_or_else(String::new, |(_, median, _)| format!("{median:.digits$}"))
}

/// Smallest, middle and largest; between the two in the middle of an even number.
pub(super) fn spread(values: &[f64]) -> Option<(f64, f64, f64)> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get((sorted.len() - 1) / 2)?;
    Some((
        *sorted.first()?,
        f64::midpoint(lower, upper),
        *sorted.last()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, cpu: &[Option<f64>]) -> Row {
        let sample = |cpu_us: f64| Sample {
            cpu_us,
            requests_per_second: 10.0,
            p50_us: 1500,
            p99_us: 2500,
            foreign_cores: 0.4,
            memory_kib: 2048,
        };
        Row {
            name: name.to_owned(),
            what: "x".to_owned(),
            samples: cpu.iter().map(|cpu| cpu.map(sample)).collect(),
        }
    }

    #[test]
    fn the_middle_of_an_even_number_lies_between() {
        assert_eq!(spread(&[4.0, 1.0, 3.0, 2.0]), Some((1.0, 2.5, 4.0)));
        assert_eq!(spread(&[2.0]), Some((2.0, 2.0, 2.0)));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let rows = [
            row("base", &[Some(10.0), Some(20.0), None]),
            row("other", &[Some(20.0), Some(20.0), Some(5.0)]),
        ];
        let text = markdown(&rows, "base");
        let line = text.lines().last().unwrap_or_default();
        assert_eq!(
            line,
            "| other | 5.0 / 20.0 / 20.0 | 1.00 / 1.50 / 2.00 | 0.50 | 10 | 1.50 | 2.50 | 0.40 (!) | 2 | x |"
        );
    }

    #[test]
    fn a_row_that_failed_says_so_and_has_every_cell() {
        let text = markdown(&[row("base", &[None])], "base");
        let line = text.lines().last().unwrap_or_default();
        assert!(line.contains("failed"));
        assert_eq!(line.matches('|').count(), HEAD.len() + 1);
    }
}
