//! Reads pickles as data: the opcodes that a state dict is written with, and no others.
//!
//! A pickle is a program for a stack machine, and Python's own reader calls whatever function it names. This one calls
//! none: a name is one of the few below or the file is refused, and "calling" it makes a value of ours. Values lie in one
//! flat list and refer to each other by number, so no nesting, sharing or cycle in a file can make reading, looking or
//! dropping recurse; each opcode adds at most one value, so a file of n bytes makes at most n of them.

mod opcode;

use std::collections::HashMap;

/// A value's number.
pub(super) type Id = usize;

/// One value. Strings are slices of the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    /// Longer than 64 bits; only its bytes matter (the legacy file's first number).
    Long(&'a [u8]),
    Float,
    Text(&'a str),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Name(Name),
    /// What a persistent id names: a tuple, looked at when a tensor needs it.
    Storage(Id),
    Tensor(TensorOf),
}

/// A tensor before its numbers are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TensorOf {
    pub(super) storage: Id,
    pub(super) offset: Id,
    pub(super) shape: Id,
    pub(super) stride: Id,
}

/// The only names a file may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    /// A storage class, by its element.
    Element(Element),
}

/// What a storage holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    F64,
    F32,
    F16,
    Bf16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
}

impl Element {
    /// Bytes an element takes.
    pub(super) const fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }
}

fn name(module: &str, name: &str) -> Option<Name> {
    let element = |element| Some(Name::Element(element));
    match (module, name) {
        ("collections", "OrderedDict") => Some(Name::OrderedDict),
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Some(Name::RebuildTensor),
        ("torch._utils", "_rebuild_parameter") => Some(Name::RebuildParameter),
        ("torch", "DoubleStorage") => element(Element::F64),
        ("torch", "FloatStorage") => element(Element::F32),
        ("torch", "HalfStorage") => element(Element::F16),
        ("torch", "BFloat16Storage") => element(Element::Bf16),
        ("torch", "LongStorage") => element(Element::I64),
        ("torch", "IntStorage") => element(Element::I32),
        ("torch", "ShortStorage") => element(Element::I16),
        ("torch", "CharStorage") => element(Element::I8),
        ("torch", "ByteStorage") => element(Element::U8),
        ("torch", "BoolStorage") => element(Element::Bool),
        _ => None,
    }
}

/// Every value of one pickle.
#[derive(Debug)]
pub(super) struct Values<'a> {
    all: Vec<Value<'a>>,
    /// The one that the pickle is about.
    pub(super) top: Id,
    /// Bytes the pickle took.
    pub(super) length: usize,
}

