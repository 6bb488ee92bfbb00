//! Every fusion: its name, what it does, where it comes from, and one way to call them all.

use mrprism_protocol::spec::FusionKind;
use rayon::prelude::*;

use super::{
    DawidSkeneOptions, Estimate, Fused, FusedMap, Masks, SimpleOptions, StapleOptions, dawid_skene,
    dawid_skene_shared, rates, shape_average, simple, staple,
};

/// One line of the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Which fusion; its spelling is its name.
    pub kind: FusionKind,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Name and usual value of each option.
    pub options: &'static [(&'static str, &'static str)],
}

/// Every fusion, in the order of [`FusionKind::ALL`].
pub const CATALOG: &[Entry] = &[
    Entry {
        kind: FusionKind::Mean,
        summary: "the mean of the masks",
        source: "the paper's \"majority vote\" of Table 2",
        options: &[],
    },
    Entry {
        kind: FusionKind::Majority,
        summary: "pixels that more than half of the raters mark; ties are background",
        source: "common practice",
        options: &[],
    },
    Entry {
        kind: FusionKind::Staple,
        summary: "sensitivity and specificity of each rater and the hidden mask, estimated together",
        source: "Warfield et al., IEEE TMI 23(7), 2004",
        options: &[
            ("start", "mean"),
            ("max_iterations", "100"),
            ("tolerance", "1e-9"),
            ("margin", "whole image"),
        ],
    },
    Entry {
        kind: FusionKind::DawidSkene,
        summary: "as staple, with the share of foreground estimated too",
        source: "Dawid, Skene, Applied Statistics 28(1), 1979",
        options: &[("max_iterations", "1000"), ("tolerance", "1e-9")],
    },
    Entry {
        kind: FusionKind::DawidSkeneShared,
        summary: "dawid_skene over all cases: rates a rater, a share of foreground a case",
        source: "Dawid, Skene, Applied Statistics 28(1), 1979",
        options: &[("max_iterations", "1000"), ("tolerance", "1e-9")],
    },
    Entry {
        kind: FusionKind::Simple,
        summary: "a majority weighted by performance; poor raters are dropped",
        source: "after Langerak et al., IEEE TMI 29(12), 2010",
        options: &[("alpha", "1"), ("keep", "3"), ("max_iterations", "25")],
    },
    Entry {
        kind: FusionKind::ShapeAverage,
        summary: "where the mean signed distance to the raters' outlines is positive",
        source: "Rohlfing, Maurer, IEEE TIP 16(1), 2007",
        options: &[],
    },
];

/// A kind's line of the catalog; none only if the catalog lacked one, which a test forbids.
pub fn entry(kind: FusionKind) -> Option<&'static Entry> {
    CATALOG.iter().find(|entry| entry.kind == kind)
}

/// Fuses one structure's masks of one case, with the kind's usual options. One case is a data set of one:
/// [`FusionKind::DawidSkeneShared`] is then [`FusionKind::DawidSkene`].
pub fn fuse(masks: &Masks<'_>, kind: FusionKind) -> Fused {
    match kind {
        FusionKind::Mean => measured(masks, FusedMap::Votes(masks.votes())),
        FusionKind::Majority => measured(masks, FusedMap::Votes(masks.votes().majority())),
        FusionKind::Staple => staple(masks, &StapleOptions::default()).into(),
        FusionKind::DawidSkene | FusionKind::DawidSkeneShared => {
            dawid_skene(masks, &DawidSkeneOptions::default()).into()
        }
        FusionKind::Simple => {
            let found = simple(masks, &SimpleOptions::default());
            Fused {
                iterations: Some(found.iterations),
                converged: found.converged,
                ..measured(masks, FusedMap::Soft(found.map))
            }
        }
        FusionKind::ShapeAverage => measured(masks, FusedMap::Votes(shape_average(masks))),
    }
}

/// Fuses one structure's masks of every case, with the kind's usual options; one result a case.
pub fn fuse_cases(cases: &[Masks<'_>], kind: FusionKind) -> Vec<Fused> {
    if kind != FusionKind::DawidSkeneShared {
        return cases.par_iter().map(|masks| fuse(masks, kind)).collect();
    }
    let shared = dawid_skene_shared(cases, &DawidSkeneOptions::default());
    let each = cases.iter().zip(shared.maps);
    each.map(|(masks, map)| Fused {
        map: FusedMap::Soft(map),
        raters: shared
            .raters
            .iter()
            .filter(|(slot, _)| masks.slots().contains(slot))
            .map(|(_, rates)| *rates)
            .collect(),
        iterations: Some(shared.iterations),
        converged: shared.converged,
    })
    .collect()
}

/// A fusion that estimates no rates: they are measured against what it made.
fn measured(masks: &Masks<'_>, map: FusedMap) -> Fused {
    Fused {
        raters: rates::against(masks, &map.soft()),
        map,
        iterations: None,
        converged: true,
    }
}

impl From<Estimate> for Fused {
    fn from(estimate: Estimate) -> Self {
        Self {
            map: FusedMap::Soft(estimate.map),
            raters: estimate.raters,
            iterations: Some(estimate.iterations),
            converged: estimate.converged,
        }
    }
}

#[cfg(test)]
mod tests {
    use mrprism_protocol::spec::FusionKind;

    use super::{CATALOG, fuse, fuse_cases};
    use crate::fusion::Masks;
    use crate::testing::case_of_rows;

    #[test]
    fn every_kind_has_one_line() {
        let kinds: Vec<_> = CATALOG.iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, FusionKind::ALL);
    }

    #[test]
    fn every_kind_fuses_one_pixel_and_raters_who_agree() {
        for rows in [
            &[&[1_u8][..], &[0]][..],
            &[&[1, 0, 1], &[1, 0, 1], &[1, 0, 1]],
        ] {
            let case = case_of_rows(rows);
            let masks = Masks::of_case(&case, 0).unwrap();
            for kind in FusionKind::ALL {
                let fused = fuse(&masks, *kind);
                assert_eq!(fused.raters.len(), rows.len());
                if rows.len() == 3 {
                    assert_eq!(fused.map.above(0.5), case.mask(0, 0), "{kind}");
                }
                assert_eq!(fuse_cases(std::slice::from_ref(&masks), *kind), [fused]);
            }
        }
    }
}
