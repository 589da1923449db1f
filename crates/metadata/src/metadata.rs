//! The fields that name the author and the origin of a picture.

/// The author of a picture, its rights, and whether a model made it.
///
/// ```
/// use smart_resize_metadata::Metadata;
///
/// let metadata = Metadata::default().creator(["Ann Other"]).rights("© 2026 Ann Other");
/// assert!(!metadata.is_empty() && Metadata::default().is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Metadata {
    /// The authors: `dc:creator`, the EXIF tag Artist, or the IIM by-line.
    pub creator: Vec<String>,
    /// The copyright notice: `dc:rights`, the EXIF tag Copyright, or the IIM copyright notice.
    pub rights: Option<String>,
    /// The credit line that has to be shown with the picture: `photoshop:Credit`, or the IIM credit.
    pub credit: Option<String>,
    /// The original owner or the agency: `photoshop:Source`, or the IIM source.
    pub source: Option<String>,
    /// Whether rights are reserved: `xmpRights:Marked`. `Some(false)` means public domain.
    pub marked: Option<bool>,
    /// The URL of a page with the rights: `xmpRights:WebStatement`.
    pub web_statement: Option<String>,
    /// How the picture may be used: `xmpRights:UsageTerms`.
    pub usage_terms: Option<String>,
    /// The owners of the rights: `xmpRights:Owner`.
    pub owner: Vec<String>,
    /// The title: `dc:title`.
    pub title: Option<String>,
    /// How the picture came about, as a URI of the IPTC: `Iptc4xmpExt:DigitalSourceType`.
    pub digital_source_type: Option<String>,
    /// The name of the AI system that made the picture: `Iptc4xmpExt:AISystemUsed`.
    pub ai_system: Option<String>,
}

/// Writes a setter for each of the optional texts.
macro_rules! setters {
    ($($field:ident),+) => {
        $(
            #[doc = concat!("Sets the field `", stringify!($field), "`.")]
            #[must_use]
            pub fn $field(mut self, text: impl Into<String>) -> Self {
                self.$field = Some(text.into());
                self
            }
        )+
    };
}

impl Metadata {
    setters! { rights, credit, source, web_statement, usage_terms, title, digital_source_type, ai_system }

    /// Sets the authors.
    #[must_use]
    pub fn creator<T: Into<String>>(mut self, authors: impl IntoIterator<Item = T>) -> Self {
        self.creator = authors.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the owners of the rights.
    #[must_use]
    pub fn owner<T: Into<String>>(mut self, owners: impl IntoIterator<Item = T>) -> Self {
        self.owner = owners.into_iter().map(Into::into).collect();
        self
    }

    /// Sets whether rights are reserved.
    #[must_use]
    pub const fn marked(mut self, marked: bool) -> Self {
        self.marked = Some(marked);
        self
    }

    /// Whether no field has a value.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Fills each field that has no value from `other`.
    ///
    /// ```
    /// use smart_resize_metadata::Metadata;
    ///
    /// let (first, second) = (Metadata::default().rights("first"), Metadata::default().rights("second").credit("second"));
    /// assert_eq!(first.or(second), Metadata::default().rights("first").credit("second"));
    /// ```
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let list = |own: Vec<String>, other| if own.is_empty() { other } else { own };
        Self {
            creator: list(self.creator, other.creator),
            rights: self.rights.or(other.rights),
            credit: self.credit.or(other.credit),
            source: self.source.or(other.source),
            marked: self.marked.or(other.marked),
            web_statement: self.web_statement.or(other.web_statement),
            usage_terms: self.usage_terms.or(other.usage_terms),
            owner: list(self.owner, other.owner),
            title: self.title.or(other.title),
            digital_source_type: self.digital_source_type.or(other.digital_source_type),
            ai_system: self.ai_system.or(other.ai_system),
        }
    }
}
