"""Pure, exact calculations over declared documents: rating, proration, revenue, journals, metrics. No I/O, no clock."""
