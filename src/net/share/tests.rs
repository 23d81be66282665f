use std::fs;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

use super::*;
use crate::protocol::ident::UserName;

/// A folder to share, beside things that are not.
struct Place {
    all: TempDir,
}

impl Place {
    fn new() -> Self {
        let all = tempfile::tempdir().unwrap();
        fs::create_dir_all(all.path().join("share/sub/deeper")).unwrap();
        fs::write(all.path().join("secret.txt"), "secret").unwrap();
        fs::write(all.path().join("share2.txt"), "secret").unwrap();
        let place = Self { all };
        place.write("a.txt", "a");
        place.write("sub/b.txt", "b");
        place
    }

    fn folder(&self) -> PathBuf {
        self.all.path().join("share")
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.folder().join(name), content).unwrap();
    }

    fn share(&self) -> Share {
        let share = Share::open(&self.folder()).unwrap();
        share.list().unwrap();
        share
    }
}

fn content(file: SharedFile) -> String {
    io::read_to_string(file.file).unwrap()
}

/// Gets a file by its name, in the two ways that there are, which agree.
fn read(share: &Share, name: &str) -> Result<String, ShareError> {
    let at_hand = share.read_at_hand(name);
    let opened = share.open_file(name).map(content);
    match &opened {
        Ok(content) => assert!(at_hand.is_none_or(|bytes| bytes == content.as_bytes()), "{name:?}"),
        Err(error) => assert!(at_hand.is_none(), "{name:?}: {error}"),
    }
    opened
}

/// Names that must lead nowhere. `{secret}` is the absolute path of a file beside the share.
const TRAVERSALS: &[&str] = &[
    "",
    ".",
    "..",
    "/",
    "//",
    "./a.txt",
    "../secret.txt",
    "../share/a.txt",
    "../share2.txt",
    "sub/../../secret.txt",
    "sub/../a.txt",
    "sub/./b.txt",
    "sub//b.txt",
    "sub/deeper/../../../secret.txt",
    "....//secret.txt",
    ".../secret.txt",
    "..;/secret.txt",
    ".. /secret.txt",
    "../secret.txt\0.txt",
    "a.txt\0",
    "a.txt/",
    "a.txt/.",
    "a.txt/..",
    "/a.txt",
    "{secret}",
    "/{secret}",
    "file://{secret}",
    "/etc/passwd",
    "//etc/passwd",
    "/proc/self/environ",
    "/proc/self/root/etc/passwd",
    "/dev/zero",
    "~/.bashrc",
    "$HOME/.bashrc",
    "..\\secret.txt",
    "..\\..\\secret.txt",
    "sub\\..\\..\\secret.txt",
    "C:\\Windows\\win.ini",
    "\\\\server\\share\\secret.txt",
    "%2e%2e/secret.txt",
    "%2e%2e%2fsecret.txt",
    "..%2fsecret.txt",
    "..%c0%afsecret.txt",
    "\u{ff0e}\u{ff0e}/secret.txt",
    "\u{2025}/secret.txt",
    "..\u{2215}secret.txt",
    "a.txt\n",
    "a.txt\r\n../secret.txt",
    "sub",
    "sub/",
    "sub/deeper",
    "out.txt",
    "out",
    "out/secret.txt",
    "up/secret.txt",
    "absolute.txt",
    "loop",
    "loop/a.txt",
    "dangling",
    "pipe",
    "socket",
    "null",
    "pipe-link",
    ".hidden.txt",
    ".hidden/a.txt",
    ".a.txt.12345678.klatch-part",
    "b.klatch-part",
    "to-hidden.txt",
    "to-hidden/a.txt",
    "sub/to-hidden/a.txt",
    "to-link/a.txt",
    "to-part",
    "no such file",
    "sub/no such file",
    "no such folder/a.txt",
];

