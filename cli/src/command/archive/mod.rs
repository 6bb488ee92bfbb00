//! What outlives a server: exports, imports, frozen tables, bundles of one run.

pub(crate) mod bundle;
pub(crate) mod export;
pub(crate) mod freeze;
pub(crate) mod import;
