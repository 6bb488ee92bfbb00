//! The numbers that a figure shows.

use super::panel::Figure;
use crate::print::joined;

/// One line a point: panel, measure, series, place, mean and deviation, × 100.
pub(super) fn of(figure: &Figure) -> String {
    let mut lines = vec!["panel,measure,series,place,mean,sd".to_owned()];
    for panel in &figure.panels {
        for series in &panel.series {
            for (place, point) in panel.places.iter().zip(&series.points) {
                let Some(point) = point else { continue };
                lines.push(joined(&[
                    panel.title.clone(),
                    panel.measure.clone(),
                    series.name.clone(),
                    place.clone(),
                    point.mean.to_string(),
                    point.sd.map_or_else(String::new, |sd| sd.to_string()),
                ]));
            }
        }
    }
    lines.join("\n") + "\n"
}
