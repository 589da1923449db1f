//! Checks whether your own backend or store keeps its contract. Call them in tests. The backends and stores of this
//! crate pass them.
//!
//! A check returns the first law that is broken, with what was found. [`check_generator`] requests four images, which a
//! paid backend bills. [`check_store`] saves four answers. The store must be empty before.
//!
//! ```
//! use smart_resize::generate::local::LocalGenerator;
//! use smart_resize::generate::store::{MemoryStore, NoStore};
//! use smart_resize::generate::testing::{check_generator, check_store};
//! use smart_resize::model::Model;
//! # use smart_resize::{Size, Source};
//! # use smart_resize::pixels::Picture;
//!
//! # let photo = Source::from_picture(&Picture::from_rgb(Size::new(64, 48)?, vec![90; 64 * 48 * 3])?)?;
//! check_generator(&LocalGenerator::default(), &photo, &Model::default())?;
//! check_store(&MemoryStore::default())?;
//!
//! let broken = check_store(&NoStore).unwrap_err();
//! assert_eq!(broken.law, "a saved answer is loaded as it was saved");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a broken invariant must be loud")]

use std::error::Error;
use std::fmt::Display;

use super::error::{GenerateError, with_causes};
use super::generated::Generated;
use super::generator::{AsyncGenerator, Generator};
use super::request::GenerationRequest;
use super::store::{AsyncStore, Store, StoreError};
use crate::digest::Fingerprint;
use crate::geometry::focus::Reframing;
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::model::catalog::Model;
use crate::model::preset::Tier;
use crate::pixels::decode::{DecodeOptions, decode};
use crate::plan::content::Plan;
use crate::request::source::Source;
use crate::request::valid::Request;
use crate::size::Size;

/// A law of the contract that a backend or a store breaks.
///
/// ```
/// # use smart_resize::{Source, generate};
/// # use smart_resize::generate::Generated;
/// # use smart_resize::generate::testing::check_generator;
/// # use smart_resize::model::Model;
/// # let photo = Source::from_url("https://example.com/photo.jpg");
/// let backend = generate::from_fn(|_: &_| Ok(Generated::new("mine", [b"no picture".to_vec()])));
/// let broken = check_generator(&backend, &photo, &Model::default()).unwrap_err();
/// assert!(broken.to_string().starts_with("every image can be read: "));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{law}: {found}")]
#[non_exhaustive]
pub struct BrokenLaw {
    /// The law, as a sentence.
    pub law: &'static str,
    /// What was found instead.
    pub found: String,
}

/// Returns an error unless `holds`.
fn law(law: &'static str, holds: bool, found: impl Display) -> Result<(), BrokenLaw> {
    if holds { Ok(()) } else { Err(BrokenLaw { law, found: found.to_string() }) }
}

/// Requests four images of `photo` from `generator`, as a plan for `model` does, and checks the answers. The images are
/// two variants of the model's widest shape and two of its tallest.
///
/// ```
/// use smart_resize::generate::{Generated, from_fn};
/// use smart_resize::generate::local::LocalGenerator;
/// use smart_resize::generate::testing::check_generator;
/// use smart_resize::model::Model;
/// # use smart_resize::{Size, Source};
/// # use smart_resize::pixels::Picture;
/// # let photo = Source::from_picture(&Picture::from_rgb(Size::new(64, 48)?, vec![90; 64 * 48 * 3])?)?;
///
/// check_generator(&LocalGenerator::default(), &photo, &Model::default())?;
/// let nameless = from_fn(|_: &_| Ok(Generated::new("", [b"an image".to_vec()])));
/// let broken = check_generator(&nameless, &photo, &Model::default()).unwrap_err();
/// assert_eq!(broken.law, "the backend has a name");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`BrokenLaw`] if a call has no answer; the backend has no name; there is no image, or there are more than
/// requested; an image cannot be read; an image's shape differs by more than 3 % from the one requested; or more
/// images are billed than were requested.
pub fn check_generator<G>(generator: &G, photo: &Source, model: &Model) -> Result<(), BrokenLaw>
where
    G: Generator + ?Sized,
{
    requests(photo, model)?.iter().try_for_each(|request| check_answer(request, &generator.generate(request)))
}

