//! Every example of docs/experiments.md is read as it stands there.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its input fails"
)]

mod support;

use mrprism_protocol::spec::{Resolved, SpecError, resolve};

use self::support::{bundle, card};

const PAGE: &str = include_str!("../../docs/experiments.md");

fn examples() -> Vec<&'static str> {
    let blocks = PAGE.split("```toml\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .collect()
}

fn resolved(text: &str) -> Result<Resolved, Vec<SpecError>> {
    let method = include_str!("../../experiments/methods/mrprism.toml");
    let bundle = bundle("experiments.md", text, &[("mrprism.toml", method)]);
    resolve(&bundle, &[card("phantom"), card("phantom-over")])
}

#[test]
fn every_example_resolves_to_as_many_arms_as_the_page_says() {
    let examples = examples();
    let counts = examples.iter().map(|example| {
        let text = match *example {
            whole if whole.starts_with("name =") => whole.to_owned(),
            fragment => format!("{}\n{fragment}", examples[0]),
        };
        let found = resolved(&text).unwrap_or_else(|faults| panic!("{example}\n{faults:?}"));
        let mut arms: Vec<_> = found.cells.iter().map(|cell| cell.arm.as_str()).collect();
        arms.dedup();
        (arms.len(), found.dropped.len())
    });
    // The base; two arms; a grid of 2 × 2; two points; eight points; 3 + 1; the base derived; of 2² the first rule leaves 3,
    // and the second none out, since 3 recurrences × 16 are not above 64.
    let expected = [
        (1, 0),
        (2, 0),
        (4, 0),
        (2, 0),
        (8, 0),
        (4, 0),
        (1, 0),
        (3, 1),
    ];
    assert_eq!(counts.collect::<Vec<_>>(), expected);
}

#[test]
fn every_key_at_the_top_is_read() {
    let rows = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let top: Vec<_> = rows.filter(|row| row.contains(" = ")).collect();
    assert_eq!(top.len(), 4, "{top:?}");
    let base = "dataset = \"phantom\"\n";
    for row in top {
        let whole = examples()[0].replace("[base]", &format!("{row}\n\n[base]"));
        let text = match row {
            row if row.starts_with("datasets") => whole.replace(base, ""),
            row if row.starts_with("table") => {
                format!("{whole}\n{}", examples()[5])
            }
            _ => whole,
        };
        resolved(&text).unwrap_or_else(|faults| panic!("{row}: {faults:?}"));
    }
}
