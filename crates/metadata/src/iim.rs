//! Reads IPTC-IIM from the image resources of Photoshop.
//!
//! A resource is `8BIM`, its number (2 bytes), a name (a length of 1 byte, then the text, padded to an even length), the length of
//! its data (4) and the data, padded too. The resource 0x0404 has IIM: datasets of a byte 0x1c, the record (1), the number (1), a
//! length (2) and the value.

use crate::metadata::Metadata;
use crate::text;

/// Reads the fields of the first IIM resource. What cannot be read counts as missing.
pub(crate) fn read(resources: &[u8]) -> Metadata {
    let mut found = Metadata::default();
    let mut rest = iim(resources).unwrap_or_default();
    while let &[0x1c, record, number, high, low, ref after @ ..] = rest {
        // A value of more than 32,767 bytes has its length elsewhere. It is not a text, and neither is what follows.
        let Some((value, behind)) = after.split_at_checked(u16::from_be_bytes([high, low]).into()) else { break };
        rest = behind;
        let field = match (record, number) {
            (2, 80) => {
                // The by-line may be repeated.
                if found.creator.len() < MAX_CREATORS {
                    found.creator.extend(text::decode(value));
                }
                continue;
            }
            (2, 110) => &mut found.credit,
            (2, 115) => &mut found.source,
            (2, 116) => &mut found.rights,
            _ => continue,
        };
        if field.is_none() {
            *field = text::decode(value);
        }
    }
    found
}

/// The most authors.
pub(crate) const MAX_CREATORS: usize = 20;

/// Returns the data of the resource that has IIM.
fn iim(resources: &[u8]) -> Option<&[u8]> {
    let mut rest = resources;
    loop {
        let &[b'8', b'B', b'I', b'M', n0, n1, name, ref after @ ..] = rest else { return None };
        // The length and the name together are padded to an even length.
        let name = usize::from(name);
        let &[l0, l1, l2, l3, ref after @ ..] = after.get(name + (name + 1) % 2..)? else { return None };
        let length = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3])).ok()?;
        let (data, _) = after.split_at_checked(length)?;
        if [n0, n1] == [0x04, 0x04] {
            return Some(data);
        }
        rest = after.get(length.checked_add(length % 2)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(number: u16, name: &str, data: &[u8]) -> Vec<u8> {
        let mut name = [&[u8::try_from(name.len()).unwrap()], name.as_bytes()].concat();
        name.resize(name.len().next_multiple_of(2), 0);
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        let mut resource = [b"8BIM", &number.to_be_bytes()[..], &name, &length, data].concat();
        resource.resize(resource.len().next_multiple_of(2), 0);
        resource
    }

    fn dataset(number: u8, value: &[u8]) -> Vec<u8> {
        [&[0x1c, 2, number], &u16::try_from(value.len()).unwrap().to_be_bytes()[..], value].concat()
    }

    #[test]
    fn the_fields_are_found_behind_other_resources_and_datasets() {
        let iim = [
            (80, &b"Ann"[..]),
            (5, b"x"),
            (80, b"Bob"),
            (110, b"Agency"),
            (115, b"Owner"),
            (116, b"\xa9 Ann"),
            (116, b"no"),
        ];
        let iim: Vec<u8> = iim.iter().flat_map(|(number, value)| dataset(*number, value)).collect();
        for (name, data) in [("", &b"odd"[..]), ("name", b"even"), ("odd", b"")] {
            let found = read(&[resource(0x03ed, name, data), resource(0x0404, name, &iim)].concat());
            let expected = Metadata::default().creator(["Ann", "Bob"]).credit("Agency").source("Owner").rights("© Ann");
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn fields_before_a_broken_dataset_count() {
        let iim = [dataset(116, b"rights"), vec![0x1c, 2, 110, 0xff, 0xff, b'a']].concat();
        assert_eq!(read(&resource(0x0404, "", &iim)), Metadata::default().rights("rights"));
        assert_eq!(read(b"8BIM\x04\x04\0\0\xff\xff\xff\xffdata"), Metadata::default());
    }
}