/// A place with every link and special file that could lead out or make somebody wait.
fn treacherous() -> Place {
    let place = Place::new();
    let folder = place.folder();
    symlink("../secret.txt", folder.join("out.txt")).unwrap();
    symlink("..", folder.join("out")).unwrap();
    symlink("sub/../..", folder.join("up")).unwrap();
    symlink(place.all.path().join("secret.txt"), folder.join("absolute.txt")).unwrap();
    symlink("loop", folder.join("loop")).unwrap();
    symlink("nowhere", folder.join("dangling")).unwrap();
    symlink("/dev/null", folder.join("null")).unwrap();
    symlink("pipe", folder.join("pipe-link")).unwrap();
    mknodat(CWD, folder.join("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    drop(UnixListener::bind(folder.join("socket")).unwrap());
    fs::create_dir(folder.join(".hidden")).unwrap();
    for name in [".hidden.txt", ".hidden/a.txt", ".a.txt.12345678.klatch-part", "b.klatch-part"] {
        place.write(name, "secret");
    }
    for (target, link) in [
        (".hidden.txt", "to-hidden.txt"),
        (".hidden", "to-hidden"),
        ("../.hidden", "sub/to-hidden"),
        ("to-hidden", "to-link"),
        ("b.klatch-part", "to-part"),
    ] {
        symlink(target, folder.join(link)).unwrap();
    }
    place
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let place = treacherous();
    let share = place.share();
    let secret = place.all.path().join("secret.txt");
    for name in TRAVERSALS {
        let name = name.replace("{secret}", secret.to_str().unwrap());
        let opened = read(&share, &name);
        assert!(matches!(opened, Err(ShareError::NoFile | ShareError::Unreadable(_))), "{name:?}: {opened:?}");
        assert_eq!(share.lookup(&name), NameMatch::Unknown, "{name:?}");
    }
    for length in [300, 5_000, 1 << 20] {
        assert!(read(&share, &"x".repeat(length)).is_err());
        assert!(read(&share, &"x/".repeat(length)).is_err());
        assert!(read(&share, &"../".repeat(length)).is_err());
    }
}

#[test]
fn only_what_can_be_got_is_listed() {
    let place = treacherous();
    let folder = place.folder();
    symlink("sub/b.txt", folder.join("inside.txt")).unwrap();
    symlink("sub", folder.join("folder-link")).unwrap();
    place.write("two\nlines", "");
    fs::write(folder.join(std::ffi::OsStr::from_bytes(b"Zo\xeb")), "").unwrap();
    let share = Share::open(&folder).unwrap();
    let listing = share.list().unwrap();
    assert_eq!(*listing.names, ["a.txt", "inside.txt", "sub/b.txt"].map(String::from));
    assert_eq!((listing.unfit, listing.is_cut), (2, false));
    for (name, text) in [("a.txt", "a"), ("inside.txt", "b"), ("sub/b.txt", "b")] {
        assert_eq!(read(&share, name).unwrap(), text);
    }
}

#[test]
fn a_file_that_has_become_something_else_is_not_read() {
    let place = Place::new();
    let share = place.share();
    let path = place.folder().join("a.txt");
    fs::remove_file(&path).unwrap();
    symlink("../secret.txt", &path).unwrap();
    assert!(read(&share, "a.txt").is_err());
    fs::remove_file(&path).unwrap();
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    assert!(matches!(read(&share, "a.txt"), Err(ShareError::NoFile)));
    fs::remove_dir_all(place.folder().join("sub")).unwrap();
    symlink("..", place.folder().join("sub")).unwrap();
    assert!(read(&share, "sub/secret.txt").is_err());
}

#[test]
fn a_new_file_can_be_got_before_it_is_listed() {
    let place = Place::new();
    let share = place.share();
    place.write("new.txt", "new");
    assert_eq!(share.lookup("new.txt"), NameMatch::Unknown);
    assert_eq!(read(&share, "new.txt").unwrap(), "new");
    share.list().unwrap();
    assert_eq!(share.lookup("new.txt"), NameMatch::Exact);
}

#[test]
fn a_name_that_another_continues_is_told() {
    let place = Place::new();
    for name in ["a", "a.txt.gz", "a-1", "sub/b"] {
        place.write(name, "");
    }
    let share = place.share();
    for (name, found) in [
        ("a", NameMatch::Continued),
        ("a.txt", NameMatch::Continued),
        ("a.txt.gz", NameMatch::Exact),
        ("a-1", NameMatch::Exact),
        ("sub/b", NameMatch::Continued),
        ("sub", NameMatch::Unknown),
        ("a.tx", NameMatch::Unknown),
    ] {
        assert_eq!(share.lookup(name), found, "{name}");
    }
}

#[test]
fn a_folder_that_is_gone_or_replaced_is_told() {
    let place = Place::new();
    let folder = place.folder();
    let share = place.share();
    fs::rename(&folder, place.all.path().join("elsewhere")).unwrap();
    assert!(matches!(share.list(), Err(ShareError::FolderGone(_))));
    fs::create_dir(&folder).unwrap();
    place.write("private.txt", "");
    assert!(matches!(share.list(), Err(ShareError::FolderGone(_))));
    assert!(matches!(read(&share, "private.txt"), Err(ShareError::FolderGone(_))));
    assert!(matches!(read(&share, "a.txt"), Err(ShareError::FolderGone(_))));
    assert!(matches!(Share::open(&folder.join("private.txt")), Err(ShareError::NoFolder { .. })));
    assert!(matches!(Share::open(&folder.join("nowhere")), Err(ShareError::NoFolder { .. })));
}

#[test]
fn a_list_has_limits() {
    let place = Place::new();
    let deep = "d/".repeat(DEPTH - 1);
    fs::create_dir_all(place.folder().join(&deep).join("too deep")).unwrap();
    place.write(&format!("{deep}deep.txt"), "");
    place.write(&format!("{deep}too deep/file.txt"), "");
    let share = place.share();
    let listing = share.list().unwrap();
    assert!(listing.is_cut);
    assert_eq!(listing.names.len(), 3);
    assert!(read(&share, &format!("{deep}deep.txt")).is_ok());
    assert!(matches!(read(&share, &format!("{deep}too deep/file.txt")), Err(ShareError::NoFile)));
}

#[test]
fn small_files_are_read_at_once_where_the_kernel_has_them() {
    let place = Place::new();
    let small = "x".repeat(usize::try_from(SMALL).unwrap());
    for (name, content) in [("empty", ""), ("small", &small), ("large", &format!("{small}x"))] {
        place.write(name, content);
    }
    let share = place.share();
    for name in ["a.txt", "sub/b.txt", "empty", "small"] {
        // What has just been written is in memory, so only another kind of file system is a reason to wait.
        assert_eq!(share.read_at_hand(name).is_some(), share.0.reading.is_some(), "{name}");
        read(&share, name).unwrap();
    }
    assert!(share.read_at_hand("large").is_none());
}

/// Somebody is at this address alone.
fn is(there: IpAddr) -> impl Fn(IpAddr) -> bool {
    move |address| address == there
}

#[test]
fn an_offer_is_for_one_person() {
    let place = Place::new();
    let (bob, eve) = (UserName::received("bob"), UserName::received("eve"));
    let secret = place.all.path().join("secret.txt");
    let other = place.folder().join("sub/secret.txt");
    fs::write(&other, "other").unwrap();
    let mut offers = Offers::default();
    let at = |last: u8| IpAddr::from([10, 0, 0, last]);
    let add = |offers: &mut Offers, path: &Path| offers.add(&bob, vec![at(2)], path, |_| false).name;
    assert_eq!(add(&mut offers, &secret), "secret.txt");
    assert_eq!(add(&mut offers, &secret), "secret.txt");
    assert_eq!(add(&mut offers, &other), "secret (2).txt");
    assert_eq!(offers.find(&bob, "secret.txt", is(at(2))), Some(secret.as_path()));
    assert_eq!(offers.find(&bob, "secret (2).txt", is(at(2))), Some(other.as_path()));
    assert_eq!(offers.find(&eve, "secret.txt", is(at(2))), None);
    assert_eq!(offers.find(&bob, secret.to_str().unwrap(), is(at(2))), None);
    assert_eq!(offers.lookup(&bob, "secret.txt"), NameMatch::Exact);
    assert_eq!(offers.lookup(&eve, "secret.txt"), NameMatch::Unknown);
    assert_eq!(content(SharedFile::open(&secret).unwrap()), "secret");
    offers.withdraw(&bob, "secret.txt");
    assert_eq!(offers.find(&bob, "secret.txt", is(at(2))), None);
    assert_eq!(offers.lookup(&bob, "secret.txt"), NameMatch::Exact, "whoever asks is told that it is none");
    assert_eq!(add(&mut offers, &secret), "secret.txt");
    assert_eq!(offers.find(&bob, "secret.txt", is(at(2))), Some(secret.as_path()));
    for no_file in [place.folder(), "/dev/null".into()] {
        assert!(matches!(SharedFile::open(&no_file), Err(ShareError::NotAFile)), "{no_file:?}");
    }
    // No disk is touched here: the file is looked at before.
    let nothing = place.folder().join("nothing");
    assert_eq!(add(&mut offers, &nothing), "nothing");
    assert!(matches!(SharedFile::open(&nothing), Err(ShareError::NoFile)));
}

#[test]
fn an_offer_is_for_nobody_who_takes_the_name_later() {
    let at = |last: u8| IpAddr::from([10, 0, 0, last]);
    let (bob, path) = (UserName::received("bob"), Path::new("/a.txt"));
    let mut offers = Offers::default();
    offers.add(&bob, vec![at(2), at(3)], path, |_| false);
    // Who has an address less and another one more is still there.
    assert_eq!(offers.withdraw_from_another(&bob, &[at(3), at(4)]), []);
    assert_eq!(offers.find(&bob, "a.txt", |address| [at(3), at(4)].contains(&address)), Some(path));
    // Not even for the moment before it is taken back.
    assert_eq!(offers.find(&bob, "a.txt", is(at(66))), None);
    assert_eq!(offers.withdraw_from_another(&bob, &[at(66)]), [("a.txt".to_owned(), path.to_owned())]);
    assert_eq!(offers.withdraw_from_another(&bob, &[at(66)]), []);
    assert_eq!(offers.find(&bob, "a.txt", is(at(2))), None);
    // It can be offered again, to whoever they are now.
    for there in [66, 67] {
        offers.add(&bob, vec![at(there)], path, |_| false);
        assert_eq!(offers.find(&bob, "a.txt", is(at(there))), Some(path));
    }
    assert_eq!(offers.find(&bob, "a.txt", is(at(66))), None);
}

#[test]
fn an_offer_takes_no_name_that_something_else_has() {
    let mut offers = Offers::default();
    let is_taken = |name: &str| ["a.txt", "a (2).txt"].contains(&name);
    let offered = offers.add(&UserName::received("bob"), Vec::new(), Path::new("/a.txt"), is_taken);
    assert_eq!(offered, Offered { name: "a (3).txt".to_owned(), superseded: None });
}

#[test]
fn the_oldest_offer_is_taken_back_when_there_are_too_many_and_is_remembered_as_such() {
    let (bob, at) = (UserName::received("bob"), IpAddr::from([10, 0, 0, 2]));
    let mut offers = Offers::default();
    let path = |number: usize| PathBuf::from(format!("/{number}"));
    for number in 0..10_000_usize {
        let oldest = number.checked_sub(100).map(|oldest| (oldest.to_string(), path(oldest)));
        assert_eq!(offers.add(&bob, vec![at], &path(number), |_| false).superseded, oldest);
    }
    let standing = |name: &str| offers.find(&bob, name, is(at)).is_some();
    assert!(!standing("9899") && standing("9900") && standing("9999"));
    assert_eq!(offers.lookup(&bob, "9899"), NameMatch::Exact, "whoever asks is told that it is none");
    assert_eq!(offers.lookup(&bob, "0"), NameMatch::Unknown, "not for ever");
}
