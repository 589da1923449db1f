//! The fields of XMP, EXIF and IIM are read from every format, in this order of precedence.

use std::slice;

use miniz_oxide::deflate::compress_to_vec_zlib;
use smart_resize_metadata::{Metadata, manifest_store, read};

use crate::files::{chunk, jpeg, picture, png, segment, webp};

/// A packet whose description has these attributes and elements.
fn packet(attributes: &str, elements: &str) -> String {
    format!(
        r#"<?xpacket begin="{}" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
        <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"
            xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:rights="http://ns.adobe.com/xap/1.0/rights/"
            xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
        <rdf:Description rdf:about="" {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>
        <?xpacket end="w"?>   "#,
        '\u{feff}'
    )
}

fn read_packet(packet: &str) -> Metadata {
    read(&webp(&[(b"VP8L", b"a bitstream"), (b"XMP ", packet.as_bytes())]))
}

/// A block with the tags Artist and Copyright.
fn exif(artist: &[u8], copyright: &[u8]) -> Vec<u8> {
    let entry = |tag: u16, text: &[u8], at: usize| {
        [&tag.to_be_bytes()[..], &[0, 2], &(text.len() as u32).to_be_bytes(), &(at as u32).to_be_bytes()].concat()
    };
    let at = 8 + 2 + 24;
    let entries = [entry(0x13b, artist, at), entry(0x8298, copyright, at + artist.len())].concat();
    [b"MM\0\x2a\0\0\0\x08\0\x02", &entries[..], artist, copyright].concat()
}

/// Image resources with a credit and a copyright notice.
fn iim() -> Vec<u8> {
    let data = b"\x1c\x02\x6e\0\x06agency\x1c\x02\x74\0\x03iim";
    [b"Photoshop 3.0\08BIM\x04\x04\0\0", &(data.len() as u32).to_be_bytes()[..], data].concat()
}

#[test]
fn every_field_of_xmp_is_read_in_each_form_of_rdf() {
    let elements = r#"
        <dc:creator><rdf:Seq><rdf:li>Ann &amp; Co</rdf:li><rdf:li>Bob</rdf:li></rdf:Seq></dc:creator>
        <dc:rights><rdf:Alt><rdf:li xml:lang="de">Rechte</rdf:li><rdf:li xml:lang="x-default">rights</rdf:li></rdf:Alt></dc:rights>
        <dc:title><rdf:Alt><rdf:li xml:lang="de">Bild</rdf:li></rdf:Alt></dc:title>
        <rights:Owner><rdf:Bag><rdf:li>owner</rdf:li></rdf:Bag></rights:Owner>
        <rights:UsageTerms><rdf:Alt><rdf:li xml:lang="x-default">terms</rdf:li></rdf:Alt></rights:UsageTerms>
        <rights:WebStatement rdf:resource="https://example.com/rights"/>
        <photoshop:Source>source</photoshop:Source>"#;
    let attributes = r#"photoshop:Credit="credit&#10;line" rights:Marked="True" ext:AISystemUsed="a model"
        ext:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture""#;
    let expected = Metadata::default()
        .creator(["Ann & Co", "Bob"])
        .rights("rights")
        .title("Bild")
        .owner(["owner"])
        .usage_terms("terms")
        .web_statement("https://example.com/rights")
        .source("source")
        .credit("credit line")
        .marked(true)
        .ai_system("a model")
        .digital_source_type("http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture");
    assert_eq!(read_packet(&packet(attributes, elements)), expected);
    // The first of two values counts, and a description inside a property is that of another picture.
    let nested = "<photoshop:Source>source</photoshop:Source><photoshop:Source>other</photoshop:Source>
        <ext:Ingredient><rdf:Description><dc:rights>other</dc:rights></rdf:Description></ext:Ingredient>";
    assert_eq!(read_packet(&packet("", nested)), Metadata::default().source("source"));
    assert_eq!(read_packet(&packet(r#"rights:Marked="false""#, "")), Metadata::default().marked(false));
    assert_eq!(read_packet(&packet(r#"rights:Marked="yes""#, "")), Metadata::default());
}

#[test]
fn xmp_is_found_in_every_place() {
    let packet = packet(r#"photoshop:Credit="credit""#, "");
    let packet = packet.as_bytes();
    let keyword = b"XML:com.adobe.xmp\0";
    let deflated = compress_to_vec_zlib(packet, 6);
    let with = |name: &[u8], content: &[&[u8]]| {
        let mut chunks = picture::png();
        chunks.insert(1, chunk(name, &content.concat()));
        png(&chunks)
    };
    let files = [
        with(b"iTXt", &[keyword, &[0, 0, 0, 0], packet]),
        with(b"iTXt", &[keyword, b"\x01\0en\0a translation\0", &deflated]),
        with(b"tEXt", &[keyword, packet]),
        with(b"zTXt", &[keyword, &[0], &deflated]),
        jpeg(&[&[segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", packet].concat())], &picture::jpeg()[..]].concat()),
        webp(&[(b"VP8L", b"a bitstream"), (b"XMP ", packet)]),
    ];
    for file in files {
        assert_eq!(read(&file), Metadata::default().credit("credit"));
    }
}

#[test]
fn exif_and_iim_fill_what_xmp_lacks() {
    let exif = exif(b"Ann; Bob\0", b"\xa9 Ann\0Editor\0");
    let xmp = packet(r#"photoshop:Credit="credit""#, "");
    let prefixed =
        |prefix: &[u8], content: &[u8]| segment(if prefix == b"" { 0xed } else { 0xe1 }, &[prefix, content].concat());
    let [iim, of_exif, xmp] = [
        prefixed(b"", &iim()),
        prefixed(b"Exif\0\0", &exif),
        prefixed(b"http://ns.adobe.com/xap/1.0/\0", xmp.as_bytes()),
    ];
    let from_iim = Metadata::default().credit("agency").rights("iim");
    assert_eq!(read(&jpeg(slice::from_ref(&iim))), from_iim);
    let from_exif = Metadata::default().creator(["Ann", "Bob"]).rights("© Ann; Editor");
    assert_eq!(read(&jpeg(&[iim.clone(), of_exif.clone()])), from_exif.clone().credit("agency"));
    assert_eq!(read(&jpeg(&[iim, of_exif, xmp])), from_exif.clone().credit("credit"));
    let rights = packet("", "<dc:rights>xmp</dc:rights>");
    let both = webp(&[(b"VP8L", b"a bitstream"), (b"EXIF", &exif), (b"XMP ", rights.as_bytes())]);
    assert_eq!(read(&both), from_exif.clone().rights("xmp"));
    assert_eq!(read(&webp(&[(b"VP8L", b"a bitstream"), (b"EXIF", &exif)])), from_exif);
    assert_eq!(read(&png(&[chunk(b"IHDR", b""), chunk(b"eXIf", &exif)])), from_exif);
}

#[test]
fn metadata_that_is_broken_hostile_or_cut_short_is_ignored() {
    let credit = r#"photoshop:Credit="credit""#;
    let whole = packet(credit, "");
    assert_eq!(read_packet(&whole), Metadata::default().credit("credit"));
    // Entities are declared in a DTD, which is refused.
    let bomb = whole.replace("<x:xmpmeta", r#"<!DOCTYPE x [<!ENTITY a "aaaa">]><x:xmpmeta"#);
    let padded = |length: usize| [&whole[..], &" ".repeat(length - whole.len())].concat();
    let deep = ["<a>".repeat(60_000), "</a>".repeat(20_000)].concat();
    let namespaces: String = (0..300).map(|n| format!("<dc:a xmlns:n{n}=\"{n}\"/>")).collect();
    let attributes: String = (0..9000).map(|n| format!(" n{n}=\"\"")).collect();
    for hostile in [
        bomb,
        padded((1 << 18) + 1),
        deep.clone(),
        packet(credit, &deep),
        packet(credit, &"<dc:a/>".repeat(17_000)),
        packet(credit, &namespaces),
        packet(&[credit, &attributes].concat(), ""),
        whole.replace("</x:xmpmeta>", ""),
        "\0".into(),
    ] {
        assert_eq!(read_packet(&hostile), Metadata::default(), "{}", &hostile[..hostile.len().min(300)]);
    }
    assert_eq!(read_packet(&padded(1 << 18)), Metadata::default().credit("credit"));
    // A compressed text that would be larger than a packet may be.
    let text = [b"XML:com.adobe.xmp\0\0", &compress_to_vec_zlib(padded(1 << 20).as_bytes(), 9)[..]].concat();
    assert_eq!(read(&png(&[chunk(b"IHDR", b""), chunk(b"zTXt", &text)])), Metadata::default());
    // Many authors, and long texts with control characters.
    let authors =
        packet("", &format!("<dc:creator><rdf:Seq>{}</rdf:Seq></dc:creator>", "<rdf:li>a</rdf:li>".repeat(30)));
    assert_eq!(read_packet(&authors).creator.len(), 20);
    let long = packet("", &format!("<photoshop:Credit>{}</photoshop:Credit>", "a&#x9;\u{85}b".repeat(600)));
    let found = read_packet(&long).credit.unwrap();
    assert!(found.starts_with("a ba b") && found.chars().count() == 1000);
}

#[test]
fn the_manifest_store_is_joined_from_its_segments() {
    let content = [b"\0\0\0\x20jumb\0\0\0\x10jumdc2pa", &[7; 12][..]].concat();
    let part = |number: u8, sequence: u8, content: &[u8]| {
        segment(0xeb, &[&b"JP\0"[..], &[number, 0, 0, 0, sequence], content].concat())
    };
    let head = &content[..8];
    let other = part(1, 1, b"\0\0\0\x20jumb\0\0\0\x10jumdjson");
    let parts =
        [other, part(2, 1, &content[..24]), part(1, 2, b"another box"), part(2, 2, &[head, &content[24..]].concat())];
    assert_eq!(manifest_store(&jpeg(&parts)), Some(content.clone()));
    assert_eq!(manifest_store(&png(&[chunk(b"IHDR", b""), chunk(b"caBX", &content)])), Some(content.clone()));
    assert_eq!(manifest_store(&webp(&[(b"VP8L", b"a bitstream"), (b"C2PA", &content)])), Some(content));
    assert_eq!(manifest_store(&jpeg(&picture::jpeg())), None);
}
