//! The cases, one file each.

pub(crate) mod burst;
pub(crate) mod database_kills;
pub(crate) mod disk_full;
pub(crate) mod door;
pub(crate) mod failover;
pub(crate) mod fan_out;
pub(crate) mod relay_kills;
pub(crate) mod slow_readers;
pub(crate) mod throughput;
pub(crate) mod two_relays;
