//! A check's report for people.

use std::fmt;

use mrprism_protocol::spec::RaterIdentity;

use super::{CheckReport, PairAgreement, StructureReport};

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let card = &self.card;
        let cases: u32 = card.cases.values().sum();
        let of = |split: &str| card.cases.get(split).copied().unwrap_or(0);
        writeln!(f, "{}", card.name)?;
        writeln!(f, "  manifest    {}", card.manifest)?;
        writeln!(
            f,
            "  cases       {cases} of {} patients (train {}, validation {}, test {}), {} folds",
            self.patients,
            of("train"),
            of("validation"),
            of("test"),
            card.folds
        )?;
        let sizes = self.sizes();
        writeln!(f, "  images      {sizes}, {} channel(s)", card.channels)?;
        let arbitrated = card.arbitrated.map_or("none", |kind| kind.as_str());
        writeln!(f, "  arbitrated  {arbitrated}")?;
        if let Some(crop) = card.crop {
            writeln!(f, "  crop        {crop}")?;
        }
        let slots = if card.rater_identity == RaterIdentity::Exchangeable {
            ": the rows below are slots, not people"
        } else {
            ""
        };
        writeln!(
            f,
            "  raters      {} ({}){slots}",
            card.raters, card.rater_identity
        )?;
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

/// Sizes that are printed; the others are counted.
const SIZES: usize = 4;

impl CheckReport {
    /// The commonest sizes first.
    fn sizes(&self) -> String {
        let mut sizes: Vec<_> = self.sizes.iter().collect();
        sizes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let told: Vec<_> = sizes
            .iter()
            .take(SIZES)
            .map(|(size, count)| format!("{size} ({count})"))
            .collect();
        match sizes.len().saturating_sub(SIZES) {
            0 => told.join(", "),
            more => format!("{} +{more} more sizes", told.join(", ")),
        }
    }

    fn write_structure(
        &self,
        f: &mut fmt::Formatter<'_>,
        structure: &StructureReport,
    ) -> fmt::Result {
        writeln!(f, "  {}", structure.name)?;
        if let Some(share) = structure.prevalence {
            writeln!(
                f,
                "    marked               {:.2} % of the pixels ({:.2} to {:.2})",
                100.0 * share.mean,
                100.0 * share.min,
                100.0 * share.max
            )?;
        }
        if let Some(dice) = structure.pairwise_dice {
            writeln!(
                f,
                "    Dice between raters  mean {:.3}, sd {:.3}, min {:.3} ({} pairs)",
                dice.mean, dice.sd, dice.min, dice.count
            )?;
        }
        if let Some((closest, furthest)) = self.extremes(structure) {
            let told = |pair: &PairAgreement| {
                let name = |rater: u32| self.rater_names[rater as usize - 1].as_str();
                format!(
                    "{} and {} ({:.3})",
                    name(pair.first),
                    name(pair.second),
                    pair.dice.mean
                )
            };
            writeln!(
                f,
                "    closest, furthest    {}, {}",
                told(closest),
                told(furthest)
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

    /// The pairs of the greatest and the least mean Dice, where pairs are of people and there are several.
    fn extremes<'a>(
        &self,
        structure: &'a StructureReport,
    ) -> Option<(&'a PairAgreement, &'a PairAgreement)> {
        let stable = self.card.rater_identity == RaterIdentity::Stable;
        let order = |a: &&PairAgreement, b: &&PairAgreement| a.dice.mean.total_cmp(&b.dice.mean);
        let pairs = &structure.pairs;
        let extremes = pairs.iter().max_by(order).zip(pairs.iter().min_by(order));
        extremes.filter(|_| stable && pairs.len() > 1)
    }
}
