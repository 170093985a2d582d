"""Whether values of one version of a schema fit another one, and what about it they do not fit."""

from engine.schema.compatibility.check import Mode as Mode
from engine.schema.compatibility.check import View as View
from engine.schema.compatibility.check import check as check
from engine.schema.compatibility.places import Schemas as Schemas
from engine.schema.compatibility.violation import Violation as Violation