impl<'a> Values<'a> {
    /// The value of that number.
    pub(super) fn get(&self, id: Id) -> &Value<'a> {
        self.all.get(id).unwrap_or(&Value::None)
    }

    /// Every value, in the order they were made.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Value<'a>> {
        self.all.iter()
    }

    /// A number of 0 or more.
    pub(super) fn count(&self, id: Id) -> Option<usize> {
        match self.get(id) {
            Value::Int(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    /// A tuple or list of such numbers.
    pub(super) fn counts(&self, id: Id) -> Option<Vec<usize>> {
        match self.get(id) {
            Value::Tuple(items) | Value::List(items) => {
                items.iter().map(|item| self.count(*item)).collect()
            }
            _ => None,
        }
    }

    /// A text.
    pub(super) fn text(&self, id: Id) -> Option<&'a str> {
        match self.get(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Reads one pickle from the start of `bytes`.
///
/// # Errors
/// A sentence where it is cut off, or uses anything that a state dict does not need.
pub(super) fn read(bytes: &[u8]) -> Result<Values<'_>, String> {
    let mut machine = Machine {
        bytes,
        at: 0,
        values: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    let top = machine.run()?;
    Ok(Values {
        all: machine.values,
        top,
        length: machine.at,
    })
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value<'a>>,
    stack: Vec<Id>,
    /// Heights of the stack where marks lie.
    marks: Vec<usize>,
    memo: HashMap<usize, Id>,
}

impl<'a> Machine<'a> {
    fn push(&mut self, value: Value<'a>) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    fn pop(&mut self) -> Result<Id, String> {
        // What lies below a mark belongs to whoever set it.
        if self.stack.len() <= self.marks.last().copied().unwrap_or(0) {
            return Err("the pickle takes what it did not give".to_owned());
        }
        self.stack
            .pop()
            .ok_or_else(|| "the pickle is broken".to_owned())
    }

    /// Everything above the last mark.
    fn pop_to_mark(&mut self) -> Result<Vec<Id>, String> {
        let mark = self
            .marks
            .pop()
            .ok_or_else(|| "the pickle closes what it did not open".to_owned())?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn top(&self) -> Result<Id, String> {
        self.stack
            .last()
            .copied()
            .ok_or_else(|| "the pickle is broken".to_owned())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let to = self.at.checked_add(length);
        let taken = to.and_then(|to| self.bytes.get(self.at..to));
        let taken = taken.ok_or_else(|| "the pickle is cut off".to_owned())?;
        self.at += length;
        Ok(taken)
    }

    /// A little-endian number of up to eight bytes.
    fn number(&mut self, length: usize) -> Result<usize, String> {
        let bytes = self.take(length)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |number, byte| (number << 8) | usize::from(*byte)))
    }

    fn text(&mut self, length: usize) -> Result<&'a str, String> {
        std::str::from_utf8(self.take(length)?).map_err(|_| "a text is no UTF-8".to_owned())
    }

    /// Up to the next line break.
    fn line(&mut self) -> Result<&'a str, String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == b'\n');
        let line = self.text(length.ok_or_else(|| "the pickle is cut off".to_owned())?)?;
        self.at += 1;
        Ok(line)
    }

    fn global(&mut self, module: &str, of: &str) -> Result<(), String> {
        let known = name(module, of).ok_or_else(|| {
            format!(
                "it names '{module}.{of}', which no state dict needs: a file that names other code is never opened. \
                 Save the weights alone, with torch.save(model.state_dict(), FILE)"
            )
        })?;
        self.push(Value::Name(known));
        Ok(())
    }

    /// "Calls" a name: makes the value that the call would.
    fn call(&mut self) -> Result<(), String> {
        let (arguments, called) = (self.pop()?, self.pop()?);
        let Some(Value::Tuple(arguments)) = self.values.get(arguments) else {
            return Err("a call has no arguments".to_owned());
        };
        match (self.values.get(called), arguments.as_slice()) {
            (Some(Value::Name(Name::OrderedDict)), []) => self.push(Value::Dict(Vec::new())),
            (Some(Value::Name(Name::RebuildTensor)), &[storage, offset, shape, stride, ..]) => {
                self.push(Value::Tensor(TensorOf {
                    storage,
                    offset,
                    shape,
                    stride,
                }));
            }
            (Some(Value::Name(Name::RebuildParameter)), &[tensor, ..]) => self.stack.push(tensor),
            _ => return Err("it calls something in a way that no state dict does".to_owned()),
        }
        Ok(())
    }

    fn set_items(&mut self, items: &[Id]) -> Result<(), String> {
        let into = self.top()?;
        let Some(Value::Dict(entries)) = self.values.get_mut(into) else {
            return Err("it fills something that is no dictionary".to_owned());
        };
        if !items.len().is_multiple_of(2) {
            return Err("a dictionary's key has no value".to_owned());
        }
        entries.extend(items.chunks_exact(2).map(|pair| (pair[0], pair[1])));
        Ok(())
    }

    fn append(&mut self, items: Vec<Id>) -> Result<(), String> {
        let into = self.top()?;
        let Some(Value::List(list)) = self.values.get_mut(into) else {
            return Err("it fills something that is no list".to_owned());
        };
        list.extend(items);
        Ok(())
    }
}
