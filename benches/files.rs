//! What it costs to get files: one large file and many small ones, from one `klatch-cli` to another.
//!
//!     cargo bench --no-default-features --bench files [-- ROUNDS MIB]
//!
//! Beside them run, in turn and in the same round, what there is to compare with: for the large file `socat` with a buffer of
//! 256 KiB, for the small ones a bare server with sendfile(2) and a client that writes what it reads. Everything is in
//! memory, so that no disk is measured; who sends is on one core, who gets is on another. The goals: the processor time of
//! both sides at most 1.1 and the time at most 1.2 of those of socat; 2,000 files in at most twice the processor time.

use std::error::Error;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Lines, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Instant;

use rustix::fs::sendfile;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// How many small files, and their size in bytes.
const FILES: usize = 2_000;
const SMALL: usize = 16 << 10;
const BUFFER: usize = 256 << 10;
/// Clock ticks in a second, in `/proc/PID/stat` (`proc(5)`): of user and system together they are exact.
const TICKS: f64 = 100.0;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", folder] => serve(Path::new(folder)),
        ["get", port, folder] => get(port.parse()?, Path::new(folder)),
        _ => {
            let number = |at: usize| arguments.get(at).and_then(|it| it.parse().ok());
            compare(number(0).unwrap_or(5), number(1).unwrap_or(2048))
        }
    }
}

fn compare(rounds: usize, mebibytes: usize) -> Outcome {
    let all = tempfile::Builder::new().prefix("klatch-bench-").tempdir_in("/dev/shm")?;
    let source = all.path().join("source");
    fs::create_dir(&source)?;
    let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(1 << 20).collect();
    let mut large = File::create(source.join("large"))?;
    for _ in 0..mebibytes {
        large.write_all(&noise)?;
    }
    for at in 0..FILES {
        fs::write(source.join(small(at)), noise.chunks(SMALL).cycle().nth(at).unwrap_or_default())?;
    }
    let names: Vec<String> = (0..FILES).map(small).collect();
    let (mut large, mut small) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // Each writes where there is nothing else, into the memory that the one before has left: new memory costs more.
        let alone = |what: &dyn Fn(&Path) -> Outcome<Cost>| what(tempfile::tempdir_in(&all)?.path());
        let one = ["large".to_owned()];
        let pair = (alone(&|target| socat(&source, target))?, alone(&|target| klatch(&source, target, &one))?);
        tell(round, &format!("{mebibytes} MiB, socat"), &pair);
        large.push(pair);
        let pair = (alone(&|target| bare(&source, target, &names))?, alone(&|target| klatch(&source, target, &names))?);
        tell(round, &format!("{FILES} files, sendfile"), &pair);
        small.push(pair);
    }
    for (what, pairs) in [("the large file", large), ("small files", small)] {
        let ratio = |of: fn(&Cost) -> f64| median(pairs.iter().map(|(other, ours)| of(ours) / of(other)).collect());
        println!("{what}: {:.2} x CPU, {:.2} x time (medians)", ratio(|it| it.sent + it.got), ratio(|it| it.seconds));
    }
    Ok(())
}

/// The name of a small file. None continues another: a request for such a name would wait for more of it.
fn small(at: usize) -> String {
    format!("small-{at:04}")
}

/// What it has cost: processor seconds of both sides, and seconds.
struct Cost {
    sent: f64,
    got: f64,
    seconds: f64,
}

fn tell(round: usize, other: &str, pair: &(Cost, Cost)) {
    for (who, Cost { sent, got, seconds }) in [(other, &pair.0), ("klatch-cli", &pair.1)] {
        println!(
            "{round} {who:22} sender {sent:5.2}  receiver {got:5.2}  both {:5.2} s CPU  {seconds:6.2} s",
            sent + got
        );
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A program on a core of its own, which is killed in the end.
struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn start(core: usize, words: &[impl AsRef<OsStr>]) -> Outcome<Self> {
        let mut command = Command::new("taskset");
        command.args(["-c", &core.to_string()]).args(words);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let lines = BufReader::new(child.stdout.take().ok_or("no standard output")?).lines();
        Ok(Self { child, lines })
    }

    /// The next line that has this in it.
    fn line(&mut self, part: &str) -> Outcome<String> {
        self.lines
            .find(|line| line.as_ref().map_or(true, |line| line.contains(part)))
            .ok_or_else(|| format!("ended without {part}"))?
            .map_err(Into::into)
    }

    fn processor_seconds(&self) -> Outcome<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Behind the name, which may have anything in it, user and system time are the 12th and 13th.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        Ok(fields.skip(11).take(2).map(|ticks| ticks.parse().unwrap_or(0.0)).sum::<f64>() / TICKS)
    }
}

