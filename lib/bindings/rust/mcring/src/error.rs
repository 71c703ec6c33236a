// SPDX-License-Identifier: BSD-3-Clause
use std::ffi::{CStr, CString};
use std::os::raw::{c_char, c_int};
use std::{error, fmt, io};

use mcring_sys as sys;

const EINVAL: i32 = 22;

/// Why a call failed: a number of `errno`, and what the library says of it, which may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: i32,
    text: String,
}

/// What calls of this crate return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The number of `errno`.
    pub fn code(&self) -> i32 {
        self.code
    }

    /// What failed, where, and what to do. Empty if the library has no text for it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The kind that std has for the number.
    pub fn kind(&self) -> io::ErrorKind {
        io::Error::from_raw_os_error(self.code).kind()
    }

    /// Whether the engine ended, and all that it had published was returned (`EPIPE`).
    pub fn is_end(&self) -> bool {
        self.kind() == io::ErrorKind::BrokenPipe
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.is_empty() {
            io::Error::from_raw_os_error(self.code).fmt(f)
        } else {
            f.write_str(&self.text)
        }
    }
}

impl error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        if error.text.is_empty() {
            Self::from_raw_os_error(error.code)
        } else {
            Self::new(error.kind(), error)
        }
    }
}

/// An error without a text.
fn bare(ret: i64) -> Error {
    Error {
        code: -ret as i32,
        text: String::new(),
    }
}

/// What a call returned: a number, or -errno.
#[inline]
pub(crate) fn check(ret: c_int) -> Result<usize> {
    usize::try_from(ret).map_err(|_| bare(ret.into()))
}

/// The same of a call that fills in a text when it fails.
pub(crate) fn check_text(call: impl FnOnce(*mut sys::mcr_error) -> c_int) -> Result<usize> {
    let mut err = sys::mcr_error { text: [0; 512] };
    check(call(&mut err)).map_err(|error| Error {
        text: text_of(&err.text),
        ..error
    })
}

/// A text that the library wrote into a field.
pub(crate) fn text_of(field: &[c_char]) -> String {
    let octets: Vec<u8> = field
        .iter()
        .map(|c| *c as u8)
        .take_while(|c| *c != 0)
        .collect();
    String::from_utf8_lossy(&octets).into_owned()
}

/// The octets of an option for the library.
pub(crate) fn c_string(what: &str, octets: impl Into<Vec<u8>>) -> Result<CString> {
    CString::new(octets).map_err(|_| Error {
        code: EINVAL,
        text: format!("{what} has a NUL within it"),
    })
}

/// The pointer of an option, NULL if it was not set.
pub(crate) fn pointer(option: &Option<CString>) -> *const c_char {
    option.as_deref().map_or(std::ptr::null(), CStr::as_ptr)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Error {
        Error {
            code: 13,
            text: text.into(),
        }
    }

    #[test]
    fn an_error_shows_the_text_of_the_library_else_that_of_the_number() {
        assert_eq!(refused("not yours").to_string(), "not yours");
        assert_eq!(refused("").to_string(), "Permission denied (os error 13)");
    }

    #[test]
    fn an_error_of_std_has_the_kind_and_the_text() {
        let error = io::Error::from(refused("not yours"));
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(error.to_string(), "not yours");
        assert_eq!(io::Error::from(refused("")).raw_os_error(), Some(13));
    }

    #[test]
    fn a_text_with_a_nul_is_refused_before_the_library_sees_it() {
        let error = c_string("label", "a\0b").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(error.text(), "label has a NUL within it");
    }
}