/// As [`check_generator`], for an async generator.
///
/// ```
/// # use smart_resize::{Size, Source};
/// # use smart_resize::generate::local::LocalGenerator;
/// # use smart_resize::generate::testing::check_async_generator;
/// # use smart_resize::model::Model;
/// # use smart_resize::pixels::Picture;
/// # let photo = Source::from_picture(&Picture::from_rgb(Size::new(64, 48)?, vec![90; 64 * 48 * 3])?)?;
/// pollster::block_on(check_async_generator(&LocalGenerator::default(), &photo, &Model::default()))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`check_generator`].
pub async fn check_async_generator<G>(generator: &G, photo: &Source, model: &Model) -> Result<(), BrokenLaw>
where
    G: AsyncGenerator + ?Sized,
{
    for request in requests(photo, model)? {
        check_answer(&request, &generator.generate(&request).await)?;
    }
    Ok(())
}

/// Returns requests for two variants of the model's widest shape and of its tallest, in its default tier. A backend
/// that ignores the requested shape fails on these. All requests are of one plan, since a backend may distinguish calls
/// by their number in the plan.
fn requests(photo: &Source, model: &Model) -> Result<Vec<GenerationRequest>, BrokenLaw> {
    let tier = model.default_floor().or_else(|| model.tiers().first().copied());
    let usual = || model.presets().iter().filter(|preset| preset.tier == tier).map(|preset| preset.size);
    let wide = usual().max_by(|a, b| a.cmp_shape(*b)).expect("invariant: a tier has a preset");
    let tall = usual().min_by(|a, b| a.cmp_shape(*b)).expect("invariant: a tier has a preset");
    planned(photo, model, tier, &[wide, tall], 2)
}

/// Returns the requests of a plan for these sizes.
fn planned(
    source: &Source,
    model: &Model,
    floor: Option<Tier>,
    sizes: &[Size],
    variants: u32,
) -> Result<Vec<GenerationRequest>, BrokenLaw> {
    let unplanned = |error: &(dyn Error + 'static)| BrokenLaw {
        law: "the sizes of the model can be planned",
        found: with_causes(error),
    };
    let mut request = Request::builder(source.clone()).model(model.clone());
    if let Some(floor) = floor {
        request = request.floor(floor);
    }
    request = request.targets(sizes.iter().copied()).variants(variants).seed(7);
    let plan = Plan::new(&request.build().map_err(|error| unplanned(&error))?).map_err(|error| unplanned(&error))?;
    plan.requests(source).map_err(|error| unplanned(&error))
}

/// Checks the answer to one request.
fn check_answer(request: &GenerationRequest, answer: &Result<Generated, GenerateError>) -> Result<(), BrokenLaw> {
    let generated = match answer {
        Ok(generated) => generated,
        Err(error) => return law("a call has an answer", false, with_causes(error)),
    };
    law("the backend has a name", !generated.backend.trim().is_empty(), "an empty name")?;
    let (made, wanted) = (generated.images.len(), request.variants());
    law("there is an image", made > 0, "no image")?;
    let found = format!("{made} images, {wanted} requested");
    law("there are no more images than requested", made <= wanted as usize, found)?;
    let billed = generated.billed_images;
    let found = format!("{billed} billed, {wanted} requested");
    law("no more images are billed than requested", billed <= wanted, found)?;
    let preset = request.preset().size;
    for image in &generated.images {
        let size = match decode(image, &DecodeOptions::default()) {
            Ok(decoded) => decoded.picture.size(),
            Err(error) => return law("every image can be read", false, with_causes(&error)),
        };
        // A preset has the nearness 1 to itself, so the quotient is the nearness of the image as an exact fraction.
        let (part, whole) = size.nearness(preset).ratio_to(preset.nearness(preset));
        let found = format!("{size}, requested was {preset}");
        law("every image has the shape requested, within 3 %", part * 100 >= whole * 97, found.as_str())?;
        let sides = [(size.width(), preset.width()), (size.height(), preset.height())];
        let is_large = sides.iter().all(|(made, wanted)| made * 100 >= wanted * 97);
        law("every image has the size requested, or more, within 3 %", is_large, found)?;
    }
    Ok(())
}

