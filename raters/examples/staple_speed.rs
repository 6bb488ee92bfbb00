//! One timed STAPLE a line of standard input: the other half of `tools/bench/staple`.
//!
//! Arguments: a file of masks (m · h · w bytes, 0 or 1), m, h, w, and the file that W goes to as little-endian f32. For each line read,
//! STAPLE runs once with its usual options and its nanoseconds are printed; W is written when the lines end.

use std::io::{BufRead, Write};
use std::time::Instant;

use mrprism_raters::fusion::{Masks, StapleOptions, staple};
use ndarray::{Array3, Axis};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [masks, raters, height, width, out] = &arguments[..] else {
        return Err("usage: staple_speed MASKS M H W OUT".into());
    };
    let shape = (raters.parse()?, height.parse()?, width.parse()?);
    let drawn = Array3::from_shape_vec(shape, std::fs::read(masks)?)?;
    let masks = Masks::new(drawn.axis_iter(Axis(0)).collect())?;
    let mut map = None;
    for line in std::io::stdin().lock().lines() {
        line?;
        let begun = Instant::now();
        let found = staple(&masks, &StapleOptions::default());
        let nanoseconds = begun.elapsed().as_nanos();
        let mut output = std::io::stdout().lock();
        writeln!(output, "{nanoseconds} {}", found.iterations)?;
        output.flush()?;
        map = Some(found.map);
    }
    let map = map.ok_or("no line was read")?;
    let bytes: Vec<u8> = map.iter().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(out, bytes)?;
    Ok(())
}
