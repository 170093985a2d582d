"""Load tools, a hand-written yardstick and the measurements behind every performance figure that is quoted."""
