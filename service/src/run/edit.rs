//! A request to an edit endpoint, answered by the built-in generator. With it, a service can be the upstream of a
//! service, even its own.

use bytes::Bytes;
use serde_json::{Value, json};
use smart_resize::generate::Generated;
use smart_resize::generate::local::LocalGenerator;
use smart_resize::model::{Preset, Tier};
use smart_resize::pixels::decode::probe;
use smart_resize::wire::fal::{DetailEntry, EditInput, EditModel, EditOutput, ErrorBody, ErrorType, ImageFile, Loc};
use smart_resize::{Format, Generator as _, Plan, Request, Source};

use super::source::{BLOB, size_of};
use super::{JobError, Runner, internal, on_cpu};
use crate::job::Job;

impl Runner {
    pub(super) async fn edit(&self, job: &Job, model: EditModel) -> Result<Value, JobError> {
        let input = edit_input(&job.input)?;
        let loc = [Loc::from("body"), Loc::from("image_urls"), Loc::from(0)];
        let image_url = input.image_urls.first().cloned().unwrap_or_default();
        let source = self.source_of(job, &image_url, &loc).await?;
        let preset = preset(model, &input, &source)?;
        let plan = plan(model, &input, &source, preset)?;
        let requests =
            plan.requests(&source).map_err(|error| internal("the calls of an edit request cannot be built", &error))?;
        let mut images = Vec::new();
        let mut description = String::new();
        for request in requests {
            let made = on_cpu(move || LocalGenerator::default().generate(&request)).await;
            let made = made.map_err(|error| internal("the built-in generator failed", &error))?;
            let made: Generated = made.map_err(|error| internal("the built-in generator failed", &error))?;
            description = made.description.unwrap_or_default();
            for bytes in made.images {
                images.push(self.file(&bytes, images.len()).await?);
            }
        }
        let output = serde_json::to_value(EditOutput::new(images, description));
        output.map_err(|error| JobError::Answer(internal("an output cannot be encoded", &error)))
    }

    async fn file(&self, bytes: &std::sync::Arc<[u8]>, index: usize) -> Result<ImageFile, JobError> {
        let format = Format::sniff(bytes).unwrap_or_default();
        let name = format!("{index}.{}", format.extension());
        let digest = self.store.put_blob(Bytes::from_owner(bytes.clone())).await?;
        let mut file = ImageFile::at(format!("{BLOB}{digest}/{name}"));
        file.content_type = Some(format.media_type().to_owned());
        file.file_name = Some(name);
        file.file_size = Some(bytes.len() as u64);
        if let Ok(found) = probe(bytes, &self.decode_limits()) {
            (file.width, file.height) = (Some(found.size.width()), Some(found.size.height()));
        }
        Ok(file)
    }
}

/// Reads the input of an edit endpoint.
///
/// # Errors
///
/// [`ErrorBody`] with the missing fields, or with an error located at the body.
pub(crate) fn edit_input(body: &Value) -> Result<EditInput, ErrorBody> {
    let refused =
        |msg: String| ErrorBody::from(DetailEntry::new(ErrorType::ValueError, [Loc::from("body")], msg, &json!({})));
    let absent = |field: &'static str| {
        let loc = [Loc::from("body"), Loc::from(field)];
        body.get(field).is_none().then(|| DetailEntry::new(ErrorType::Missing, loc, "Field required", body))
    };
    let missing: Vec<_> = ["prompt", "image_urls"].into_iter().filter_map(absent).collect();
    if !missing.is_empty() {
        return Err(missing.into());
    }
    let input: EditInput =
        serde_json::from_value(body.clone()).map_err(|error| refused(format!("Value error, {error}")))?;
    let chars = input.prompt.chars().count();
    let is_plain =
        (3..=50_000).contains(&chars) && (1..=4).contains(&input.num_images) && input.aspect_ratio.len() <= 20;
    if input.image_urls.is_empty() || !is_plain {
        let expected = "a prompt of 3 to 50000 characters, an image URL, 1 to 4 images and an aspect ratio";
        return Err(refused(format!("Value error, expected {expected}")));
    }
    Ok(input)
}

fn preset(model: EditModel, input: &EditInput, source: &Source) -> Result<Preset, JobError> {
    let model = model.model();
    let tier = input.resolution.or_else(|| model.has(Tier::K1).then_some(Tier::K1));
    let rows = model.presets().iter().filter(|preset| preset.tier == tier);
    let size = size_of(source)?;
    let found = if input.aspect_ratio == "auto" {
        rows.max_by_key(|preset| preset.size.nearness(size))
    } else {
        let ratio = input.aspect_ratio.parse::<smart_resize::model::AspectRatio>().ok();
        ratio.and_then(|ratio| rows.clone().find(|preset| preset.ratio == Some(ratio)))
    };
    found.copied().ok_or_else(|| {
        let msg = format!("Value error, {} has no preset of ratio {}", model.name(), input.aspect_ratio);
        let loc = [Loc::from("body"), Loc::from("aspect_ratio")];
        DetailEntry::new(ErrorType::LiteralError, loc, msg, &input.aspect_ratio.as_str().into()).into()
    })
}

