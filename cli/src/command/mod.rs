//! One subcommand a file.

pub(crate) mod archive;
pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod control;
pub(crate) mod data;
pub(crate) mod devices;
pub(crate) mod down;
pub(crate) mod experiments;
pub(crate) mod figure;
pub(crate) mod fuse;
pub(crate) mod logs;
pub(crate) mod methods;
pub(crate) mod planning;
pub(crate) mod rescore;
pub(crate) mod score;
pub(crate) mod status;
pub(crate) mod submit;
pub(crate) mod table;
pub(crate) mod train;
pub(crate) mod up;
pub(crate) mod weights;
pub(crate) mod worker;
