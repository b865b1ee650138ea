"""What was really bought: sale types, populations, currencies, returns, margins, visits."""
