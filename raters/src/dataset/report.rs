//! A check's report for people.

use std::fmt;

use super::check::{CheckReport, StructureReport};

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let card = &self.card;
        let cases: u32 = card.cases.values().sum();
        let of = |split: &str| card.cases.get(split).copied().unwrap_or(0);
        writeln!(f, "{}", card.name)?;
        writeln!(f, "  manifest    {}", card.manifest)?;
        writeln!(
            f,
            "  cases       {cases} (train {}, validation {}, test {}), {} folds",
            of("train"),
            of("validation"),
            of("test"),
            card.folds
        )?;
        let sizes: Vec<_> = self
            .sizes
            .iter()
            .map(|(size, count)| format!("{size} ({count})"))
            .collect();
        writeln!(
            f,
            "  images      {}, {} channel(s)",
            sizes.join(", "),
            card.channels
        )?;
        let arbitrated = card.arbitrated.map_or("none", |kind| kind.as_str());
        writeln!(f, "  arbitrated  {arbitrated}")?;
        if let Some(crop) = card.crop {
            writeln!(f, "  crop        {crop}")?;
        }
        writeln!(f, "  raters      {} ({})", card.raters, card.rater_identity)?;
        for structure in &self.structures {
            self.write_structure(f, structure)?;
        }
        for fault in &self.faults {
            writeln!(f, "  FAULT       {fault}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "  warning     {warning}")?;
        }
        let verdict = if self.is_sound() {
            "sound"
        } else {
            "not usable: mend the faults above"
        };
        write!(f, "  {verdict}")
    }
}

impl CheckReport {
    fn write_structure(
        &self,
        f: &mut fmt::Formatter<'_>,
        structure: &StructureReport,
    ) -> fmt::Result {
        writeln!(f, "  {}", structure.name)?;
        if let Some(dice) = structure.pairwise_dice {
            writeln!(
                f,
                "    Dice between raters  mean {:.3}, sd {:.3}, min {:.3} ({} pairs)",
                dice.mean, dice.sd, dice.min, dice.count
            )?;
        }
        writeln!(
            f,
            "    rater       cases  relative area  largest in  smallest in"
        )?;
        for ((name, present), area) in self
            .rater_names
            .iter()
            .zip(&self.present)
            .zip(&structure.areas)
        {
            let relative = area
                .mean_relative_area
                .map_or("-".to_owned(), |share| format!("{share:.3}"));
            writeln!(
                f,
                "    {name:<10}  {present:>5}  {relative:>13}  {:>10}  {:>11}",
                area.largest_in, area.smallest_in
            )?;
        }
        Ok(())
    }
}
