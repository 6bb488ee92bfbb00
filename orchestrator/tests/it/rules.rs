//! `docs/queue.md` stays true: every test that it names for a rule exists. `make rules` prints and runs them.

use std::path::{Path, PathBuf};

#[test]
#[expect(clippy::print_stdout, reason = "`make rules` reads it")]
fn every_rule_of_the_queue_has_the_test_that_its_page_names() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("../docs/queue.md")).unwrap();
    let (_, rules) = page.split_once("## Rules").unwrap();
    let rows: Vec<_> = rules
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| rule"))
        .skip(1)
        .collect();
    assert!(rows.len() > 30, "the table of rules is there");
    for row in rows {
        let tests: Vec<_> = row
            .split('`')
            .filter_map(|word| word.split_once("::"))
            .collect();
        assert!(!tests.is_empty(), "no test: {row}");
        for (file, test) in tests {
            let places = [
                root.join("src/queue").join(file),
                root.join("src/domain").join(file),
                root.join("tests/it").join(file),
                root.join("tests/it/model").join(file),
                root.join("../worker/tests/runs").join(file),
            ];
            let found = places.iter().any(|place: &PathBuf| {
                std::fs::read_to_string(place)
                    .is_ok_and(|text| text.contains(&format!("fn {test}()")))
            });
            assert!(found, "{file} has no test {test}");
            let rule = row.trim_start_matches("| ").split(" |").next();
            println!("{}\t{file}::{test}", rule.unwrap_or_default());
        }
    }
}

#[test]
fn every_file_of_rules_is_on_the_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("../docs/queue.md")).unwrap();
    for entry in std::fs::read_dir(root.join("src/queue")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name == "mod.rs" || page.contains(&format!("`queue/{name}`")),
            "docs/queue.md does not name queue/{name}"
        );
    }
}
