//! Data sets in the layouts that their publishers gave them: one a file, and what they share.

pub(super) mod brats;
mod fundus;
pub(super) mod lidc;
pub(super) mod refuge;
pub(super) mod refuge_cropped;
pub(super) mod riga;
pub(super) mod riga_contours;
mod table;
