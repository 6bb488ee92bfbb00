//! The opcodes of pickle protocols 2 to 4 that state dicts are written with.

use super::{Id, Machine, Value};

impl Machine<'_> {
    /// Runs to the STOP; says what it leaves.
    pub(super) fn run(&mut self) -> Result<Id, String> {
        loop {
            let place = self.at;
            let opcode = self.take(1)?[0];
            if opcode == b'.' {
                return self.pop();
            }
            self.execute(opcode, place)?;
        }
    }

    fn execute(&mut self, opcode: u8, place: usize) -> Result<(), String> {
        match opcode {
            // PROTO, FRAME: nothing to do but to step over their numbers.
            0x80 => self.take(1).map(drop)?,
            0x95 => self.take(8).map(drop)?,
            b'(' => self.marks.push(self.stack.len()),
            // POP; BUILD sets attributes: a state dict's `_metadata`, which nothing here reads.
            b'0' | b'b' => self.pop().map(drop)?,
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'J' => {
                let number = self.number(4)? as u32 as i32;
                self.push(Value::Int(i64::from(number)));
            }
            b'K' => self.int(1)?,
            b'M' => self.int(2)?,
            0x8A => self.long()?,
            b'G' => {
                self.take(8)?;
                self.push(Value::Float);
            }
            // Texts; T and U are Python 2's, which wrote names so.
            b'X' | b'T' => self.counted_text(4)?,
            0x8C | b'U' => self.counted_text(1)?,
            b')' => self.push(Value::Tuple(Vec::new())),
            0x85 => self.tuple(1)?,
            0x86 => self.tuple(2)?,
            0x87 => self.tuple(3)?,
            b't' => {
                let items = self.pop_to_mark()?;
                self.push(Value::Tuple(items));
            }
            b']' => self.push(Value::List(Vec::new())),
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            b'e' => {
                let items = self.pop_to_mark()?;
                self.append(items)?;
            }
            b'}' => self.push(Value::Dict(Vec::new())),
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set_items(&[key, value])?;
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.set_items(&items)?;
            }
            b'q' => self.memoize_at(1)?,
            b'r' => self.memoize_at(4)?,
            0x94 => {
                let (next, top) = (self.memo.len(), self.top()?);
                self.memo.insert(next, top);
            }
            b'h' => self.recall(1)?,
            b'j' => self.recall(4)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.global(module, name)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (self.values.get(module), self.values.get(name)) {
                    (Some(&Value::Text(module)), Some(&Value::Text(name))) => {
                        self.global(module, name)?;
                    }
                    _ => return Err("a name is no text".to_owned()),
                }
            }
            b'R' => self.call()?,
            b'Q' => {
                let id = self.pop()?;
                self.push(Value::Storage(id));
            }
            other => {
                return Err(format!(
                    "opcode {other:#04x} at byte {place} is none that state dicts are written with"
                ));
            }
        }
        Ok(())
    }

    fn int(&mut self, length: usize) -> Result<(), String> {
        let number = self.number(length)? as i64;
        self.push(Value::Int(number));
        Ok(())
    }

    /// A signed number of any length, little-endian.
    fn long(&mut self) -> Result<(), String> {
        let length = self.number(1)?;
        let bytes = self.take(length)?;
        if bytes.len() > 8 {
            self.push(Value::Long(bytes));
            return Ok(());
        }
        let negative = bytes.last().is_some_and(|byte| *byte >= 0x80);
        let mut word = [if negative { 0xFF } else { 0 }; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        self.push(Value::Int(i64::from_le_bytes(word)));
        Ok(())
    }

    fn counted_text(&mut self, length: usize) -> Result<(), String> {
        let length = self.number(length)?;
        let text = self.text(length)?;
        self.push(Value::Text(text));
        Ok(())
    }

    fn tuple(&mut self, count: usize) -> Result<(), String> {
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(self.pop()?);
        }
        items.reverse();
        self.push(Value::Tuple(items));
        Ok(())
    }

    fn memoize_at(&mut self, length: usize) -> Result<(), String> {
        let place = self.number(length)?;
        let top = self.top()?;
        self.memo.insert(place, top);
        Ok(())
    }

    fn recall(&mut self, length: usize) -> Result<(), String> {
        let place = self.number(length)?;
        let found = self.memo.get(&place).copied();
        self.stack
            .push(found.ok_or_else(|| "the pickle recalls what it never kept".to_owned())?);
        Ok(())
    }
}
