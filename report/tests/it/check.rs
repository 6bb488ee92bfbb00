//! A paper against its table: planted faults are found, and what is right is left alone.

use std::collections::BTreeMap;

use mrprism_protocol::wire::Table;
use mrprism_report::check::{Checked, Source, check};
use mrprism_report::print::latex;

fn two_arms() -> Table {
    serde_json::from_str(include_str!("../fixtures/two-arms.json")).unwrap()
}

fn checked(files: &[(&str, &str)]) -> Checked {
    let sources = files.iter().map(|(file, text)| Source {
        file: (*file).to_owned(),
        text: (*text).to_owned(),
    });
    let titles = BTreeMap::from([("tau-3".to_owned(), "MrPrism".to_owned())]);
    check(&sources.collect::<Vec<_>>(), &[two_arms()], &titles)
}

fn told(checked: &Checked) -> Vec<String> {
    let differences = checked.differences.iter();
    differences
        .map(|found| {
            format!(
                "{}:{}: {}: {} is {}",
                found.file, found.line, found.of, found.found, found.expected
            )
        })
        .collect()
}

fn reasons(checked: &Checked) -> Vec<String> {
    let reasons = checked.not_checked.iter();
    reasons
        .map(|found| format!("{}:{}: {}", found.file, found.line, found.why))
        .collect()
}

#[test]
fn the_table_as_it_is_printed_has_no_difference() {
    let table = latex(&two_arms(), None).unwrap();
    let checked = checked(&[("table.tex", &table)]);
    assert_eq!(told(&checked), [""; 0]);
    assert_eq!(reasons(&checked), [""; 0]);
    // The raters' row calls no macro.
    assert_eq!((checked.macros, checked.numbers), (64, 2));
}

#[test]
fn a_wrong_digit_in_a_macro_is_found_in_its_file_and_line() {
    let table = latex(&two_arms(), None).unwrap();
    let wrong = table.replace("RecTwoPhantomDiscMean{84.07", "RecTwoPhantomDiscMean{84.70");
    let paper = "\\input{table}\nWe reach \\num{\\mrpQuickstartTauThreeRecTwoPhantomDiscMean},\n\
        not % \\mrpComment\n\\mrpQuickstartNothing{} of \\mrpQuickstartNothing.\n";
    let checked = checked(&[("paper.tex", paper), ("table.tex", &wrong)]);
    let line = 1 + wrong
        .lines()
        .position(|line| line.contains("84.70"))
        .unwrap();
    assert_eq!(
        told(&checked),
        [
            "paper.tex:4: \\mrpQuickstartNothing: called and not defined is no such macro: the tables do not define it"
                .to_owned(),
            format!(
                "table.tex:{line}: \\mrpQuickstartTauThreeRecTwoPhantomDiscMean: 84.70 \\pm 0.73 is 84.07 \\pm 0.73"
            ),
        ]
    );
}

#[test]
fn definitions_are_read_however_they_are_written() {
    let paper = r"\newcommand{\mrpQuickstartTauOneRecZeroPhantomDiscMean}{79.48  \pm 0.59}
\def\mrpQuickstartTauOneRecOnePhantomDiscMean{82.10 \pm 0.45}
\renewcommand*{\mrpOld}{1}
\mrpQuickstartTauOneRecTwoPhantomDiscMean";
    assert_eq!(
        told(&checked(&[("p.tex", paper)])),
        [
            r"p.tex:2: \mrpQuickstartTauOneRecOnePhantomDiscMean: 82.10 \pm 0.45 is 82.01 \pm 0.45",
            r"p.tex:3: \mrpOld: 1 is no such macro: the tables do not define it",
            r"p.tex:4: \mrpQuickstartTauOneRecTwoPhantomDiscMean: called and not defined is 83.08 \pm 0.88",
        ]
    );
}

#[test]
fn a_wrong_digit_in_a_typed_row_is_found() {
    let paper = r"\begin{tabular}{lrr}
\toprule
method & mean & majority \\ \midrule
% right, shorter, with a mark
tau-1 & Rec0 & 79.5 & 79.74 & \textbf{80.25}\textsuperscript{*} & 79.03 & 80.52 & 79.60 & 80.73 & 80.44 \\
tau-3 & Rec2 & $84.07 \pm 0.73$ & 83.41 & 83.85(0.98) & 84.87 & \num{\mrpQuickstartTauThreeRecTwoPhantomCupMean} & -- & 84.76 & 83.05 \\
MrPrism-Rec3 & 86.13 & 85.48 & 85.50 & 86.51 & 86.79 & 85.19 & 86.83 & 85.89 \\
tau-3 & 86.13 & 85.48 & 85.50 & 86.51 & 86.79 & 85.19 & 86.83 & 85.89 \\
tau-1 & Rec0 & 79.48 \\
\bottomrule
UNet & 70.00 & 71.00 \\
\end{tabular}
";
    let checked = checked(&[("p.tex", paper)]);
    assert_eq!(
        told(&checked),
        [
            r"p.tex:6: \mrpQuickstartTauThreeRecTwoPhantomCupMean: called and not defined is 84.55 \pm 0.14",
            "p.tex:6: tau-3, number 2 (quickstart, phantom): 83.41 is 83.14",
            "p.tex:6: tau-3, number 3 (quickstart, phantom): 83.85 ± 0.98 is 83.85 ± 0.89",
        ]
    );
    assert_eq!(
        reasons(&checked),
        [
            "p.tex:8: 'tau-3' has several recurrences: name one in the row, e.g. Rec2",
            "p.tex:9: 'tau-1' has 1 numbers, and 8 in the tables",
            "p.tex:11: 'UNet' is no arm of the tables",
        ]
    );
    assert_eq!(checked.numbers, 8 + 6 + 8);
}