/// Saves answers in `store`, which must be empty, and loads them.
///
/// ```
/// use smart_resize::generate::store::{MemoryStore, NoStore};
/// use smart_resize::generate::testing::check_store;
///
/// check_store(&MemoryStore::default())?;
/// assert_eq!(check_store(&NoStore).unwrap_err().law, "a saved answer is loaded as it was saved");
/// # Ok::<(), smart_resize::generate::testing::BrokenLaw>(())
/// ```
///
/// # Errors
///
/// [`BrokenLaw`] if the store fails; finds an answer that was not saved; does not load an answer as it was saved, with
/// images of any bytes, description, backend, billed images, reframing and plausibility; mixes two answers up; or
/// refuses to save an answer twice, or the answer to a request without a fingerprint.
pub fn check_store<S: Store + ?Sized>(store: &S) -> Result<(), BrokenLaw> {
    for (answer, step) in steps(&answers()) {
        match step {
            Step::FindNothing => check_absent(store.load(&answer.fingerprint))?,
            Step::Save => check_saved(store.save(&answer.request, &answer.generated))?,
            Step::Find => answer.check_loaded(store.load(&answer.fingerprint))?,
        }
    }
    let (request, generated) = nameless();
    check_saved(store.save(&request, &generated))
}

/// As [`check_store`], for an async store.
///
/// ```
/// use smart_resize::generate::store::{BlockingStore, MemoryStore};
/// use smart_resize::generate::testing::check_async_store;
///
/// pollster::block_on(check_async_store(&BlockingStore(MemoryStore::default())))?;
/// # Ok::<(), smart_resize::generate::testing::BrokenLaw>(())
/// ```
///
/// # Errors
///
/// As [`check_store`].
pub async fn check_async_store<S: AsyncStore + ?Sized>(store: &S) -> Result<(), BrokenLaw> {
    for (answer, step) in steps(&answers()) {
        match step {
            Step::FindNothing => check_absent(store.load(&answer.fingerprint).await)?,
            Step::Save => check_saved(store.save(&answer.request, &answer.generated).await)?,
            Step::Find => answer.check_loaded(store.load(&answer.fingerprint).await)?,
        }
    }
    let (request, generated) = nameless();
    check_saved(store.save(&request, &generated).await)
}

/// What the check of a store does with one answer.
#[derive(Clone, Copy)]
enum Step {
    /// Searches the answer, which must not be found.
    FindNothing,
    /// Saves the answer, which must succeed.
    Save,
    /// Searches the answer, which must be found as it was saved.
    Find,
}

/// Returns the steps of the check of a store, in order. The last step, the answer without a fingerprint, is not part of
/// them.
fn steps(answers: &[Answer]) -> impl Iterator<Item = (&Answer, Step)> {
    // Each answer is absent before it is saved and present after it. Then all answers are searched again, which shows
    // whether a later one has replaced an earlier one. A second save of an answer must succeed and change nothing.
    let rounds = [[Step::FindNothing, Step::Save, Step::Find], [Step::Find, Step::Save, Step::Find]];
    rounds.into_iter().flat_map(move |round| answers.iter().flat_map(move |answer| round.map(|step| (answer, step))))
}

/// A request, the answer to save for it, and its fingerprint.
struct Answer {
    fingerprint: Fingerprint,
    request: GenerationRequest,
    generated: Generated,
}

