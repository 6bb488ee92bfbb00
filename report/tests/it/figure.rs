//! Figures: which numbers they hold, and how they look.

use mrprism_protocol::wire::Table;
use mrprism_report::figure::{Figure, FigureKind, NoFigure, Picture, figure};

fn read(json: &str) -> Table {
    serde_json::from_str(json).unwrap()
}

fn recurrence() -> Table {
    read(include_str!("../fixtures/recurrence.json"))
}

fn of(kind: FigureKind) -> Figure {
    figure(&recurrence(), kind, &[]).unwrap()
}

#[test]
fn bars_by_rater_hold_every_arm_and_recurrence() {
    insta::assert_snapshot!(of(FigureKind::Raters).csv());
}

#[test]
fn lines_by_recurrence_hold_soft_dice_and_area() {
    insta::assert_snapshot!(of(FigureKind::Recurrence).csv());
}

#[test]
fn confidences_stand_beside_equal_trust() {
    let figure = of(FigureKind::Confidence);
    let level = figure.panels[0].level.clone().unwrap();
    assert_eq!(format!("{:.2} {}", level.0, level.1), "33.33 equal trust");
    insta::assert_snapshot!(figure.csv());
}

#[test]
fn a_figure_is_drawn_alike_every_time() {
    for kind in [
        FigureKind::Raters,
        FigureKind::Recurrence,
        FigureKind::Confidence,
    ] {
        let figure = of(kind);
        let svg = figure.svg().unwrap();
        assert_eq!(svg, figure.svg().unwrap());
        assert!(figure.png().unwrap().starts_with(b"\x89PNG"));
        let (pixels, width, height) = figure.pixels().unwrap();
        assert_eq!(pixels.len(), width as usize * height as usize * 3);
        // Something is drawn in each series' colour.
        for at in 0..figure.panels[0].series.len() {
            let [r, g, b] = mrprism_raters::picture::OKABE_ITO[at];
            assert!(svg.contains(&format!("#{r:02X}{g:02X}{b:02X}")), "{at}");
            assert!(pixels.chunks(3).any(|pixel| pixel == [r, g, b]), "{at}");
        }
    }
    insta::assert_snapshot!(of(FigureKind::Recurrence).svg().unwrap());
}

#[test]
fn arms_are_chosen_by_name_and_what_cannot_be_drawn_is_said() {
    let table = recurrence();
    let one = figure(&table, FigureKind::Recurrence, &["tau-3".to_owned()]).unwrap();
    assert_eq!(one.panels[0].series.len(), 1);
    let unknown = figure(&table, FigureKind::Raters, &["tau-9".to_owned()]).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "no arm 'tau-9': the table has tau-1, tau-3"
    );
    let mut bare = table.clone();
    bare.cells.clear();
    let empty = figure(&bare, FigureKind::Confidence, &[]).unwrap_err();
    assert_eq!(
        empty.to_string(),
        "there is nothing to draw: 'recurrence' has no confidences"
    );
    let mut many = table;
    let rows: Vec<_> = many.rows.clone();
    let cells: Vec<_> = many.cells.clone();
    for copy in 1..9 {
        let from = many.rows.len();
        many.rows.extend(rows.iter().cloned().map(|mut row| {
            row.arm = format!("{} {copy}", row.arm);
            row
        }));
        many.cells.extend(cells.iter().cloned().map(|mut cell| {
            cell.row += from;
            cell
        }));
    }
    let told = figure(&many, FigureKind::Recurrence, &[]).unwrap_err();
    assert!(
        matches!(told, NoFigure::TooMany { series: 18, .. }),
        "{told}"
    );
}
