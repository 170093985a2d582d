"""What git is told by variables when it is asked about a folder."""

from __future__ import annotations

import os

#: Set by git for its hooks; they say which repository and which index a commit is made in, as seen from its top.
_OF_HOOKS = ("GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX")


def git_environment() -> dict[str, str]:
    """The variables for a git that is started in a folder of a checkout and finds the repository from there.

    In a hook of a linked checkout, git would otherwise take any folder for the top of the repository. Where somebody
    names a working tree as well, that is kept to.
    """
    found = dict(os.environ)
    if "GIT_WORK_TREE" not in found:
        for name in _OF_HOOKS:
            found.pop(name, None)
    return found
