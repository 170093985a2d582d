"""Where every field comes from and what it reaches, read from the definitions that a plan was compiled from."""

from engine.plan.lineage.graph import FieldGraph as FieldGraph
from engine.plan.lineage.graph import Reached as Reached
from engine.plan.lineage.graph import field_graph as field_graph
from engine.plan.lineage.origins import Origin as Origin
from engine.plan.lineage.origins import OriginKind as OriginKind
