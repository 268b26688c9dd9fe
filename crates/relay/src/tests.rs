//! The relay's admin side over real HTTP, on both databases.

mod apps;
mod backup;
mod devices;
mod fake_tiktok;
mod linking;
mod pairing;
mod roles;
mod rotation;
mod shop;
mod webhooks;
