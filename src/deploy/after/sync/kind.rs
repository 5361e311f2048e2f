//! Media types by the endings of files (<https://www.iana.org/assignments/media-types>).

const KINDS: &[(&str, &[&str])] = &[
    ("application/javascript", &["js", "mjs", "cjs"]),
    ("application/json", &["json", "map"]),
    ("application/manifest+json", &["webmanifest"]),
    ("application/octet-stream", &["bin", "dmg", "exe"]),
    ("application/pdf", &["pdf"]),
    ("application/rss+xml", &["rss"]),
    ("application/vnd.ms-fontobject", &["eot"]),
    ("application/wasm", &["wasm"]),
    ("application/xhtml+xml", &["xhtml"]),
    ("application/xml", &["xml", "xsl"]),
    ("application/gzip", &["gz"]),
    ("application/zip", &["zip"]),
    ("audio/mpeg", &["mp3"]),
    ("audio/ogg", &["ogg"]),
    ("audio/wav", &["wav"]),
    ("font/otf", &["otf"]),
    ("font/ttf", &["ttf"]),
    ("font/woff", &["woff"]),
    ("font/woff2", &["woff2"]),
    ("image/avif", &["avif"]),
    ("image/gif", &["gif"]),
    ("image/jpeg", &["jpg", "jpeg"]),
    ("image/png", &["png"]),
    ("image/svg+xml", &["svg"]),
    ("image/webp", &["webp"]),
    ("image/x-icon", &["ico"]),
    ("text/calendar; charset=utf-8", &["ics"]),
    ("text/css; charset=utf-8", &["css"]),
    ("text/csv; charset=utf-8", &["csv"]),
    ("text/html; charset=utf-8", &["html", "htm"]),
    ("text/markdown; charset=utf-8", &["md"]),
    ("text/plain; charset=utf-8", &["txt", "log", "text"]),
    ("text/yaml; charset=utf-8", &["yml", "yaml"]),
    ("video/mp4", &["mp4"]),
    ("video/webm", &["webm"]),
];

/// The type of a file, by its ending.
pub fn of_file(name: &str) -> Option<&'static str> {
    let ending = name.rsplit('/').next()?.rsplit_once('.')?.1.to_ascii_lowercase();
    KINDS.iter().find(|(_, endings)| endings.contains(&ending.as_str())).map(|(kind, _)| *kind)
}