/// Makes the answers of three calls: two images with all byte values, a description with special characters, and a
/// reframing and a plausibility with no billed image.
fn answers() -> Vec<Answer> {
    // A mebibyte with all byte values reveals a store that treats images as text, or limits their length.
    let all_bytes: Vec<u8> = (0..=255_u8).cycle().take(1 << 20).collect();
    let size = Model::default().presets()[0].size;
    let whole = Rect::new(0, 0, size);
    let plain = Generated::new("one", [all_bytes.clone(), vec![0]]);
    // These characters need escapes in JSON or SQL, or several bytes in UTF-8.
    let described = Generated::new("two", [vec![1, 2, 3]]).description("a \"quote\",\nβ, 🖼 and \0");
    // Zero billed images differ from the default, so a store that leaves the number out is found.
    let reframed = Generated::new("three", [vec![7; 3]]).billed_images(0);
    let reframed = reframed.reframing(Reframing::new(size, whole, whole)).plausibility(PerMille::constant(613));
    let answer = |(request, generated): (GenerationRequest, _)| {
        let fingerprint = request.fingerprint().expect("invariant: a source of bytes has a digest");
        Answer { fingerprint, request, generated }
    };
    let requests = default_requests(&Source::from_bytes(all_bytes));
    requests.into_iter().zip([plain, described, reframed]).map(answer).collect()
}

/// Makes an answer to a request without a fingerprint.
fn nameless() -> (GenerationRequest, Generated) {
    let requests = default_requests(&Source::from_url("https://example.com/photo.jpg"));
    (requests[0].clone(), Generated::new("four", [vec![9]]))
}

/// Returns three requests to the default model.
fn default_requests(source: &Source) -> Vec<GenerationRequest> {
    let model = Model::default();
    let sizes: Vec<_> = model.presets()[..3].iter().map(|preset| preset.size).collect();
    planned(source, &model, None, &sizes, 1).expect("invariant: the default model covers its presets")
}

fn check_saved(result: Result<(), StoreError>) -> Result<(), BrokenLaw> {
    match result {
        Ok(()) => Ok(()),
        Err(error) => law("every answer can be saved", false, with_causes(&error)),
    }
}

fn check_absent(loaded: Result<Option<Generated>, StoreError>) -> Result<(), BrokenLaw> {
    match loaded {
        Ok(None) => Ok(()),
        Ok(Some(found)) => law("an answer that was not saved is not found", false, format!("{found:?}")),
        Err(error) => law("every answer can be looked up", false, with_causes(&error)),
    }
}

impl Answer {
    fn check_loaded(&self, loaded: Result<Option<Generated>, StoreError>) -> Result<(), BrokenLaw> {
        match loaded {
            Ok(Some(found)) if found == self.generated => Ok(()),
            Ok(found) => {
                let found = format!("{found:?}, saved was {:?}", self.generated);
                law("a saved answer is loaded as it was saved", false, found)
            }
            Err(error) => law("every answer can be looked up", false, with_causes(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::picture::Picture;

    #[test]
    fn an_image_may_differ_from_the_requested_shape_and_size_by_3_percent() {
        let photo = Source::from_bytes(*b"photo");
        let request = requests(&photo, &Model::default()).unwrap().remove(0);
        assert_eq!(request.preset().size, Size::new(1584, 672).unwrap());
        let broken = |width: u32, height: u32| {
            let size = Size::new(width, height).unwrap();
            let picture = Picture::from_rgb(size, vec![90; size.area() as usize * 3]).unwrap();
            let generated = Generated::from_pictures("m", [&picture]).unwrap();
            check_answer(&request, &Ok(generated)).err().map(|broken| broken.law)
        };
        let (shape, size) = (
            "every image has the shape requested, within 3 %",
            "every image has the size requested, or more, within 3 %",
        );
        assert_eq!([(1537, 672), (1537, 652)].map(|(width, height)| broken(width, height)), [None, None]);
        assert_eq!([(1536, 672), (1536, 652)].map(|(width, height)| broken(width, height)), [Some(shape), Some(size)]);
    }

    #[test]
    fn the_requests_are_for_the_widest_and_the_tallest_shape_of_the_default_tier() {
        let requests = requests(&Source::from_bytes(*b"photo"), &Model::default()).unwrap();
        let asked: Vec<_> = requests.iter().map(|one| (one.preset().to_string(), one.variants())).collect();
        assert_eq!(asked, [("21:9 1K".to_owned(), 2), ("9:16 1K".to_owned(), 2)]);
    }
}
