//! What is written is read back, in at most 2,500 bytes, and the picture stays as it is.

use proptest::prelude::*;
use smart_resize_metadata::{MAX_PACKET_BYTES, Metadata, Packet, read, strip, write};

use crate::files::{extended, jpeg, picture, png, webp};

fn full() -> Metadata {
    Metadata::default()
        .creator(["Ann <Other> & \"Co\"", "Bob"])
        .rights("© 2026 Ann Other")
        .credit("An agency")
        .source("A photographer")
        .marked(true)
        .web_statement("https://example.com/rights?a=1&b=2")
        .usage_terms("Not for resale")
        .owner(["Ann"])
        .title("A shoe")
        .digital_source_type("http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia")
        .ai_system("a model")
}

/// The start of a lossy bitstream of 3x2, and of a lossless one with alpha.
const LOSSY: &[u8] = b"\0\0\0\x9d\x01\x2a\x03\0\x02\0....";
const LOSSLESS: &[u8] = b"\x2f\x02\x40\0\x10....";

fn bare_files() -> Vec<Vec<u8>> {
    let [profile, alpha, bitstream] = picture::WEBP;
    vec![
        jpeg(&picture::jpeg()),
        jpeg(&picture::jpeg()[1..]),
        png(&picture::png()),
        webp(&[(b"VP8X", &extended(0x30)), profile, alpha, bitstream]),
        webp(&[(b"VP8 ", LOSSY)]),
        webp(&[(b"VP8L", LOSSLESS)]),
    ]
}

#[test]
fn every_field_is_read_back_and_the_picture_stays() {
    for bare in bare_files() {
        let marked = write(&bare, &full()).unwrap();
        assert_eq!(read(&marked), full());
        // A simple WebP gets an extended header, which stays.
        let stripped = strip(&marked).unwrap();
        let is_simple = bare.get(12..15) == Some(b"VP8") && bare[15] != b'X';
        assert!(if is_simple { stripped.ends_with(&bare[12..]) } else { *stripped == bare });
        // The same packet changes nothing, and another one replaces it.
        assert_eq!(write(&marked, &full()).as_ref(), Some(&marked));
        let other = Metadata::default().rights("other");
        assert_eq!(write(&marked, &other), write(&stripped, &other));
        assert_eq!(write(&marked, &Metadata::default()).as_deref(), Some(&*stripped));
    }
    assert_eq!(write(b"GIF89a", &full()), None);
    assert!(Packet::new(&Metadata::default().title(" \0")).is_empty());
}

#[test]
fn a_packet_is_behind_the_jfif_header_before_the_pixels_of_a_png_and_at_the_end_of_a_webp() {
    let marked = |bare: &[u8]| write(bare, &full()).unwrap();
    let at = |file: &[u8], part: &[u8]| file.windows(part.len()).position(|found| found == part).unwrap();
    let parts = picture::jpeg();
    assert_eq!(at(&marked(&jpeg(&parts)), b"http://ns.adobe.com/xap/1.0/"), 2 + 18 + 4);
    assert_eq!(at(&marked(&jpeg(&parts[1..])), b"http://ns.adobe.com/xap/1.0/"), 2 + 4);
    let file = marked(&png(&picture::png()));
    assert!(at(&file, b"iTXt") > at(&file, b"PLTE") && at(&file, b"iTXt") < at(&file, b"IDAT"));
    for (bitstream, name, alpha) in [(LOSSY, b"VP8 ", 0), (LOSSLESS, b"VP8L", 0x10)] {
        let file = marked(&webp(&[(name, bitstream)]));
        assert_eq!(file[12..30], [&b"VP8X\x0a\0\0\0"[..], &extended(alpha | 4)].concat());
        assert!(
            at(&file, b"XMP ") > at(&file, name)
                && file.len() == 8 + u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize
        );
    }
}

#[test]
fn long_texts_are_cut_from_the_least_important_on() {
    let text = |length: usize| "ä".repeat(length);
    let long = full().title(text(600)).ai_system("b".repeat(100)).usage_terms(text(300));
    let packet = |metadata: &Metadata| read(&write(&bare_files()[2], metadata).unwrap());
    let found = packet(&long);
    // The title makes room first.
    let title = found.title.clone().unwrap();
    assert!(title.chars().all(|c| c == 'ä') && title.chars().count() < 600);
    assert_eq!(found, long.clone().title(title));
    // Then the AI system, the owner and the terms, and then the URL as a whole. `room` is what the rest leaves.
    let rest =
        Metadata::default().creator(full().creator).credit("d".repeat(800)).source("A photographer").marked(true);
    let rest = rest.digital_source_type(full().digital_source_type.unwrap());
    let room = |rest: &Metadata| MAX_PACKET_BYTES + 33 - packet_length(&rest.clone().rights("a")) + 1;
    let long = long.credit("d".repeat(800));
    let with_url = rest.clone().web_statement(full().web_statement.unwrap());
    assert!(room(&rest) < 1000);
    let rights = "c".repeat(room(&with_url));
    assert_eq!(packet(&long.clone().rights(&rights)), with_url.rights(&rights));
    let rights = "c".repeat(room(&rest));
    assert_eq!(packet(&long.clone().rights(&rights)), rest.clone().rights(&rights));
    // One character more, and the source loses its last one.
    let rights = [&rights[..], "c"].concat();
    assert_eq!(packet(&long.clone().rights(&rights)), rest.source("A photographe").rights(&rights));
    // The rights are last, and the source type is never cut.
    let found = packet(&full().creator([text(1000), text(1000)]).rights("&".repeat(1000)));
    assert_eq!(found.digital_source_type, full().digital_source_type);
    assert!(found.creator.is_empty() && found.rights.is_some_and(|rights| (150..1000).contains(&rights.len())));
    assert_eq!(packet(&full().digital_source_type("d".repeat(257))).digital_source_type, None);
    assert!(packet(&full().digital_source_type("d".repeat(256))).digital_source_type.is_some());
}

/// The file with the packet is longer than without by the packet and at most 34 bytes: marker, length and prefix of a JPEG segment.
fn packet_length(metadata: &Metadata) -> usize {
    let bare = jpeg(&[]);
    write(&bare, metadata).unwrap().len() - bare.len()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn a_packet_of_any_texts_is_small_and_valid(
        texts in prop::collection::vec("\\PC{0,400}|[&<>\"'\0-\u{20}äé😀]{0,1200}", 6),
        authors in prop::collection::vec(".{0,300}", 0..6),
    ) {
        let [rights, credit, source, terms, title, system] = texts.try_into().unwrap();
        let metadata = Metadata::default().creator(authors.clone()).owner(authors).rights(rights).credit(credit);
        let metadata = metadata.source(source).usage_terms(terms).title(title).ai_system(system).marked(false);
        prop_assert!(packet_length(&metadata) <= MAX_PACKET_BYTES + 33);
        // The packet is XML: a field that is never cut is read back.
        prop_assert_eq!(read(&write(&jpeg(&[]), &metadata).unwrap()).marked, Some(false));
    }
}
