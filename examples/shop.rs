//! The sample shop: a JSON API worth abusing, for trying the filter on.
//!
//! Every answer has the status and body that a real shop would give; nothing here defends itself,
//! and nothing is kept when it ends. `cargo run --example shop -- --listen 127.0.0.1:8080`.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;

#[path = "shop/mod.rs"]
mod shop;

/// A sample shop with a JSON API under /api/v1.
#[derive(Parser)]
struct Arguments {
    /// Where customers are served.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where GET /__shop/ledger tells what really happened; nowhere if left out.
    #[arg(long)]
    admin: Option<SocketAddr>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match serve(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "shop: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: &Arguments) -> Result<(), String> {
    let open = shop::open(arguments.listen, arguments.admin).await?;
    let mut stdout = std::io::stdout();
    let _ = writeln!(stdout, "shop: http://{}/ (API under /api/v1)", open.address);
    if let Some(admin) = open.admin {
        let _ = writeln!(stdout, "shop: ledger at http://{admin}/__shop/ledger");
    }
    tokio::signal::ctrl_c().await.map_err(|e| format!("cannot wait for ctrl-c: {e}"))?;
    Ok(())
}
