//! Finds content credentials: the manifest store of C2PA, which is a JUMBF box.

use crate::container::{Container, Kind};

/// Returns the manifest store of C2PA that the file has. `None` if it has none, or is no PNG, JPEG or WebP.
///
/// The store is not parsed and its signatures are not verified. In a PNG it is the content of the chunk caBX, and in a WebP that
/// of the chunk C2PA. A JPEG has it in several APP11 segments. Each begins with `JP`, the number of the box (2 bytes) and the
/// number of the part (4), and repeats the box's length and type (8). The parts are joined in the order of the file.
///
/// ```
/// use smart_resize_metadata::manifest_store;
///
/// let png = [&b"\x89PNG\r\n\x1a\n"[..], b"\0\0\0\x05caBXstore", b"\0\0\0\0"].concat();
/// assert_eq!(manifest_store(&png).as_deref(), Some(&b"store"[..]));
/// assert_eq!(manifest_store(b"plain text"), None);
/// ```
pub fn manifest_store(bytes: &[u8]) -> Option<Vec<u8>> {
    let container = Container::sniff(bytes)?;
    // The number of the box of a JPEG, and the box so far.
    let mut found: Option<([u8; 2], Vec<u8>)> = None;
    container.split(bytes, |part| {
        if part.kind != Kind::C2pa {
            return;
        }
        if container != Container::Jpeg {
            found.get_or_insert_with(|| ([0; 2], part.content.to_vec()));
            return;
        }
        let &[n0, n1, _, _, _, _, ref parts @ ..] = part.content else { return };
        match &mut found {
            Some((number, store)) if *number == [n0, n1] => store.extend(parts.get(8..).unwrap_or_default()),
            // The box has its length and type, the length and type of its description, and the type of its content.
            None if parts.get(4..8) == Some(b"jumb") && parts.get(16..20) == Some(b"c2pa") => {
                found = Some(([n0, n1], parts.to_vec()));
            }
            _ => {}
        }
    });
    found.map(|(_, store)| store).filter(|store| !store.is_empty())
}
