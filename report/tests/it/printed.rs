//! Tables for papers and pages.

use std::process::Command;

use mrprism_protocol::spec::Reference;
use mrprism_protocol::wire::{Difference, HumanRange, Table, TableArm, TableFactor};
use mrprism_report::print;

fn latex(table: &Table) -> String {
    print::latex(table, None).unwrap()
}

fn markdown(table: &Table) -> String {
    print::markdown(table, None).unwrap()
}

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

/// Two arms with what an ablation has: factors, differences, tests and the raters' range.
fn ablation() -> Table {
    let mut table = two_arms();
    table.baseline = Some("tau-1".to_owned());
    let factor = |key: &str, values: [&str; 2]| TableFactor {
        key: key.to_owned(),
        values: values.map(str::to_owned).to_vec(),
    };
    table.factors = vec![
        factor("loss.shuffle", ["0.0", "0.3"]),
        factor("network.integration", ["concat", "attentive"]),
    ];
    for cell in &mut table.cells {
        let column = &table.columns[cell.column];
        let first = column.structure == "disc" && column.reference == Reference::Mean;
        if table.rows[cell.row].arm == "tau-3" && first {
            let tested = table.rows[cell.row].recurrence == Some(2);
            cell.p_adjusted = tested.then_some(0.031);
            cell.difference = Some(Difference {
                mean: 0.012_34,
                interval: tested.then_some([0.002, 0.021]),
                test: tested.then(|| "wilcoxon".to_owned()),
                p: tested.then_some(0.01),
                effect: None,
                patients: 16,
                refused: if tested {
                    vec![]
                } else {
                    vec!["n = 5: too few.".to_owned()]
                },
            });
        }
        if first {
            cell.human_range = Some(if cell.best {
                HumanRange::Above
            } else {
                HumanRange::Within
            });
        }
    }
    table.arms = ["tau-1", "tau-3"]
        .map(|arm| TableArm {
            arm: arm.to_owned(),
            encoder: "random".to_owned(),
        })
        .to_vec();
    table
}

#[test]
fn an_ablation_has_ticks_differences_and_marks() {
    insta::assert_snapshot!(markdown(&ablation()));
    let latex = latex(&ablation());
    let row = latex
        .lines()
        .find(|line| line.starts_with("tau-3 & Rec2"))
        .unwrap();
    assert!(
        row.starts_with(
            r"tau-3 & Rec2 & $\checkmark$ & attentive & \num{\mrpQuickstartTauThreeRecTwoPhantomDiscMean}\textsuperscript{*$\dagger$} &"
        ),
        "{row}"
    );
    assert!(
        row.contains(
            r"& $\mrpQuickstartTauThreeRecTwoPhantomDiscMeanDifference$ {\footnotesize [$+0.20$, $+2.10$]} & \num"
        ),
        "{row}"
    );
    assert!(latex.contains(r"\gdef\mrpQuickstartTauThreeRecTwoPhantomDiscMeanDifference{+1.23}"));
    assert!(latex.contains("% Against tau-1: n = 5: too few."));
}

#[test]
fn macros_have_names_that_tex_reads_and_each_its_own() {
    let mut table = ablation();
    // Names that are one where only letters are left.
    for row in &mut table.rows {
        row.arm = if row.arm == "tau-1" { "a-b" } else { "a b" }.to_owned();
    }
    let latex = latex(&table);
    let names = latex
        .lines()
        .filter_map(|line| line.strip_prefix(r"\gdef\"));
    let names: Vec<_> = names.map(|line| line.split('{').next().unwrap()).collect();
    assert!(names.len() > 64);
    let is_name =
        |name: &&str| name.starts_with("mrp") && name.chars().all(|c| c.is_ascii_alphabetic());
    assert!(names.iter().all(is_name), "{names:?}");
    let once: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(once.len(), names.len());
}

#[test]
fn a_template_of_ones_own_prints_what_it_names() {
    let own = |text: &str| print::Template {
        name: "mine.tex".to_owned(),
        text: text.to_owned(),
    };
    let text = "<% for row in grids[0].rows %><<row.arm>> <<row.recurrence>>\n<% endfor %>end";
    let printed = print::markdown(&two_arms(), Some(&own(text))).unwrap();
    assert!(
        printed.starts_with("tau-1 Rec0\n") && printed.ends_with("end"),
        "{printed}"
    );
    let error = print::latex(&two_arms(), Some(&own("\n<<grids[0].row>>"))).unwrap_err();
    assert_eq!(error.line, 2);
    assert!(
        error.to_string().starts_with("mine.tex:2: undefined value"),
        "{error}"
    );
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
    for table in [two_arms(), hostile, ablation()] {
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
