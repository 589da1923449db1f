//! Reads an XMP packet (ISO 16684-1): RDF in XML.
//!
//! A property is a child element or an attribute of `rdf:Description`. Its value is the element's text, its attribute
//! `rdf:resource`, or the items of an `rdf:Seq`, `rdf:Bag` or `rdf:Alt`. If a text is there in several languages, the default
//! one counts, and otherwise the first.
//!
//! The packet is untrusted. A packet above one of the limits is ignored. They keep the tree small, and also the work, which
//! grows with the square of the number of attributes and of namespaces. Documents with a DTD, which declares entities, are
//! refused.

use std::str;

use roxmltree::{Document, Node, ParsingOptions};

use crate::iim::MAX_CREATORS;
use crate::metadata::Metadata;
use crate::text;

/// The largest packet, in bytes.
pub(crate) const MAX_PACKET: usize = 1 << 18;
const MAX_NODES: u32 = 1 << 14;
const MAX_ATTRIBUTES: usize = 1 << 13;
const MAX_NAMESPACES: usize = 1 << 8;

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const DC: &str = "http://purl.org/dc/elements/1.1/";
const RIGHTS: &str = "http://ns.adobe.com/xap/1.0/rights/";
pub(crate) const PHOTOSHOP: &str = "http://ns.adobe.com/photoshop/1.0/";
pub(crate) const IPTC: &str = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";

/// Reads the fields of a packet. A packet that cannot be read has none.
pub(crate) fn read(packet: &[u8]) -> Metadata {
    let mut found = Metadata::default();
    let Some(text) = bounded(packet) else { return found };
    let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let Ok(document) = Document::parse_with_options(text, options) else { return found };
    let descriptions = document.descendants().filter(|node| node.has_tag_name((RDF, "Description")));
    // Descriptions inside a property, such as that of an ingredient, say nothing about the picture.
    for description in descriptions.filter(|node| node.parent().is_some_and(|parent| parent.has_tag_name((RDF, "RDF"))))
    {
        for attribute in description.attributes() {
            let value = || text::clean(attribute.value()).into_iter().collect();
            set(&mut found, attribute.namespace(), attribute.name(), value);
        }
        for property in description.children().filter(Node::is_element) {
            let name = property.tag_name();
            set(&mut found, name.namespace(), name.name(), || values(property));
        }
    }
    found
}

/// Returns the text of a packet within the limits, without padding.
fn bounded(packet: &[u8]) -> Option<&str> {
    let packet = packet.get(..MAX_PACKET + 1).map_or(Some(packet), |_| None)?;
    let text = str::from_utf8(packet).ok()?.trim_end_matches(|c: char| c == '\0' || c.is_whitespace());
    let is_within = |pattern: &str, most: usize| text.matches(pattern).nth(most).is_none();
    (is_within("=", MAX_ATTRIBUTES) && is_within("xmlns", MAX_NAMESPACES)).then_some(text)
}

/// Sets the field of a property, unless it has a value.
fn set(found: &mut Metadata, namespace: Option<&str>, name: &str, values: impl FnOnce() -> Vec<String>) {
    let field = match (namespace, name) {
        (Some(DC), "creator") if found.creator.is_empty() => return found.creator = values(),
        (Some(RIGHTS), "Owner") if found.owner.is_empty() => return found.owner = values(),
        (Some(RIGHTS), "Marked") => {
            let value = values().into_iter().next();
            let read = value.and_then(|value| match value.to_ascii_lowercase().as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            });
            found.marked = found.marked.or(read);
            return;
        }
        (Some(DC), "rights") => &mut found.rights,
        (Some(DC), "title") => &mut found.title,
        (Some(PHOTOSHOP), "Credit") => &mut found.credit,
        (Some(PHOTOSHOP), "Source") => &mut found.source,
        (Some(RIGHTS), "WebStatement") => &mut found.web_statement,
        (Some(RIGHTS), "UsageTerms") => &mut found.usage_terms,
        (Some(IPTC), "DigitalSourceType") => &mut found.digital_source_type,
        (Some(IPTC), "AISystemUsed") => &mut found.ai_system,
        _ => return,
    };
    if field.is_none() {
        *field = values().into_iter().next();
    }
}

/// Returns the values of a property.
fn values(property: Node<'_, '_>) -> Vec<String> {
    let value =
        |node: Node<'_, '_>| text::clean(node.attribute((RDF, "resource")).or_else(|| node.text()).unwrap_or_default());
    let is_array = |node: &Node<'_, '_>| ["Seq", "Bag", "Alt"].iter().any(|name| node.has_tag_name((RDF, *name)));
    let Some(array) = property.children().find(is_array) else { return value(property).into_iter().collect() };
    let items = || array.children().filter(|node| node.has_tag_name((RDF, "li")));
    let language =
        |node: &Node<'_, '_>| node.attribute(("http://www.w3.org/XML/1998/namespace", "lang")) == Some("x-default");
    let default = items().find(language).and_then(value);
    let others = items().filter(|node| !language(node)).filter_map(value);
    default.into_iter().chain(others).take(MAX_CREATORS).collect()
}
