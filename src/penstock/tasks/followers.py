"""The followers of this room."""

from penstock.log import Follower
from penstock.tasks import watching

FOLLOWERS = [Follower("tasks.watching", watching.KINDS, watching.apply)]
