// SPDX-License-Identifier: BSD-3-Clause
//! The C interface of mcring as it is: `libmcring-client` and `libmcring-feed`. `man mcr_consumer`
//! and `man mcr_feed` describe each function; the crate `mcring` has a safe API.
//!
//! The libraries are found by pkg-config, or in the folders that `MCRING_LIB_DIR` names. This crate
//! does not link `libmcring-socket`: a program that calls `mcr_receive` does.

mod abi;
pub use abi::*;
