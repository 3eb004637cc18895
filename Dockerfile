# The build. rust-toolchain.toml stays outside: its components are for those who change the code.
FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /source
COPY Cargo.toml Cargo.lock ./
COPY data data
COPY src src
# The target is named although it is the host's: only then do the flags leave alone what runs during the build, and
# procedural macros cannot be static.
RUN RUSTFLAGS="-C target-feature=+crt-static" cargo build --release --locked --bin tidegate --target "$(rustc --print host-tuple)"

# No user and no working directory: the workspace belongs to somebody else, and GitHub sets the folder.
FROM scratch
COPY --from=build /source/target/*/release/tidegate /tidegate
ENTRYPOINT ["/tidegate", "action"]
