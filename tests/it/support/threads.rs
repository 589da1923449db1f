//! Work on a thread pool of a given size.

/// Runs `work` on a pool of `threads` threads. Without the feature `parallel` it runs on this thread.
/// Runs `work` in a pool with this many threads, or directly if the build has no threads.
pub(crate) fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    #[cfg(feature = "parallel")]
    return rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work);
    #[cfg(not(feature = "parallel"))]
    return (work(), threads).0;
}
