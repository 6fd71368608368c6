//! What was measured, as tables or JSON.

use serde::Serialize;

/// One comparison: candidates measured in the same run.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    pub(crate) title: String,
    pub(crate) unit: &'static str,
    /// Whether a larger number is better.
    pub(crate) larger_is_better: bool,
    pub(crate) rows: Vec<Row>,
}

/// A candidate's median, and all that it was taken from.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) median: f64,
    pub(crate) samples: Vec<f64>,
    /// The first candidate's median over this one's, or the other way round, so that more than 1 says that ours is better.
    pub(crate) ours_beside: Option<f64>,
}

/// All comparisons of a run.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    comparisons: Vec<Comparison>,
}

/// The middle of some samples.
pub(crate) fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) }
}

impl Comparison {
    /// Joins the samples; the first candidate is ours.
    pub(crate) fn new(
        title: String,
        unit: &'static str,
        larger_is_better: bool,
        samples: Vec<(&'static str, Vec<f64>)>,
    ) -> Comparison {
        let ours = samples.first().map_or(0.0, |(_, samples)| median(samples));
        let rows = samples
            .into_iter()
            .enumerate()
            .map(|(index, (name, samples))| {
                let median = median(&samples);
                let ratio = if larger_is_better { ours / median } else { median / ours };
                Row { name, median, samples, ours_beside: (index > 0).then_some(ratio) }
            })
            .collect();
        Comparison { title, unit, larger_is_better, rows }
    }
}

impl Comparison {
    /// Where all candidates are ours, none is better than another.
    pub(crate) fn of_ours(mut self) -> Comparison {
        self.rows.iter_mut().for_each(|row| row.ours_beside = None);
        self
    }
}

impl Report {
    pub(crate) fn add(&mut self, comparison: Comparison) {
        self.comparisons.push(comparison);
    }

    pub(crate) fn print_json(&self) {
        match serde_json::to_string_pretty(self) {
            Ok(text) => println!("{text}"),
            Err(error) => eprintln!("cannot write the report as JSON: {error}"),
        }
    }

    pub(crate) fn print_tables(&self) {
        for comparison in &self.comparisons {
            println!("{} ({}, median)", comparison.title, comparison.unit);
            for row in &comparison.rows {
                let ratio =
                    row.ours_beside.map_or_else(String::new, |ratio| format!("   ours is {ratio:.2} × as good"));
                println!("  {:<28} {:>14.1}{ratio}", row.name, row.median);
            }
            println!();
        }
    }
}