/// The cost of what a program does that ends by itself, got from one that may end as well.
fn until_end(sender: &Program, receiver: &Program, before: f64, start: Instant) -> Outcome<Cost> {
    let id = |program: &Program| Pid::from_child(&program.child);
    // Its times can be read as long as nobody has taken note of its end.
    waitid(WaitId::Pid(id(receiver)), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Cost { sent: sender.processor_seconds()? - before, got: receiver.processor_seconds()?, seconds })
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Gets files by name with one `klatch-cli` from another.
fn klatch(source: &Path, target: &Path, names: &[String]) -> Outcome<Cost> {
    let cli = env!("CARGO_BIN_EXE_klatch-cli");
    // Of two kinds, so that they know each other by address alone, at a time that is known here.
    let service = |side: &str| format!("_{side}-{}._tcp.local.", std::process::id());
    let peer = |service: &str, name: &str, option: &str, folder: &Path| -> Vec<String> {
        let words = [cli, "peer", "--json", "--service-type", service, "--name", name, option, text(folder)];
        words.map(str::to_owned).into()
    };
    let mut sender = Program::start(0, &peer(&service("sender"), "Sender", "--share", source))?;
    let online = sender.line(r#""state":"online""#)?;
    let port: String =
        online.split("port ").nth(1).unwrap_or_default().chars().take_while(char::is_ascii_digit).collect();
    let mut receiver = Program::start(1, &peer(&service("receiver"), "Receiver", "--downloads", target))?;
    receiver.line(r#""state":"online""#)?;
    let mut input = receiver.child.stdin.take().ok_or("no standard input")?;
    writeln!(input, "/add 127.0.0.1:{port}")?;
    receiver.line(r#""name":"Sender""#)?;
    // By then the sender has looked through its folder.
    writeln!(input, "/files Sender")?;
    receiver.line(r#""event":"files""#)?;
    let before = (sender.processor_seconds()?, receiver.processor_seconds()?);
    let start = Instant::now();
    let wanted = names.to_vec();
    // It takes orders no faster than it carries them out. Its input stays open: at the end of that it would quit.
    let feeder = thread::spawn(move || -> io::Result<_> {
        for name in wanted {
            writeln!(input, "/get Sender {name}")?;
        }
        Ok(input)
    });
    for _ in names {
        while !receiver.line(r#""event":"transfer""#)?.contains(r#""state":"done""#) {}
    }
    let seconds = start.elapsed().as_secs_f64();
    let _input = feeder.join();
    let cost =
        Cost { sent: sender.processor_seconds()? - before.0, got: receiver.processor_seconds()? - before.1, seconds };
    same(source, target, names)?;
    Ok(cost)
}

/// Gets the large file with `socat` from another.
fn socat(source: &Path, target: &Path) -> Outcome<Cost> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let from = format!("OPEN:{}", text(&source.join("large")));
    let to = format!("CREATE:{}", text(&target.join("large")));
    let listen = format!("TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr");
    let sender = Program::start(0, &["socat", "-b", "262144", "-u", &from, &listen])?;
    let connect = format!("TCP:127.0.0.1:{port},retry=100,interval=0.02");
    let start = Instant::now();
    let receiver = Program::start(1, &["socat", "-b", "262144", "-u", &connect, &to])?;
    let cost = until_end(&sender, &receiver, 0.0, start)?;
    same(source, target, &["large".to_owned()])?;
    Ok(cost)
}

/// Gets small files with this program from itself.
fn bare(source: &Path, target: &Path, names: &[String]) -> Outcome<Cost> {
    let this = std::env::current_exe()?;
    let mut sender = Program::start(0, &[text(&this), "serve", text(source)])?;
    let port = sender.line("")?;
    let before = sender.processor_seconds()?;
    let start = Instant::now();
    let receiver = Program::start(1, &[text(&this), "get", &port, text(target)])?;
    let cost = until_end(&sender, &receiver, before, start)?;
    same(source, target, names)?;
    Ok(cost)
}

/// The bare server: each connection asks for a file with a line.
fn serve(folder: &Path) -> Outcome {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", listener.local_addr()?.port());
    let mut request = [0; 256];
    for connection in listener.incoming() {
        let mut connection = connection?;
        let count = connection.read(&mut request)?;
        let name = String::from_utf8_lossy(request.get(..count).unwrap_or_default());
        let file = File::open(folder.join(name.trim()))?;
        let mut left = usize::try_from(file.metadata()?.len())?;
        while left > 0 {
            left -= sendfile(&connection, &file, None, left)?;
        }
    }
    Ok(())
}

/// The bare client.
fn get(port: u16, folder: &Path) -> Outcome {
    let mut buffer = vec![0; BUFFER];
    for name in (0..FILES).map(small) {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        connection.write_all(format!("{name}\n").as_bytes())?;
        let mut file = File::create(folder.join(name))?;
        loop {
            match connection.read(&mut buffer)? {
                0 => break,
                count => file.write_all(buffer.get(..count).unwrap_or_default())?,
            }
        }
    }
    Ok(())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

/// All have arrived, and are as long as they were.
fn same(source: &Path, target: &Path, names: &[String]) -> Outcome {
    for name in names {
        if fs::metadata(source.join(name))?.len() != fs::metadata(target.join(name))?.len() {
            return Err(format!("{name} has not arrived as it is").into());
        }
    }
    Ok(())
}
