//! Scores of files in print: for people, as CSV and as JSON.

use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::wire::Score as Number;
use mrprism_raters::metric::{Rule, Unit};
use serde_json::{Value, json};

use super::{Score, Scored};
use mrprism_report::print::{WIDTH, lined, plain, wrapped};

/// Most metrics beside each other.
const COLUMNS: usize = 4;

/// What each row of numbers is about: what was scored, and against what.
type Row = (Output, Reference);

/// For people: maps and raters against each reference, what has one number alone, and every metric's rule.
pub(super) fn text(asked: &Score, scored: &Scored) -> String {
    let (height, width) = scored.case.side();
    let mut parts = vec![format!(
        "{} prediction(s) against {} rater(s), {width} x {height} pixels. Fractions ×100.",
        asked.predictions.len(),
        asked.raters.len()
    )];
    let is_single =
        |number: &&Number| matches!(number.reference, Reference::RaterSet | Reference::Alone);
    let (single, against): (Vec<_>, Vec<_>) = scored.numbers.iter().partition(is_single);
    let rules = rules(&scored.numbers);
    let beside: Vec<_> = rules
        .iter()
        .filter(|rule| against.iter().any(|number| number.metric == rule.id))
        .copied()
        .collect();
    parts.extend(beside.chunks(COLUMNS).map(|rules| matrix(&against, rules)));
    let rows = single.iter().map(|number| {
        vec![
            name(&number.metric).to_owned(),
            number.output.to_string(),
            number.reference.to_string(),
            printed(number),
        ]
    });
    parts.push(lined(
        ["metric", "scored", "against", ""]
            .map(str::to_owned)
            .to_vec(),
        rows,
        3,
    ));
    let notes: Vec<_> = rules
        .iter()
        .map(|rule| wrapped(&format!("- {rule}"), WIDTH, "  "))
        .collect();
    parts.push(format!("Rules\n{}", notes.join("\n")));
    parts.join("\n\n")
}

/// One row a thing that was scored and its reference, one column a metric.
fn matrix(numbers: &[&Number], rules: &[Rule]) -> String {
    let mut rows: Vec<Row> = Vec::new();
    for number in numbers {
        let row = (number.output, number.reference);
        if rules.iter().any(|rule| rule.id == number.metric) && !rows.contains(&row) {
            rows.push(row);
        }
    }
    let mut header = vec!["scored".to_owned(), "against".to_owned()];
    header.extend(rules.iter().map(|rule| rule.name().to_owned()));
    let lines = rows.iter().map(|(output, reference)| {
        let mut line = vec![output.to_string(), reference.to_string()];
        line.extend(rules.iter().map(|rule| {
            let found = numbers.iter().find(|number| {
                (number.output, number.reference) == (*output, *reference)
                    && number.metric == rule.id
            });
            found.map_or_else(|| "–".to_owned(), |number| printed(number))
        }));
        line
    });
    lined(header, lines, 2)
}

/// One number in its metric's unit.
fn printed(number: &Number) -> String {
    let rule = Rule::ALL.iter().find(|rule| rule.id == number.metric);
    match rule.map(|rule| rule.unit) {
        Some(Unit::Fraction) => format!("{:.2}", number.value * 100.0),
        Some(Unit::Pixels) => format!("{:.2} px", number.value),
        Some(Unit::Index) | None => format!("{:.4}", number.value),
    }
}

/// The rules of the metrics that have a number, in the catalog's order.
fn rules(numbers: &[Number]) -> Vec<Rule> {
    Rule::ALL
        .iter()
        .filter(|rule| numbers.iter().any(|number| number.metric == rule.id))
        .copied()
        .collect()
}

fn name(metric: &str) -> &str {
    metric.split_once('@').map_or(metric, |(name, _)| name)
}

/// One line a number; no field holds a comma.
pub(super) fn csv(numbers: &[Number]) -> String {
    let mut lines = vec!["output,reference,metric,value".to_owned()];
    lines.extend(numbers.iter().map(|number| {
        format!(
            "{},{},{},{}",
            number.output, number.reference, number.metric, number.value
        )
    }));
    lines.join("\n")
}

/// `mrprism.scores/1`: numbers, their rules, and reliability curves against the raters' mean in the order of predictions.
pub(super) fn json(asked: &Score, scored: &Scored) -> Value {
    let (height, width) = scored.case.side();
    let numbers: Vec<_> = scored
        .numbers
        .iter()
        .map(|number| {
            json!({
                "output": number.output,
                "reference": number.reference,
                "metric": number.metric,
                "value": number.value,
            })
        })
        .collect();
    json!({
        "schema": "mrprism.scores/1",
        "width": width,
        "height": height,
        "predictions": asked.predictions,
        "raters": asked.raters,
        "scores": numbers,
        "reliability": scored.reliability,
        "rules": rules(&scored.numbers).iter().map(of_rule).collect::<Vec<_>>(),
    })
}

fn of_rule(rule: &Rule) -> Value {
    json!({
        "metric": rule.id,
        "summary": rule.summary,
        "rule": rule.to_string(),
        "source": rule.source,
        "unit": rule.unit,
        "direction": rule.direction,
    })
}

/// Every metric that can be asked for or describes a prediction anyway, with its rule and source.
pub(super) fn list() -> String {
    let names = plain(
        &["metric", "what it measures"],
        Rule::ALL
            .iter()
            .map(|rule| vec![rule.name().to_owned(), rule.summary.to_owned()]),
    );
    let rules: Vec<_> = Rule::ALL
        .iter()
        .map(|rule| wrapped(&format!("- {rule} ({})", rule.source), WIDTH, "  "))
        .collect();
    format!("{names}\n\nRules\n{}", rules.join("\n"))
}
