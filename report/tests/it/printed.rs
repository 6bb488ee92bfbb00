//! Tables for papers and pages.

use std::process::Command;

use mrprism_protocol::wire::Table;
use mrprism_report::print::{latex, markdown};

fn two_arms() -> Table {
    serde_json::from_str(include_str!("../fixtures/two-arms.json")).unwrap()
}

#[test]
fn a_table_as_latex() {
    insta::assert_snapshot!(latex(&two_arms()));
}

#[test]
fn a_table_as_markdown() {
    insta::assert_snapshot!(markdown(&two_arms()));
}

#[test]
fn a_table_without_results_is_still_a_document() {
    let mut table = two_arms();
    table.cells.clear();
    table.columns.clear();
    assert!(latex(&table).ends_with("\\end{document}\n"));
    assert!(markdown(&table).starts_with("**"));
}

/// With hostile names too: they are text and no commands.
#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn the_latex_compiles_where_there_is_a_latex() {
    let packages = r"\documentclass{standalone}\usepackage{booktabs}\usepackage{siunitx}\begin{document}\num{1}\end{document}";
    if compiled(packages).is_none_or(|(done, _)| !done) {
        eprintln!("SKIPPED: no pdflatex on PATH that has standalone, booktabs and siunitx");
        return;
    }
    let mut hostile = two_arms();
    for row in &mut hostile.rows {
        row.arm = format!("{} 50% & $x_1^2$ \\input{{/etc/passwd}} #~", row.arm);
    }
    for table in [two_arms(), hostile] {
        let (done, told) = compiled(&latex(&table)).unwrap();
        assert!(done, "{told}");
    }
}

/// Whether pdflatex made a page of it, and what it said; none where there is no pdflatex.
fn compiled(text: &str) -> Option<(bool, String)> {
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(folder.path().join("table.tex"), text).unwrap();
    let output = Command::new("pdflatex")
        .args(["-interaction=nonstopmode", "-halt-on-error", "table.tex"])
        .current_dir(folder.path())
        .output()
        .ok()?;
    let done = output.status.success() && folder.path().join("table.pdf").is_file();
    Some((done, String::from_utf8_lossy(&output.stdout).into_owned()))
}
