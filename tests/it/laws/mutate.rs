//! Mutates the parts of a file and corrects lengths and checksums, so that the decoder's first checks pass and its
//! deeper code is reached.

use arbitrary::{Result, Unstructured};

use self::Container::{Jpeg, Png, WebP};

/// The container format of a file.
#[derive(Clone, Copy)]
enum Container {
    Png,
    Jpeg,
    WebP,
}

/// A chunk of a PNG or a WebP, or a segment of a JPEG.
#[derive(Clone)]
struct Part {
    name: [u8; 4],
    content: Vec<u8>,
}

const PNG_NAMES: [&[u8; 4]; 14] = [
    b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"eXIf", b"acTL", b"fcTL", b"fdAT", b"iTXt",
    b"sBIT", b"caBX",
];
const WEBP_NAMES: [&[u8; 4]; 9] = [b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP", b"EXIF", b"XMP ", b"ANIM", b"ANMF"];
const JPEG_CODES: [u8; 13] = [0xc0, 0xc2, 0xc4, 0xda, 0xdb, 0xdd, 0xe0, 0xe1, 0xe2, 0xeb, 0xee, 0xfe, 0xdc];

/// Drops, duplicates, swaps, changes or adds a few parts. A file without parts is left unchanged.
pub(super) fn mutate(file: &mut Vec<u8>, input: &mut Unstructured<'_>) -> Result<()> {
    let Some((container, mut parts, tail)) = split(file) else { return Ok(()) };
    for _ in 0..input.int_in_range(1..=3_u8)? {
        let at = usize::from(input.arbitrary::<u16>()?) % parts.len().max(1);
        let other = usize::from(input.arbitrary::<u8>()?);
        match input.int_in_range(0..=4_u8)? {
            _ if parts.is_empty() => {}
            0 => drop(parts.remove(at)),
            1 => parts.insert(at, parts[other % parts.len()].clone()),
            2 => {
                let other = other % parts.len();
                parts.swap(at, other);
            }
            3 if !parts[at].content.is_empty() => {
                let content = &mut parts[at].content;
                let place = other % content.len();
                content[place] = input.arbitrary()?;
                if input.arbitrary()? {
                    content.truncate(place);
                }
            }
            _ => {
                let name = match container {
                    Png => *PNG_NAMES[other % PNG_NAMES.len()],
                    WebP => *WEBP_NAMES[other % WEBP_NAMES.len()],
                    Jpeg => [JPEG_CODES[other % JPEG_CODES.len()], 0, 0, 0],
                };
                let content = parts[other % parts.len()].content.clone();
                parts.insert(at, Part { name, content });
            }
        }
    }
    *file = join(container, &parts, &tail);
    Ok(())
}

/// Splits a file into its parts and the bytes after them.
fn split(file: &[u8]) -> Option<(Container, Vec<Part>, Vec<u8>)> {
    let mut parts = Vec::new();
    if file.starts_with(b"\x89PNG\r\n\x1a\n") {
        let mut rest = &file[8..];
        while let [l0, l1, l2, l3, n0, n1, n2, n3, after @ ..] = rest {
            let length = u32::from_be_bytes([*l0, *l1, *l2, *l3]) as usize;
            let Some(content) = after.get(..length) else { break };
            parts.push(Part { name: [*n0, *n1, *n2, *n3], content: content.to_vec() });
            rest = after.get(length + 4..).unwrap_or_default();
        }
        return Some((Png, parts, rest.to_vec()));
    }
    if file.starts_with(b"RIFF") && file.len() >= 12 {
        let mut rest = &file[12..];
        while let [n0, n1, n2, n3, l0, l1, l2, l3, after @ ..] = rest {
            let length = u32::from_le_bytes([*l0, *l1, *l2, *l3]) as usize;
            let Some(content) = after.get(..length) else { break };
            parts.push(Part { name: [*n0, *n1, *n2, *n3], content: content.to_vec() });
            rest = after.get(length + length % 2..).unwrap_or_default();
        }
        return Some((WebP, parts, rest.to_vec()));
    }
    if file.starts_with(&[0xff, 0xd8]) {
        let mut rest = &file[2..];
        // The entropy-coded data of the first scan and everything after it is the tail.
        while let [0xff, code @ 0xc0..=0xff, high, low, after @ ..] = rest {
            let length = usize::from(u16::from_be_bytes([*high, *low])).max(2) - 2;
            let Some(content) = after.get(..length) else { break };
            parts.push(Part { name: [*code, 0, 0, 0], content: content.to_vec() });
            rest = &after[length..];
            if *code == 0xda {
                break;
            }
        }
        return Some((Jpeg, parts, rest.to_vec()));
    }
    None
}

fn join(container: Container, parts: &[Part], tail: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for Part { name, content } in parts {
        match container {
            Png => {
                body.extend((content.len() as u32).to_be_bytes());
                let named = [name, &content[..]].concat();
                body.extend(&named);
                body.extend(crc32fast::hash(&named).to_be_bytes());
            }
            WebP => {
                body.extend(name);
                body.extend((content.len() as u32).to_le_bytes());
                body.extend(content);
                body.resize(body.len().next_multiple_of(2), 0);
            }
            Jpeg => {
                let content = &content[..content.len().min(65_533)];
                body.extend([0xff, name[0]]);
                body.extend((content.len() as u16 + 2).to_be_bytes());
                body.extend(content);
            }
        }
    }
    body.extend(tail);
    match container {
        Png => [b"\x89PNG\r\n\x1a\n", &body[..]].concat(),
        WebP => [b"RIFF", &(body.len() as u32 + 4).to_le_bytes()[..], b"WEBP", &body].concat(),
        Jpeg => [&[0xff, 0xd8], &body[..]].concat(),
    }
}
