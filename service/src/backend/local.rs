//! The built-in generator on blocking threads, at most as many as there are processors.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use smart_resize::Generator;
use smart_resize::generate::local::LocalGenerator;
use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

#[derive(Debug)]
pub(super) struct Local {
    generator: LocalGenerator,
    processors: Arc<Semaphore>,
}

impl Local {
    pub(super) fn new() -> Self {
        let processors = available_parallelism().map_or(1, NonZeroUsize::get);
        Self { generator: LocalGenerator::default(), processors: Arc::new(Semaphore::new(processors)) }
    }

    pub(super) async fn call(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
        let stopped =
            |error: &dyn std::fmt::Display| GenerateError::new(GenerateErrorKind::Transport, error.to_string());
        let permit = Arc::clone(&self.processors).acquire_owned().await.map_err(|error| stopped(&error))?;
        let (generator, request) = (self.generator.clone(), request.clone());
        // The permit moves to the thread, since the work continues when its future is dropped.
        let work = spawn_blocking(move || {
            let generated = Generator::generate(&generator, &request);
            drop(permit);
            generated
        });
        work.await.map_err(|error| stopped(&error))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn at_most_as_many_local_calls_run_as_there_are_processors() {
        let local = Local::new();
        let processors = available_parallelism().unwrap().get();
        assert_eq!(local.processors.available_permits(), processors);
        let all = local.processors.acquire_many(u32::try_from(processors).unwrap()).await.unwrap();
        let request = crate::testing::request();
        let mut call = std::pin::pin!(local.call(&request));
        assert!(futures_util::poll!(&mut call).is_pending());
        assert_eq!(local.processors.available_permits(), 0);
        drop(all);
        assert_eq!(call.await.unwrap().images.len(), 1);
        assert_eq!(local.processors.available_permits(), processors);
    }
}
