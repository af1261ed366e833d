"""What the operating system says when it refuses, in the language in force."""

import errno
from collections.abc import Mapping

from leadboard.common.language import _

_WORDS: Mapping[int, str] = {
    errno.ENOENT: _("No such file or directory"),
    errno.EACCES: _("Permission denied"),
    errno.EPERM: _("Operation not permitted"),
    errno.ENOSPC: _("No space left on device"),
    errno.EROFS: _("Read-only file system"),
    errno.EISDIR: _("Is a directory"),
    errno.ENOTDIR: _("Not a directory"),
    errno.EEXIST: _("File exists"),
    errno.ENAMETOOLONG: _("File name too long"),
    errno.EMFILE: _("Too many open files"),
    errno.EIO: _("Input/output error"),
    errno.EDQUOT: _("Disk quota exceeded"),
    errno.ELOOP: _("Too many levels of symbolic links"),
    errno.EADDRINUSE: _("Address already in use"),
    errno.EADDRNOTAVAIL: _("Cannot assign requested address"),
    errno.ECONNREFUSED: _("Connection refused"),
    errno.ECONNRESET: _("Connection reset by peer"),
    errno.ENETUNREACH: _("Network is unreachable"),
    errno.EPIPE: _("Broken pipe"),
}


def reason_of(error: OSError) -> str:
    """Return why the system refused, in its own words where they are not known here."""
    return _WORDS.get(error.errno or 0) or error.strerror or str(error)
