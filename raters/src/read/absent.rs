//! Leaving out what a definition's `absent` names.

use mrprism_protocol::spec::DatasetFile;

use super::Listing;
use super::gather::nobody_marked;
use crate::DataError;

/// Empties the slots of the named raters in the named cases.
pub(super) fn leave_out(definition: &DatasetFile, listing: &mut Listing) -> Result<(), DataError> {
    let refuse = |message: String| DataError::Key {
        dataset: definition.name.clone(),
        key: "absent",
        message,
    };
    for (name, raters) in &definition.absent {
        let found = listing.cases.iter_mut().find(|case| case.name == *name);
        let case = found.ok_or_else(|| refuse(format!("'{name}' is no case: mend the name")))?;
        for rater in raters {
            let slot = listing.raters.iter().position(|known| known == rater);
            let slot = slot.and_then(|slot| case.masks.get_mut(slot));
            match slot.map(Option::take) {
                Some(Some(_)) => {}
                Some(None) => {
                    let message = format!("rater '{rater}' did not mark '{name}' anyway");
                    return Err(refuse(format!("{message}: leave the name out")));
                }
                None => {
                    let known = listing.raters.join(", ");
                    return Err(refuse(format!("'{rater}' is none of the raters {known}")));
                }
            }
        }
        if case.masks.iter().all(Option::is_none) {
            return Err(nobody_marked(name, &case.image));
        }
    }
    Ok(())
}