/// Makes a plan of one generation at `preset`.
fn plan(model: EditModel, input: &EditInput, source: &Source, preset: Preset) -> Result<Plan, JobError> {
    let builder = Request::builder(source.clone())
        .sizes([preset.size.to_string()])
        .model(model.model())
        .variants(input.num_images)
        .transfer_format(input.output_format);
    let builder = match preset.tier {
        Some(tier) => builder.floor(tier),
        None => builder,
    };
    let failed = |error: &(dyn std::error::Error + 'static)| {
        JobError::Answer(internal("the plan of an edit request failed", error))
    };
    let request = builder.build().map_err(|error| failed(&error))?;
    Plan::new(&request).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn input(field: &str, value: Value) -> Result<EditInput, ErrorBody> {
        let mut body = json!({"prompt": "wider", "image_urls": ["https://a/b"]});
        body[field] = value;
        edit_input(&body)
    }

    #[test]
    fn the_prompt_of_an_edit_has_3_to_50000_characters() {
        for (count, is_valid) in [(2, false), (3, true), (50_000, true), (50_001, false)] {
            assert_eq!(input("prompt", "\u{e9}".repeat(count).into()).is_ok(), is_valid, "{count}");
        }
    }

    #[test]
    fn an_edit_makes_1_to_4_images() {
        for (count, is_valid) in [(0, false), (1, true), (4, true), (5, false)] {
            assert_eq!(input("num_images", count.into()).is_ok(), is_valid, "{count}");
        }
    }

    #[test]
    fn the_aspect_ratio_of_an_edit_has_at_most_20_bytes() {
        assert!(input("aspect_ratio", "1".repeat(20).into()).is_ok());
        assert!(input("aspect_ratio", "1".repeat(21).into()).is_err());
    }

    #[test]
    fn an_edit_needs_an_image_url() {
        assert!(input("image_urls", json!([])).is_err());
    }

    #[test]
    fn each_missing_field_of_an_edit_has_an_error_of_its_own() {
        let missing = |body: Value| {
            let errors = edit_input(&body).unwrap_err();
            assert!(errors.entries().iter().all(|entry| entry.error_type == ErrorType::Missing));
            errors.entries().iter().map(|entry| entry.loc[1].to_string()).collect::<Vec<_>>()
        };
        assert_eq!(missing(json!({})), ["prompt", "image_urls"]);
        assert_eq!(missing(json!({"prompt": ""})), ["image_urls"]);
        assert_eq!(missing(json!({"image_urls": 7})), ["prompt"]);
    }

    fn preset_of(model: EditModel, fields: &Value) -> Option<String> {
        let mut body = json!({"prompt": "wider", "image_urls": ["https://a/b"]});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let found = preset(model, &edit_input(&body).unwrap(), &testing::source());
        found.ok().map(|preset| preset.to_string())
    }

    #[test]
    fn the_preset_of_an_edit_has_its_ratio_and_its_resolution_or_1k() {
        let model = EditModel::NanoBanana2;
        assert_eq!(preset_of(model, &json!({"aspect_ratio": "16:9"})).as_deref(), Some("16:9 1K"));
        let large = json!({"aspect_ratio": "16:9", "resolution": "4K"});
        assert_eq!(preset_of(model, &large).as_deref(), Some("16:9 4K"));
        // A model without tiers.
        assert_eq!(preset_of(EditModel::NanoBanana, &json!({"aspect_ratio": "16:9"})).as_deref(), Some("16:9"));
        for ratio in ["7:5", "wide"] {
            assert_eq!(preset_of(model, &json!({"aspect_ratio": ratio})), None, "{ratio}");
        }
    }

    #[test]
    fn the_preset_of_an_edit_with_the_ratio_auto_is_the_nearest_to_its_source() {
        // The source has 120x90 pixels.
        assert_eq!(preset_of(EditModel::NanoBanana2, &json!({})).as_deref(), Some("4:3 1K"));
    }

    #[test]
    fn an_edit_is_one_generation_at_its_preset_with_the_requested_images() {
        let model = EditModel::NanoBanana2;
        let fields = json!({"prompt": "wider", "image_urls": ["https://a/b"], "num_images": 3, "aspect_ratio": "21:9"});
        let (input, source) = (edit_input(&fields).unwrap(), testing::source());
        let preset = preset(model, &input, &source).unwrap();
        let plan = plan(model, &input, &source, preset).unwrap();
        assert_eq!(plan.generations().len(), 1);
        assert_eq!(*plan.generations()[0].preset(), preset);
        let images: u32 =
            plan.requests(&source).unwrap().iter().map(smart_resize::generate::GenerationRequest::variants).sum();
        assert_eq!(images, 3);
    }

    #[tokio::test]
    async fn the_files_of_an_edit_are_numbered_and_tell_their_size() {
        let (_folder, service) = testing::service(&[]).await;
        let bytes = testing::picture(5, 4);
        let file = service.runner.file(&bytes.clone().into(), 3).await.unwrap();
        let blob = smart_resize::plan::Digest::of(&bytes);
        let expected = json!({
            "url": format!("blob:{blob}/3.png"),
            "content_type": "image/png",
            "file_name": "3.png",
            "file_size": bytes.len(),
            "width": 5,
            "height": 4,
        });
        assert_eq!(serde_json::to_value(file).unwrap(), expected);
    }
}
