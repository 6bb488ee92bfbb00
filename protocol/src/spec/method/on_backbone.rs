//! What the methods on the shared backbone have in common: they differ in what they learn, not in what they learn with.

use serde::{Deserialize, Serialize};

use super::Backbone;
use crate::spec::validate::Faults;

/// The shared backbone with a method's own loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnBackbone<L> {
    /// Architecture.
    pub network: Backbone,
    /// What is learned.
    pub loss: L,
}

/// A method's `[loss]` table.
pub(in crate::spec) trait LossTable {
    /// Says what makes no sense of its values.
    fn check(&self, _faults: &mut Faults) {}
}

#[expect(private_bounds, reason = "tables are checked here, whoever reads them")]
impl<L: LossTable> OnBackbone<L> {
    pub(in crate::spec) fn check(&self, _size: u32, faults: &mut Faults) {
        self.network.check(faults);
        self.loss.check(faults);
    }
}
