//! Finds uv, and installs a pinned one where there is none.
