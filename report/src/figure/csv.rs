//! The numbers that a figure shows.

use super::panel::Figure;

impl Figure {
    /// One line a point: panel, measure, series, place, mean and deviation, × 100.
    pub fn csv(&self) -> String {
        let mut lines = vec!["panel,measure,series,place,mean,sd".to_owned()];
        for panel in &self.panels {
            for series in &panel.series {
                for (place, point) in panel.places.iter().zip(&series.points) {
                    let Some(point) = point else { continue };
                    let words = [&panel.title, &panel.measure, &series.name, place]
                        .map(|word| quoted(word));
                    let sd = point.sd.map_or_else(String::new, |sd| sd.to_string());
                    lines.push(format!("{},{},{sd}", words.join(","), point.mean));
                }
            }
        }
        lines.join("\n") + "\n"
    }
}

fn quoted(word: &str) -> String {
    if word.contains([',', '"', '\n']) {
        format!("\"{}\"", word.replace('"', "\"\""))
    } else {
        word.to_owned()
    }
}
