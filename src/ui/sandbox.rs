//! What is different in the sandbox of flatpak.
//!
//! Source: the documentation of `org.freedesktop.portal.Documents`, and `flatpak-run(1)`.

use std::path::Path;

/// Whether the program runs in it. What is written elsewhere than into the program's own folders, or folders that the
/// person has chosen, is gone when it ends.
pub(super) fn is_around() -> bool {
    Path::new("/.flatpak-info").exists()
}

/// A folder as people know it. One that was chosen outside of the sandbox is seen at `/run/user/UID/doc/ID/NAME`, or
/// `/run/flatpak/doc/ID/NAME`, inside; of that, only what begins with the name says anything.
pub(super) fn shown(folder: &Path) -> String {
    document(folder).unwrap_or(folder).display().to_string()
}

fn document(folder: &Path) -> Option<&Path> {
    let within = folder.strip_prefix("/run/flatpak/doc").ok().or_else(|| {
        let mut parts = folder.strip_prefix("/run/user").ok()?.components();
        parts.next()?;
        parts.as_path().strip_prefix("doc").ok()
    })?;
    let mut parts = within.components();
    parts.next()?;
    Some(parts.as_path()).filter(|named| named.file_name().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_of_the_portal_is_shown_by_its_name() {
        for (folder, words) in [
            ("/run/user/1000/doc/9f3c01ab/Shared", "Shared"),
            ("/run/flatpak/doc/9f3c01ab/Shared/by me", "Shared/by me"),
            ("/run/user/1000/doc/9f3c01ab", "/run/user/1000/doc/9f3c01ab"),
            ("/run/user/1000/doc", "/run/user/1000/doc"),
            ("/run/user/1000/gvfs/smb-share", "/run/user/1000/gvfs/smb-share"),
            ("/home/ann/doc/a/b", "/home/ann/doc/a/b"),
            ("/", "/"),
        ] {
            assert_eq!(shown(Path::new(folder)), words);
        }
    }
}
