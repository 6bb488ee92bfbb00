//! A network's numbers by name: weights that training changes and the buffers of batch norm.
//!
//! Names are dotted paths (`encoder.layer1.0.conv1.weight`), equal to torchvision's below `encoder.`, and are part of the
//! checkpoint format: renaming one makes older checkpoints unreadable.

pub mod file;
mod init;

use std::cell::RefCell;
use std::fmt::Display;

use tch::{Device, Kind, Tensor, no_grad};

use crate::draw::Random;
use crate::shim::clear_gradients;

pub use init::Init;

/// One named tensor.
#[derive(Debug)]
pub struct Parameter {
    /// Dotted path.
    pub name: String,
    /// The numbers, shared with the layer that uses them.
    pub tensor: Tensor,
    /// Whether the optimiser changes it; batch norm's running statistics it does not.
    pub trained: bool,
}

/// All tensors of a network, sorted by name.
#[derive(Debug)]
pub struct Parameters {
    entries: Vec<Parameter>,
}

/// A network's numbers at one moment, sorted by name, sharing nothing with the network.
pub type Snapshot = Vec<(String, Tensor)>;

impl Parameters {
    /// Every tensor.
    pub fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.entries.iter()
    }

    /// What the optimiser changes.
    pub fn trained(&self) -> impl Iterator<Item = &Parameter> {
        self.entries.iter().filter(|entry| entry.trained)
    }

    /// Numbers that training changes.
    pub fn count(&self) -> usize {
        self.trained().map(|entry| entry.tensor.numel()).sum()
    }

    /// The tensor of that name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.entries
            .binary_search_by(|entry| entry.name.as_str().cmp(name))
            .ok()
            .map(|position| &self.entries[position].tensor)
    }

    /// Takes every gradient away. What an update does not reach then has none, and the optimiser leaves it alone.
    pub fn clear_gradients(&self) {
        clear_gradients(self.trained().map(|entry| &entry.tensor));
    }

    /// The same of those whose names stand below `prefix`.
    pub fn clear_gradients_below(&self, prefix: &str) {
        let below = |entry: &&Parameter| {
            let rest = entry.name.strip_prefix(prefix);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        clear_gradients(self.trained().filter(below).map(|entry| &entry.tensor));
    }

    /// Copies of all numbers, on their device.
    pub fn snapshot(&self) -> Snapshot {
        self.entries
            .iter()
            .map(|entry| (entry.name.clone(), entry.tensor.detach().copy()))
            .collect()
    }

    /// Whether `snapshot` has these names and shapes.
    ///
    /// # Errors
    /// A sentence where a name or shape is missing, differs or is too many.
    pub fn fits(&self, snapshot: &[(String, Tensor)]) -> Result<(), String> {
        if snapshot.len() != self.entries.len() {
            return Err(format!(
                "it holds {} tensors, the network {}",
                snapshot.len(),
                self.entries.len()
            ));
        }
        for (entry, (name, tensor)) in self.entries.iter().zip(snapshot) {
            if entry.name != *name {
                return Err(format!(
                    "it holds '{name}' where the network has '{}'",
                    entry.name
                ));
            }
            if entry.tensor.size() != tensor.size() {
                return Err(format!(
                    "'{name}' has the shape {:?}, the network's {:?}",
                    tensor.size(),
                    entry.tensor.size()
                ));
            }
        }
        Ok(())
    }

    /// Takes over the numbers of `snapshot`, in place.
    ///
    /// # Errors
    /// As [`Self::fits`]; nothing is changed then.
    pub fn restore(&self, snapshot: &[(String, Tensor)]) -> Result<(), String> {
        self.fits(snapshot)?;
        no_grad(|| {
            for (entry, (_, tensor)) in self.entries.iter().zip(snapshot) {
                entry.tensor.shallow_clone().copy_(tensor);
            }
        });
        Ok(())
    }
}

/// Makes a network's tensors, each from a random stream of its own name: adding a layer changes no other's weights.
#[derive(Debug)]
pub struct Builder {
    device: Device,
    /// None: zeros, where only names and shapes matter.
    key: Option<u64>,
    entries: RefCell<Vec<Parameter>>,
}

impl Builder {
    /// A builder on `device` whose weights are drawn under `key`.
    pub fn new(device: Device, key: u64) -> Self {
        Self {
            device,
            key: Some(key),
            entries: RefCell::new(Vec::new()),
        }
    }

    /// A builder whose weights are zero: for names and shapes.
    pub fn blank(device: Device) -> Self {
        Self {
            device,
            key: None,
            entries: RefCell::new(Vec::new()),
        }
    }

    /// Where names begin.
    pub fn root(&self) -> Scope<'_> {
        Scope {
            builder: self,
            prefix: String::new(),
        }
    }

    /// Everything made, sorted by name.
    pub fn finish(self) -> Parameters {
        let mut entries = self.entries.into_inner();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        debug_assert!(
            entries.windows(2).all(|pair| pair[0].name != pair[1].name),
            "a name stands twice"
        );
        Parameters { entries }
    }
}

/// A place in the tree of names.
#[derive(Debug)]
pub struct Scope<'a> {
    builder: &'a Builder,
    prefix: String,
}

impl Scope<'_> {
    /// The place below this one.
    #[must_use]
    pub fn sub(&self, name: impl Display) -> Self {
        Self {
            builder: self.builder,
            prefix: self.path(name),
        }
    }

    /// A new tensor that training changes.
    pub fn weight(&self, name: &str, shape: &[i64], init: Init) -> Tensor {
        let path = self.path(name);
        let device = self.builder.device;
        let tensor = match self.builder.key {
            Some(key) => init.fill(Random::named(key, &path), shape, device),
            None => Tensor::zeros(shape, (Kind::Float, device)),
        };
        self.keep(path, tensor.set_requires_grad(true), true)
    }

    /// A new tensor that training does not change by gradient, filled with `value`.
    pub fn buffer(&self, name: &str, shape: &[i64], value: f64) -> Tensor {
        let tensor = Tensor::full(shape, value, (Kind::Float, self.builder.device));
        self.keep(self.path(name), tensor, false)
    }

    fn keep(&self, name: String, tensor: Tensor, trained: bool) -> Tensor {
        let shared = tensor.shallow_clone();
        self.builder.entries.borrow_mut().push(Parameter {
            name,
            tensor,
            trained,
        });
        shared
    }

    fn path(&self, name: impl Display) -> String {
        if self.prefix.is_empty() {
            name.to_string()
        } else {
            format!("{}.{name}", self.prefix)
        }
    }
}
