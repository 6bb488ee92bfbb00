//! A figure's content: panels of series over named places.

/// A figure cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoFigure {
    /// Nothing of this kind has been scored.
    #[error("there is nothing to draw: {0}")]
    Empty(String),
    /// Colours run out.
    #[error(
        "{series} lines to draw and {most} colours to tell them apart: choose arms, e.g. --arm {example}"
    )]
    TooMany {
        /// Series asked for.
        series: usize,
        /// Colours.
        most: usize,
        /// An arm's name.
        example: String,
    },
    /// An arm that the table does not have.
    #[error("no arm '{arm}': the table has {known}")]
    Unknown {
        /// What was asked.
        arm: String,
        /// What there is.
        known: String,
    },
    /// What it would show means nothing.
    #[error("this figure is not drawn: {0}")]
    Refused(String),
    /// The drawing library's complaint.
    #[error("drawing: {0}")]
    Drawing(String),
}

/// Panels under each other, with one legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Over all panels.
    pub title: String,
    /// At least one.
    pub panels: Vec<Panel>,
}

/// One pair of axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What it is of: data set, structure.
    pub title: String,
    /// What is measured, × 100.
    pub measure: String,
    /// Names along the horizontal axis.
    pub places: Vec<String>,
    /// How it is drawn.
    pub shape: Shape,
    /// One a colour; the same names in every panel.
    pub series: Vec<Series>,
    /// A level to compare with, and its name.
    pub level: Option<(f64, String)>,
}

/// How a panel is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Bars from 0, side by side at each place.
    Bars,
    /// Points joined by lines; the axis holds what is there.
    Lines,
}

/// What has one colour.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// In the legend.
    pub name: String,
    /// One a place; none where nothing was scored.
    pub points: Vec<Option<Point>>,
}

/// A mean and its deviation over seeds, × 100.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The mean.
    pub mean: f64,
    /// None for one seed.
    pub sd: Option<f64>,
}

impl Panel {
    /// Every point's reach, deviation included, and the level.
    pub(super) fn range(&self) -> (f64, f64) {
        let points = self.series.iter().flat_map(|series| &series.points);
        let reaches = points.flatten().flat_map(|point| {
            let sd = point.sd.unwrap_or(0.0);
            [point.mean - sd, point.mean + sd]
        });
        let level = self.level.iter().map(|(level, _)| *level);
        reaches
            .chain(level)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            })
    }
}
